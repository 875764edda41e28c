// Metrics as plain loops in f64, from their definitions: pairs for the area, one class at a time for the others. Slow, and
// shares nothing with src/.

/** One row: outputs, its target (a class id, or a number an output), and how often it counts. */
export interface MetricRow {
  readonly z: ArrayLike<number>;
  readonly target: number | ArrayLike<number>;
  readonly weight: number;
}

/** For each class: where it was said and there, said and not there, there and not said. */
interface Tally {
  readonly tp: number;
  readonly fp: number;
  readonly fn: number;
}

type Values = Record<string, number>;

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;

function argmax(z: ArrayLike<number>): number {
  let best = 0;
  for (let j = 0; j < z.length; j++) if ((z[j] as number) > (z[best] as number)) best = j;
  return best;
}

/** Of one of several classes; a target that is probabilities is of the class of the largest. */
export function ofClasses(all: readonly MetricRow[], classes: number): Values {
  const rows = all.map((row) => ({
    ...row,
    said: argmax(row.z),
    there: typeof row.target === "number" ? row.target : argmax(row.target),
  }));
  const occurring = Array.from({ length: classes }, (_, c) => c).filter((c) =>
    rows.some(({ said, there }) => said === c || there === c),
  );
  const tallies = Array.from({ length: classes }, (_, c) =>
    tally(
      rows,
      (row) => row.said === c,
      (row) => row.there === c,
    ),
  );
  const values: Values = shares(
    occurring.map((c) => tallies[c] as Tally),
    tallies,
  );
  const weight = sum(rows.map((row) => row.weight));
  for (let k = 1; k < classes; k++) {
    const hits = rows.filter(({ z, there }) => {
      const ranked = Array.from(z, (value, j) => ({ value, j })).sort(
        (a, b) => b.value - a.value || a.j - b.j,
      );
      return ranked.slice(0, k).some(({ j }) => j === there);
    });
    values[`top${k}`] = sum(hits.map((row) => row.weight)) / weight;
  }
  const probabilities = rows.map(({ z }) => softmax(z));
  const areas = Array.from({ length: classes }, (_, c) =>
    area(
      rows.map((row, i) => ({
        ...row,
        score: (probabilities[i] as number[])[c] as number,
        yes: row.there === c,
      })),
    ),
  ).filter((each) => !Number.isNaN(each));
  values.rocAuc = areas.length === 0 ? Number.NaN : mean(areas);
  values.logLoss =
    sum(
      rows.map(({ z, target, weight }) => {
        const most = Math.max(...Array.from(z));
        const all = most + Math.log(sum(Array.from(z, (value) => Math.exp(value - most))));
        const targets =
          typeof target === "number" ? Array.from(z, (_, j) => Number(j === target)) : Array.from(target);
        return weight * sum(targets.map((t, j) => t * (all - (z[j] as number))));
      }),
    ) / weight;
  return values;
}

/** Of outputs that are each a yes or no, yes above `cut`. */
export function ofLabels(rows: readonly MetricRow[], outputs: number, cut: number): Values {
  const target = (row: MetricRow, j: number): number =>
    typeof row.target === "number" ? row.target : (row.target[j] as number);
  const said = (row: MetricRow, j: number): boolean => (row.z[j] as number) > cut;
  const there = (row: MetricRow, j: number): boolean => target(row, j) > 0.5;
  const columns = Array.from({ length: outputs }, (_, j) => j);
  const yes = columns.map((j) =>
    tally(
      rows,
      (row) => said(row, j),
      (row) => there(row, j),
    ),
  );
  // of a single yes or no, both are classes
  const no = tally(
    rows,
    (row) => !said(row, 0),
    (row) => !there(row, 0),
  );
  const values = shares(yes, outputs === 1 ? [...yes, no] : yes);
  const areas = columns
    .map((j) => area(rows.map((row) => ({ ...row, score: row.z[j] as number, yes: there(row, j) }))))
    .filter((each) => !Number.isNaN(each));
  values.rocAuc = areas.length === 0 ? Number.NaN : mean(areas);
  const losses = rows.map((row) =>
    columns.map((j) => {
      const [z, t] = [row.z[j] as number, target(row, j)];
      return -t * logSigmoid(z) - (1 - t) * logSigmoid(-z);
    }),
  );
  values.logLoss =
    sum(rows.map(({ weight }, i) => weight * mean(losses[i] as number[]))) /
    sum(rows.map((row) => row.weight));
  return values;
}

