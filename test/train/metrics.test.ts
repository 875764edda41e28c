// The sums behind metrics, fed with blocks of rows: against scikit-learn, against plain loops, and by hand. What evaluate and
// fit make of them is test/model/metrics.test.ts.

import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec } from "../../src/base/spec.ts";
import { type CheckedRows, dataset } from "../../src/data/dataset.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits, mse } from "../../src/nn/losses.ts";
import { checkMetrics, type MetricName, metersOf } from "../../src/train/metrics.ts";
import { score } from "../../src/train/scoring.ts";
import { metricsFixtures } from "../fixtures/read.ts";
import { floats, integers, SEED, source } from "../oracle/data.ts";
import { type MetricRow, ofClasses, ofLabels, ofNumbers } from "../oracle/metrics.ts";
import { refuses } from "../support/errors.ts";
import { metricBound } from "../support/metric-bounds.ts";

/** What the library measures of outputs that come in blocks of a random size and stride, in a random order of rows. */
function measured(
  names: readonly string[],
  z: ArrayLike<number>,
  data: CheckedRows,
  loss: LossSpec,
  outputs: number,
  last?: LayerSpec,
  seed = 1,
): Record<string, number> {
  const layers: LayerSpec[] = last === undefined ? [dense(outputs)] : [last];
  const scoring = score("test", data, loss, outputs, layers[0]);
  const meters = metersOf("test", names as MetricName[], scoring, data.weight, { outputs, layers });
  if (meters === undefined) return {};
  const next = source(seed);
  const order = Uint32Array.from({ length: data.rows }, (_, i) => i).sort(() => next() - 0.5);
  for (const round of [0, 1]) {
    meters.reset();
    for (let first = 0; first < data.rows; ) {
      const count = Math.min(data.rows - first, 1 + Math.floor(40 * next()));
      const stride = outputs + Math.floor(5 * next());
      const block = new Float32Array(count * stride).fill(Number.NaN);
      for (let i = 0; i < count; i++) {
        const row = round === 0 ? first + i : (order[first + i] as number);
        for (let j = 0; j < outputs; j++) block[i * stride + j] = z[row * outputs + j] as number;
      }
      meters.add({ data: block, width: outputs, stride }, first, count, round === 0 ? undefined : order);
      first += count;
    }
    if (round === 0 && next() < 0.5) break;
  }
  return meters.values() as Record<string, number>;
}

function agree(
  got: Record<string, number>,
  expected: Readonly<Record<string, number>>,
  rows: number,
  largest: number,
): void {
  expect(Object.keys(got).length).toBeGreaterThan(0);
  for (const [name, value] of Object.entries(got)) {
    const wanted = expected[name] as number;
    if (Number.isNaN(wanted)) expect(value, name).toBeNaN();
    else expect(Math.abs(value - wanted), name).toBeLessThanOrEqual(metricBound(name, wanted, rows, largest));
  }
}

