// What a model is worth on rows: loss, metrics, and, in the target's own units, how far it is off; and these as lines of text.

import type { ConfusionMatrix, Evaluation, MetricName, Sequential } from "../index.ts";
import { count, digits, ratio } from "./text/format.ts";
import type { Paint } from "./text/style.ts";
import { clip, facts, left, right, width } from "./text/text.ts";
import type { Part } from "./train/rows.ts";

export interface Measured {
  readonly rows: number;
  readonly loss: number;
  /** by their names, accuracy among them; of numbers that were scaled, mae and mse are of the scaled ones */
  readonly metrics: Readonly<Record<string, number>>;
  /** mean absolute error of each number that is learnt, in its own units */
  readonly errors?: Readonly<Record<string, number>>;
  readonly confusion?: ConfusionMatrix;
}

export async function measure(
  model: Sequential,
  { dataset, table }: Part,
  metrics: readonly MetricName[],
): Promise<Measured> {
  const { loss, accuracy, ...others }: Evaluation = await model.evaluate(dataset, { metrics });
  const values = Object.entries({ accuracy, ...others }).filter(
    (pair): pair is [string, number] => typeof pair[1] === "number" && !Number.isNaN(pair[1]),
  );
  const target = model.preprocessing?.spec.target;
  const classes = dataset.y instanceof Int32Array;
  return {
    rows: dataset.rows,
    loss,
    metrics: Object.fromEntries(values),
    ...(classes ? { confusion: await model.confusionMatrix(dataset) } : {}),
    ...(target?.kind === "numbers" && table !== undefined
      ? {
          errors: absoluteErrors(
            model,
            table,
            target.columns.map(({ name }) => name),
          ),
        }
      : {}),
  };
}

function absoluteErrors(
  model: Sequential,
  table: NonNullable<Part["table"]>,
  names: readonly string[],
): Record<string, number> {
  const predicted = model.predict(table);
  return Object.fromEntries(
    names.map((name, j) => {
      const values = table.columns.find((column) => column.name === name)?.values ?? [];
      let [sum, rows] = [0, 0];
      for (let i = 0; i < table.rows; i++) {
        const truth = values[i] as number;
        if (Number.isNaN(truth)) continue;
        sum += Math.abs((predicted[i * names.length + j] as number) - truth);
        rows++;
      }
      return [name, sum / rows];
    }),
  );
}

/** @param title  "test": of what rows */
export function measuredLines(title: string, measured: Measured, paint: Paint, columns: number): string[] {
  const { rows, loss, metrics, errors = {}, confusion } = measured;
  const figures = [
    ["loss", digits(loss)] as const,
    ...Object.entries(metrics).map(([name, value]) => [name, metricText(name, value)] as const),
    ...Object.entries(errors).map(
      ([name, value]) => [`error of ${name}`, `${digits(value)} in the mean`] as const,
    ),
  ];
  const matrix = confusion === undefined ? [] : confusionLines(confusion, paint, columns);
  return [
    ...facts([[title, count(rows, "row")], ...figures], paint),
    ...(matrix.length === 0 ? [] : ["", ...matrix]),
  ];
}

/** Metrics without a unit are cut off, so that 1.0000 means all of them. */
export function metricText(name: string, value: number): string {
  return ["mae", "mse", "logLoss"].includes(name) ? digits(value) : ratio(value);
}

/** Longer names are cut. */
const NAME = 16;

/**
 * The confusion matrix: a line a true class, a column a predicted one, and the share that was right. Nothing where it is wider than
 * the terminal.
 */
export function confusionLines(
  { labels, names, counts }: ConfusionMatrix,
  paint: Paint,
  columns: number,
): string[] {
  const titles = counts.map((_, i) => clip(names?.[i] ?? String(labels[i] ?? i), NAME));
  const first = Math.max(4, ...titles.map(width));
  const widths = titles.map(
    (each, j) => 2 + Math.max(3, width(each), ...counts.map((row) => String(row[j] ?? 0).length)),
  );
  if (first + widths.reduce((sum, each) => sum + each, 0) + 9 > columns) return [];
  const head = titles.map((each, j) => right(each, widths[j] ?? 0)).join("");
  const lines = counts.map((row, truth) => {
    const cells = row.map((n, predicted) => {
      const text = right(n === 0 ? "·" : String(n), widths[predicted] ?? 0);
      if (predicted === truth) return paint("green", text);
      return n === 0 ? paint("dim", text) : text;
    });
    const total = row.reduce((sum, n) => sum + n, 0);
    const share = ratio(total === 0 ? undefined : (row[truth] ?? 0) / total);
    return `${left(titles[truth] ?? "", first)}${cells.join("")}${right(share, 9)}`;
  });
  return [paint("dim", `${"true".padEnd(first)}${head}    right`), ...lines];
}