/** Of a regression. */
export function ofNumbers(rows: readonly MetricRow[], outputs: number): Values {
  const weight = sum(rows.map((row) => row.weight));
  const average = (f: (z: number, t: number) => number, j: number): number =>
    sum(
      rows.map((row) => row.weight * f(row.z[j] as number, (row.target as ArrayLike<number>)[j] as number)),
    ) / weight;
  const columns = Array.from({ length: outputs }, (_, j) => j);
  return {
    mae: mean(columns.map((j) => average((z, t) => Math.abs(z - t), j))),
    mse: mean(columns.map((j) => average((z, t) => (z - t) * (z - t), j))),
    r2: mean(
      columns.map((j) => {
        const centre = average((_, t) => t, j);
        const [errors, spread] = [
          average((z, t) => (z - t) ** 2, j),
          average((_, t) => (t - centre) ** 2, j),
        ];
        const constant = new Set(rows.map((row) => (row.target as number[])[j])).size === 1;
        return constant ? Number(errors === 0) : 1 - errors / spread;
      }),
    ),
  };
}

function tally<Row extends { weight: number }>(
  rows: readonly Row[],
  said: (row: Row) => boolean,
  there: (row: Row) => boolean,
): Tally {
  const count = (which: (row: Row) => boolean): number => sum(rows.filter(which).map((row) => row.weight));
  return {
    tp: count((row) => said(row) && there(row)),
    fp: count((row) => said(row) && !there(row)),
    fn: count((row) => !said(row) && there(row)),
  };
}

/** Means over the first list, and of the second list's counts together. */
function shares(macro: readonly Tally[], micro: readonly Tally[]): Values {
  const over = (a: number, b: number): number => (b === 0 ? 0 : a / b);
  const forms: Record<string, (t: Tally) => number> = {
    precision: ({ tp, fp }) => over(tp, tp + fp),
    recall: ({ tp, fn }) => over(tp, tp + fn),
    f1: ({ tp, fp, fn }) => over(2 * tp, 2 * tp + fp + fn),
  };
  const together: Tally = {
    tp: sum(micro.map(({ tp }) => tp)),
    fp: sum(micro.map(({ fp }) => fp)),
    fn: sum(micro.map(({ fn }) => fn)),
  };
  return Object.fromEntries(
    Object.entries(forms).flatMap(([name, form]) => [
      [name, mean(macro.map(form))],
      [`${name}Micro`, form(together)],
    ]),
  );
}

/** Share of pairs of a yes and a no of which the yes has the higher score. */
function area(rows: readonly { score: number; yes: boolean; weight: number }[]): number {
  let [ordered, all] = [0, 0];
  for (const a of rows) {
    for (const b of rows) {
      if (!a.yes || b.yes) continue;
      all += a.weight * b.weight;
      ordered += a.weight * b.weight * (a.score > b.score ? 1 : a.score === b.score ? 0.5 : 0);
    }
  }
  return ordered / all;
}

function softmax(z: ArrayLike<number>): number[] {
  const most = Math.max(...Array.from(z));
  const e = Array.from(z, (value) => Math.exp(value - most));
  return e.map((value) => value / sum(e));
}

/** ln σ(z) */
function logSigmoid(z: number): number {
  return z < 0 ? z - Math.log1p(Math.exp(z)) : -Math.log1p(Math.exp(-z));
}