const largestOf = (z: ArrayLike<number>): number =>
  Array.from(z).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("scikit-learn's values", () => {
  for (const { name, loss, rows, outputs, last, logits, targets, weight, values } of metricsFixtures()) {
    const layer: LayerSpec | undefined = last && { kind: last };
    const cut = last === "sigmoid" ? 0.5 : 0;
    const most = largestOf(logits);

    it(`${name}: of the library`, () => {
      const y = "ids" in targets ? Int32Array.from(targets.ids) : Float32Array.from(targets.values);
      const data = dataset({ x: new Float32Array(rows), y, features: 1, weight }) as CheckedRows;
      const names = Object.keys(values);
      const got = measured(names, logits, data, loss, outputs, layer);
      expect(Object.keys(got)).toEqual(names);
      agree(got, values, rows * outputs, most);
    });

    it(`${name}: of the oracle`, () => {
      const all: MetricRow[] = Array.from({ length: rows }, (_, i) => ({
        z: logits.subarray(i * outputs, (i + 1) * outputs),
        target:
          "ids" in targets
            ? (targets.ids[i] as number)
            : Array.from(targets.values).slice(i * outputs, (i + 1) * outputs),
        weight: weight?.[i] ?? 1,
      }));
      const counted = all.filter((row) => row.weight > 0 && row.target !== -100);
      const classes = loss.kind === "crossEntropy";
      const got = classes
        ? ofClasses(counted, outputs)
        : loss.kind === "huber" || loss.kind === "mse"
          ? ofNumbers(counted, outputs)
          : ofLabels(counted, outputs, cut);
      agree(
        Object.fromEntries(Object.keys(values).map((key) => [key, got[key] as number])),
        values,
        rows * outputs,
        most,
      );
    });
  }

  it("are there for every metric", () => {
    const known = new Set(metricsFixtures().flatMap(({ values }) => Object.keys(values)));
    const all =
      "precision recall f1 precisionMicro recallMicro f1Micro rocAuc logLoss mae mse r2 top1 top5".split(" ");
    expect(all.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe(`random rows, seed ${SEED}`, () => {
  const OF_CLASSES = "precision recall f1 precisionMicro recallMicro f1Micro rocAuc logLoss".split(" ");
  /** Multiples of 1/4: many are level. */
  const level = (seed: number, n: number): Float32Array =>
    floats(seed, n, -3, 3).map((v) => Math.round(4 * v) / 4);
  const weights = (seed: number, n: number): Float32Array => {
    const list = integers(seed, n, 0, 5).map((w) => Math.max(0, w - 1));
    list[0] = 1;
    return Float32Array.from(list, (w) => w / 2);
  };

  it.each([1, 2, 3, 4, 5, 6, 7, 8])("one of several classes (%i)", (seed) => {
    const [rows, classes] = [1 + 13 * (seed - 1), 2 + (seed % 5)];
    const ids = integers(seed, rows, 0, classes - 1);
    const weight = seed % 2 ? weights(seed + 20, rows) : undefined;
    // no level outputs of two rows whose shift is rounded: their order by probability would be chance
    const z = seed < 3 ? floats(seed + 10, rows * classes, -9, 9) : floats(seed + 10, rows * classes, -3, 3);
    if (seed % 3 === 0) for (let i = 1; i < rows; i += 4) z.copyWithin(i * classes, 0, classes);
    if (rows > 20) ids[17] = -100;
    const data = dataset({ x: new Float32Array(rows), y: ids, features: 1, weight }) as CheckedRows;
    const names = [...OF_CLASSES, ...Array.from({ length: classes - 1 }, (_, k) => `top${k + 1}`)];
    const all = Array.from(
      ids,
      (target, i): MetricRow => ({
        z: z.subarray(i * classes, (i + 1) * classes),
        target,
        weight: weight?.[i] ?? 1,
      }),
    );
    const counted = all.filter((row) => row.weight > 0 && row.target !== -100);
    const got = measured(names, z, data, crossEntropy(), classes, undefined, seed);
    agree(got, ofClasses(counted, classes), rows * classes, largestOf(z));
  });

  it("level outputs of one row: the first is said, and counts as larger", () => {
    const [rows, classes] = [200, 5];
    const [ids, z] = [integers(1, rows, 0, classes - 1), level(2, rows * classes)];
    const data = dataset({ x: new Float32Array(rows), y: ids, features: 1 }) as CheckedRows;
    const names = ["precision", "f1", "top1", "top2", "top4"];
    const all = Array.from(ids, (target, i) => ({
      z: z.subarray(i * classes, (i + 1) * classes),
      target,
      weight: 1,
    }));
    agree(measured(names, z, data, crossEntropy(), classes), ofClasses(all, classes), rows, 3);
  });

  it("probabilities for targets: the class is the largest, logLoss takes them all", () => {
    const [rows, classes] = [50, 4];
    const y = floats(3, rows * classes, 0, 1);
    for (let i = 0; i < rows; i++) {
      const row = y.subarray(i * classes, (i + 1) * classes);
      const sum = row.reduce((a, b) => a + b);
      row.forEach((p, j) => {
        row[j] = p / sum;
      });
    }
    const z = floats(4, rows * classes, -3, 3);
    const data = dataset({ x: new Float32Array(rows), y, features: 1 }) as CheckedRows;
    const all = Array.from({ length: rows }, (_, i) => ({
      z: z.subarray(i * classes, (i + 1) * classes),
      target: y.subarray(i * classes, (i + 1) * classes),
      weight: 1,
    }));
    agree(
      measured([...OF_CLASSES, "top2"], z, data, crossEntropy(), classes),
      ofClasses(all, classes),
      rows * classes,
      3,
    );
  });

  it.each([1, 2, 3, 4, 5, 6])("a yes or no each (%i)", (seed) => {
    const [rows, outputs] = [3 + 20 * seed, seed % 4 === 0 ? 1 : seed % 4];
    const [z, y] = [
      level(seed + 40, rows * outputs),
      Float32Array.from(integers(seed + 50, rows * outputs, 0, 1)),
    ];
    const weight = seed % 2 ? weights(seed + 60, rows) : undefined;
    const data = dataset({ x: new Float32Array(rows), y, features: 1, weight }) as CheckedRows;
    const all = Array.from({ length: rows }, (_, i) => ({
      z: z.subarray(i * outputs, (i + 1) * outputs),
      target: y.subarray(i * outputs, (i + 1) * outputs),
      weight: weight?.[i] ?? 1,
    }));
    const got = measured(OF_CLASSES, z, data, bceWithLogits(), outputs, undefined, seed);
    const counted = all.filter((row) => row.weight > 0);
    agree(got, ofLabels(counted, outputs, 0), rows * outputs, 3);
  });

  it.each([1, 2, 3, 4])("numbers (%i)", (seed) => {
    const [rows, outputs] = [2 + 30 * (seed - 1), seed];
    const [z, y] = [floats(seed + 70, rows * outputs, -3, 3), floats(seed + 80, rows * outputs, -3, 3)];
    const weight = seed % 2 ? undefined : weights(seed + 90, rows);
    const data = dataset({ x: new Float32Array(rows), y, features: 1, weight }) as CheckedRows;
    const all = Array.from({ length: rows }, (_, i) => ({
      z: z.subarray(i * outputs, (i + 1) * outputs),
      target: Array.from(y.subarray(i * outputs, (i + 1) * outputs)),
      weight: weight?.[i] ?? 1,
    }));
    const got = measured(["mae", "mse", "r2"], z, data, mse(), outputs, undefined, seed);
    agree(
      got,
      ofNumbers(
        all.filter((row) => row.weight > 0),
        outputs,
      ),
      rows * outputs,
      3,
    );
  });
});

describe("by hand", () => {
  const yes = (
    scores: number[],
    targets: number[],
    names: string[],
    weight?: number[],
  ): Record<string, number> => {
    const y = Float32Array.from(targets);
    const data = dataset({ x: new Float32Array(y.length), y, features: 1, weight }) as CheckedRows;
    return measured(names, scores, data, bceWithLogits(), 1);
  };

  it("precision 2/3, recall 1/2, f1 4/7 of a yes or no", () => {
    const got = yes([1, 2, 3, -1, -1, -1], [1, 1, 0, 1, 1, 0], ["precision", "recall", "f1", "f1Micro"]);
    expect(got).toEqual({ precision: 2 / 3, recall: 1 / 2, f1: 4 / 7, f1Micro: 1 / 2 });
  });

  it("an output of exactly the cut is a no", () => {
    expect(yes([0, 1], [1, 1], ["recall"])).toEqual({ recall: 1 / 2 });
  });

  it("rocAuc counts pairs, level ones half, weights multiply", () => {
    expect(yes([4, 3, 2, 1], [1, 0, 1, 0], ["rocAuc"])).toEqual({ rocAuc: 3 / 4 });
    expect(yes([1, 1, 1, 1], [1, 0, 1, 0], ["rocAuc"])).toEqual({ rocAuc: 1 / 2 });
    expect(yes([1, 0, 1], [1, 0, 0], ["rocAuc"])).toEqual({ rocAuc: 3 / 4 });
    expect(yes([1, 0, 1], [1, 0, 0], ["rocAuc"], [5, 3, 1])).toEqual({ rocAuc: (3 + 1 / 2) / 4 });
  });

  it("rocAuc of rows of one class is no number; a weight of 0 takes the other away", () => {
    expect(yes([1, 2], [1, 1], ["rocAuc"])).toEqual({ rocAuc: Number.NaN });
    expect(yes([1, 2, 3], [1, 1, 0], ["rocAuc"], [1, 2, 0])).toEqual({ rocAuc: Number.NaN });
  });

  it("r2 of a constant target is 1 where it is met, else 0; of one row no number", () => {
    const r2 = (z: number[], y: number[]) => {
      const data = dataset({
        x: new Float32Array(y.length),
        y: Float32Array.from(y),
        features: 1,
      }) as CheckedRows;
      return measured(["r2"], z, data, mse(), 1).r2;
    };
    expect(r2([0.1, 0.1, 0.1].map(Math.fround), [0.1, 0.1, 0.1])).toBe(1);
    expect(r2([0.1, 0.1, 0.2], [0.1, 0.1, 0.1])).toBe(0);
    expect(r2([1, 2, 3], [1, 2, 3])).toBe(1);
    expect(r2([2, 2, 2], [1, 2, 3])).toBe(0);
    expect(r2([1], [1])).toBeNaN();
  });

  it("logLoss of outputs that are all the same is ln of the classes, of 0 ln 2", () => {
    const data = dataset({ x: new Float32Array(3), y: [0, 1, 4], features: 1 }) as CheckedRows;
    const { logLoss } = measured(["logLoss"], new Float32Array(15).fill(7), data, crossEntropy(), 5);
    expect(Math.abs((logLoss as number) - Math.log(5))).toBeLessThan(8 * 16 * 2 ** -53);
    expect(Math.abs((yes([0, 0], [0, 1], ["logLoss"]).logLoss as number) - Math.LN2)).toBeLessThan(
      16 * 2 ** -53,
    );
  });

  it("logLoss does not overflow where softmax would", () => {
    const data = dataset({ x: new Float32Array(2), y: [0, 1], features: 1 }) as CheckedRows;
    expect(measured(["logLoss"], [1e4, -1e4, 0, 1e4], data, crossEntropy(), 2)).toEqual({ logLoss: 0 });
    expect(measured(["logLoss"], [-3e4, 3e4, 3e4, -3e4], data, crossEntropy(), 2)).toEqual({ logLoss: 6e4 });
  });
});

describe("refusals", () => {
  const known = ["f1", "rocAuc", "top5", "r2", "accuracy"];
  it.each([
    ["no array", "accuracy", 'metrics are "accuracy"', '["accuracy"]'],
    ["no names", [1], "unknown metric 1", ...known],
    ["a letter wrong", ["f2"], 'unknown metric "f2"', 'Did you mean "f1"?', ...known],
    ["other case", ["rocauc"], 'Did you mean "rocAuc"?'],
    ["swapped letters", ["acuracy"], 'Did you mean "accuracy"?'],
    ["nothing like it", ["kappa"], 'unknown metric "kappa". Known'],
    ["top 0", ["top0"], 'unknown metric "top0"', 'Did you mean "top3"'],
    ["top of a fraction", ["top1.5"], 'unknown metric "top1.5"'],
    ["a name of Object's", ["constructor"], 'unknown metric "constructor"'],
  ] as [string, unknown, ...string[]][])("%s", async (_, metrics, ...pieces) => {
    await refuses(() => checkMetrics("fit", metrics), "OPTION", "fit: ", ...pieces);
  });

  it("a name that is given twice is measured once", () => {
    expect(checkMetrics("fit", ["f1", "top12", "f1"])).toEqual(["f1", "top12"]);
  });

  const ids = dataset({ x: new Float32Array(4), y: [0, 1, 2, 2], features: 1 }) as CheckedRows;
  const numbers = dataset({ x: new Float32Array(4), y: new Float32Array(12), features: 1 }) as CheckedRows;
  it.each([
    [
      "f1 of a regression",
      "f1",
      numbers,
      mse(),
      "the metric f1",
      "mse of 3 numbers is a regression",
      "mae, mse, r2",
    ],
    ["top2 of a regression", "top2", numbers, mse(), "the metric top2", "is a regression"],
    [
      "r2 of class ids",
      "r2",
      ids,
      crossEntropy(),
      "the metric r2",
      "rows have classes",
      "crossEntropy",
      "f1",
    ],
    ["mse of a yes or no", "mse", numbers, bceWithLogits(), "the metric mse", "bceWithLogits with 3 outputs"],
    ["top2 of a yes or no", "top2", numbers, bceWithLogits(), "the metric top2", "each a yes or no"],
    ["top3 of three", "top3", ids, crossEntropy(), "the metric top3", "of 3 classes", "smaller k"],
    ["logLoss of mse", "logLoss", ids, mse(), "the metric logLoss", "mse makes no probabilities"],
  ] as [string, MetricName, CheckedRows, LossSpec, ...string[]][])(
    "%s",
    async (_, name, data, loss, ...pieces) => {
      await refuses(
        () => measured([name], new Float32Array(12), data, loss, 3),
        "OPTION",
        "test: ",
        ...pieces,
      );
    },
  );

  it("rocAuc of more scores than it can keep", async () => {
    const many = score("test", ids, crossEntropy(), 3, undefined);
    const scoring = { ...many, targets: { length: 2 ** 26 } as Int32Array };
    const net = { outputs: 3, layers: [] };
    await refuses(
      () => metersOf("fit", ["rocAuc"], scoring, undefined, net),
      "TOO_LARGE",
      "201326592 scores",
    );
  });

  it("accuracy alone needs none of this", () => {
    expect(measured(["accuracy"], new Float32Array(12), ids, crossEntropy(), 3)).toEqual({});
  });
});
