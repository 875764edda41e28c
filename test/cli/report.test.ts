// From trained models to reports and their pages: figures against the model's own metrics, and what stands in the file.

import { createHash } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { collectReport, type ReportInput } from "../../src/cli/report/collect.ts";
import { escaped, reportHtml } from "../../src/cli/report/html.ts";
import type { Report } from "../../src/cli/report/report.ts";
import { preprocess, standardize, type Table, takeRows } from "../../src/data.ts";
import {
  adam,
  bceWithLogits,
  crossEntropy,
  type Dataset,
  dataset,
  dense,
  init,
  mse,
  relu,
  type Sequential,
  sgd,
  type Xent,
} from "../../src/index.ts";
import { readCsvFile } from "../../src/node.ts";
import { refuses } from "../support/errors.ts";
import { number, table, text } from "../support/tables.ts";

let xent: Xent;
beforeAll(async () => {
  xent = await init({ threads: 1 });
});

const FACTS = {
  title: "data.csv",
  seconds: 1.5,
  rates: [],
  settings: [["seed", "1"]],
  environment: [["threads", "1"]],
  rows: { train: 1, validation: 2, test: 3 },
  seen: "test",
} as const;

/** Trains a little and reports. */
async function reported(
  model: Sequential,
  train: Dataset,
  more: Partial<ReportInput> & { loss: ReturnType<typeof crossEntropy | typeof mse>; epochs?: number },
): Promise<Report> {
  const { loss, epochs = 5, ...given } = more;
  const optimizer = adam({ lr: 0.01 });
  const history = await model.fit(train, {
    loss,
    optimizer,
    epochs,
    batchSize: 16,
    metrics: [],
    profile: true,
  });
  return collectReport({ ...FACTS, model, history, dataset: train, ...given });
}

/** Two clouds that overlap; every fourth row is there twice, so that scores are level. */
function clouds(rows: number): { x: number[][]; y: number[] } {
  const y = Array.from({ length: rows }, (_, i) => ((i * i + 3 * i) % 5 < 2 ? 1 : 0));
  const x = y.map((label, i) => {
    const at = i - (i % 4 === 1 ? 1 : 0);
    return [((at * 37) % 19) / 6 - 1.5 + (i % 4 < 2 ? 0 : label), ((at * 53) % 23) / 8 - 1.4];
  });
  return { x, y };
}

/** Pairs of a yes above a no by the model's logits; two loops. */
function areaByPairs(scores: readonly number[], y: readonly number[], weight: readonly number[]): number {
  let [inOrder, all] = [0, 0];
  for (const [i, yes] of y.entries()) {
    for (const [j, no] of y.entries()) {
      if (yes !== 1 || no !== 0) continue;
      const pair = weight[i]! * weight[j]!;
      all += pair;
      inOrder += pair * (scores[i]! > scores[j]! ? 1 : scores[i] === scores[j] ? 0.5 : 0);
    }
  }
  return inOrder / all;
}

test.each(["softmax of two outputs", "one sigmoid output"])("two classes, %s", async (kind) => {
  const two = kind.startsWith("softmax");
  const { x, y } = clouds(200);
  const weight = y.map((_, i) => [1, 2, 0.5, 1][i % 4]!);
  const train = dataset({ x, y, weight, classes: ["no", "yes"] });
  const model = xent.sequential({ input: 2, seed: 3 }, [dense(two ? 2 : 1)]);
  const loss = two ? crossEntropy() : bceWithLogits();
  const report = await reported(model, train, { loss });
  const own = await model.evaluate(train, { metrics: ["rocAuc", "f1"] });
  expect(report.roc!.area).toBeCloseTo(own.rocAuc!, 12);
  const z = model.logits(x);
  const scores = y.map((_, i) => (two ? z[2 * i + 1]! - z[2 * i]! : z[i]!));
  expect(new Set(scores).size).toBeLessThan(scores.length);
  expect(report.roc!.area).toBeCloseTo(areaByPairs(scores, y, weight), 12);
  expect(report.roc).toMatchObject({ positive: "yes", negative: "no" });
  expect(report.problem).toBe("classes");
  expect(report.evaluation).toEqual({
    on: "test",
    rows: 200,
    loss: own.loss,
    metrics: [
      ["accuracy", own.accuracy],
      ["f1", own.f1],
      ["rocAuc", report.roc!.area],
    ],
  });
  const { counts } = report.confusion!;
  const said = model.predictClass(x);
  const counted = [0, 1].map((t) => [0, 1].map((p) => y.filter((v, i) => v === t && said[i] === p).length));
  expect(counts).toEqual(counted);
  // every mistake is one, and what the model gives its answer is more than a half
  const { rows, of, score } = report.mistakes!;
  expect([of, score]).toEqual([counted[0]![1]! + counted[1]![0]!, "probability"]);
  expect(rows).toHaveLength(Math.min(12, of));
  for (const [i, row] of rows.entries()) {
    expect(row.truth).toBe(["no", "yes"][y[row.row - 1]!]);
    expect(row.predicted).toBe(["no", "yes"][said[row.row - 1]!]);
    expect(row.predicted).not.toBe(row.truth);
    expect(row.inputs.map((value) => Math.fround(value as number))).toEqual(x[row.row - 1]!.map(Math.fround));
    expect(row.score).toBeGreaterThanOrEqual(0.5);
    if (i > 0) expect(row.score).toBeLessThanOrEqual(rows[i - 1]!.score!);
  }
  const { given } = report.roc!;
  expect(given.positive.counts.reduce((a, b) => a + b)).toBe(y.filter((v) => v === 1).length);
  expect(given.negative.counts.reduce((a, b) => a + b)).toBe(y.filter((v) => v === 0).length);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test("training, weights and kernels are the model's", async () => {
  const { x, y } = clouds(100);
  const train = dataset({ x, y });
  const model = xent.sequential({ input: 2 }, [dense(5), relu(), dense(2)]);
  const history = await model.fit(train, {
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1 }),
    epochs: 4,
    batchSize: 25,
    validation: train,
    metrics: ["accuracy", "f1"],
    profile: true,
  });
  const report = await collectReport({ ...FACTS, model, history, dataset: train, rates: [0.3, 0.2] });
  expect(report.training).toEqual({
    epochs: 4,
    steps: 16,
    seconds: 1.5,
    stopped: "done",
    best: null,
    problem: null,
    parameters: 2 * 5 + 5 + 5 * 2 + 2,
  });
  expect(report.curves).toEqual({
    epochs: [1, 2, 3, 4],
    of: 4,
    series: (["loss", "accuracy", "f1"] as const).map((name) => ({
      name,
      train: history[name],
      validation: history.validation![name],
    })),
  });
  // fewer rates than epochs are those of the last
  expect(report.rates).toEqual({ epochs: [3, 4], values: [0.3, 0.2] });
  const state = model.stateDict();
  expect(report.weights.tensors.map(({ name, shape }) => [name, shape])).toEqual(
    Object.entries(state).map(([name, { shape }]) => [name, shape]),
  );
  for (const { name, values } of report.weights.tensors) {
    const { data } = state[name]!;
    expect(values.counts.reduce((sum, n) => sum + n)).toBe(data.length);
    expect([values.low, values.high]).toEqual([Math.min(...data), Math.max(...data)]);
  }
  expect(report.kernels).toEqual(history.profile);
  expect(report.summary).toBe(model.summary());
  // names of classes that nobody gave
  expect(report.confusion!.names).toEqual(["0", "1"]);
});

test("a regression is told in the target's own units", async () => {
  const all = await readCsvFile("examples/data/diabetes.csv");
  const part = takeRows(
    all,
    Array.from({ length: 60 }, (_, i) => 7 * i),
  );
  const prepared = preprocess(all, { target: "progression", scaleTarget: standardize() });
  const model = xent.sequential({ input: prepared.features }, [dense(8), relu(), dense(1)]);
  const seen = prepared.dataset(part);
  const report = await reported(model, prepared.dataset(all), { loss: mse(), dataset: seen, table: part });
  const truth = [...all.columns.find(({ name }) => name === "progression")!.values].filter(
    (_, i) => i % 7 === 0 && i < 420,
  );
  const said = [...model.predict(part)];
  const [fit] = report.fits;
  expect(fit!.name).toBe("progression");
  for (const [i, value] of fit!.truth.entries()) expect(value).toBeCloseTo(truth[i]!, 3);
  for (const [i, value] of fit!.predicted.entries()) expect(value).toBeCloseTo(said[i]!, 3);
  const off = said.map((value, i) => Math.abs(value - truth[i]!));
  const own = await model.evaluate(seen, { metrics: ["r2"] });
  const [[r2Name, r2], [maeName, mae], [rmseName, rmse]] = report.evaluation.metrics as [
    string,
    number,
  ][] as [[string, number], [string, number], [string, number]];
  expect([r2Name, maeName, rmseName]).toEqual(["r2", "mae", "rmse"]);
  expect(r2).toBe(own.r2);
  const mean = truth.reduce((sum, t) => sum + t / 60, 0);
  const spread = truth.reduce((sum, t) => sum + (t - mean) ** 2, 0);
  expect(fit!.r2).toBeCloseTo(1 - off.reduce((sum, e) => sum + e * e, 0) / spread, 4);
  expect(mae).toBeCloseTo(off.reduce((sum, e) => sum + e, 0) / 60, 3);
  expect(rmse).toBeCloseTo(Math.sqrt(off.reduce((sum, e) => sum + e * e, 0) / 60), 3);
  const { rows, columns, columnsOf } = report.mistakes!;
  const worst = off.map((size, i) => ({ size, i })).sort((a, b) => b.size - a.size);
  expect(rows.map(({ row }) => row - 1)).toEqual(worst.slice(0, 12).map(({ i }) => i));
  expect([columns.includes("progression"), columnsOf]).toEqual([false, all.columns.length - 1]);
  expect(rows[0]!.inputs[columns.indexOf("bmi")]).toBe(
    part.columns.find(({ name }) => name === "bmi")!.values[worst[0]!.i],
  );
  expect([report.confusion, report.roc]).toEqual([null, null]);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
});

test("numbers of many digits are the file's, and r2 is one figure however far the target is from zero", async () => {
  const days = Array.from({ length: 40 }, (_, i) => 20_240_101 + i);
  const prices = days.map((_, i) => 12_345_678 + ((i * 37) % 101));
  const rows = table(40, number("day", days), number("price", prices));
  const prepared = preprocess(rows, { target: "price", scaleTarget: standardize() });
  const model = xent.sequential({ input: 1 }, [dense(1)]);
  // a file of which every third row is looked at
  const rowNumbers = days.map((_, i) => 3 * i + 2);
  const report = await reported(model, prepared.dataset(rows), { loss: mse(), table: rows, rowNumbers });
  expect(report.mistakes!.rows).toHaveLength(12);
  for (const { row, truth, inputs } of report.mistakes!.rows)
    expect([truth, inputs]).toEqual([prices[(row - 2) / 3], [days[(row - 2) / 3]]]);
  expect(report.fits[0]!.r2).toBe(report.evaluation.metrics[0]![1]);
});

test("several outputs have a plot each, and no error in common", async () => {
  const x = Array.from({ length: 50 }, (_, i) => [i / 50, (i % 7) / 7]);
  const y = Float32Array.from(x.flatMap(([a, b]) => [a! + b!, 100 * (a! - b!)]));
  const model = xent.sequential({ input: 2 }, [dense(2)]);
  const report = await reported(model, dataset({ x, y }), { loss: mse() });
  expect(report.fits.map(({ name }) => name)).toEqual(["output 1", "output 2"]);
  expect(report.evaluation.metrics.map(([name]) => name)).toEqual(["r2"]);
  const mean = (report.fits[0]!.r2! + report.fits[1]!.r2!) / 2;
  expect(report.evaluation.metrics[0]![1]).toBeCloseTo(mean, 5);
});

test("each output a yes or no: loss and accuracy, and no plot that would be of something else", async () => {
  const { x } = clouds(40);
  const y = Float32Array.from({ length: 120 }, (_, i) => Number(i % 3 === 0));
  const model = xent.sequential({ input: 2 }, [dense(3)]);
  const report = await reported(model, dataset({ x, y }), { loss: bceWithLogits() });
  expect(report).toMatchObject({ problem: "labels", confusion: null, roc: null, fits: [], mistakes: null });
  expect(report.evaluation.metrics.map(([name]) => name)).toEqual(["accuracy"]);
});

test("rows that the loss ignores are neither right nor wrong", async () => {
  const { x, y } = clouds(60);
  const some = y.map((label, i) => (i % 3 === 0 ? 9 : label));
  const model = xent.sequential({ input: 2 }, [dense(2)]);
  const report = await reported(model, dataset({ x, y: some }), { loss: crossEntropy({ ignoreIndex: 9 }) });
  const seen = y.flatMap((label, i) => (i % 3 === 0 ? [] : [{ label, i }]));
  const said = model.predictClass(x);
  expect(report.mistakes!.of).toBe(seen.filter(({ label, i }) => said[i] !== label).length);
  const z = model.logits(x);
  const scores = seen.map(({ i }) => z[2 * i + 1]! - z[2 * i]!);
  const labels = seen.map(({ label }) => label);
  expect(report.roc!.area).toBeCloseTo(
    areaByPairs(
      scores,
      labels,
      labels.map(() => 1),
    ),
    12,
  );
});

test.each(["classes", "numbers"])(
  "a net whose weights are no numbers any more is told of, %s",
  async (problem) => {
    const { x, y } = clouds(40);
    const kind = problem === "classes";
    const data = dataset({ x, y: kind ? y : Float32Array.from(y) });
    const model = xent.sequential({ input: 2 }, [dense(4), dense(kind ? 2 : 1)]);
    const loss = kind ? crossEntropy() : mse();
    const optimizer = sgd({ lr: 1e38 });
    const history = await model.fit(data, { loss, optimizer, epochs: 20, onNaN: "ignore" });
    const { data: weights } = model.stateDict()["0.weight"]!;
    expect(weights.every((value) => Number.isNaN(value))).toBe(true);
    const report = await collectReport({ ...FACTS, model, history, dataset: data });
    expect(report).toMatchObject({ problem, roc: null, evaluation: { loss: null } });
    expect(report.mistakes!.rows.every(({ score }) => score === null)).toBe(true);
    expect(report.weights.tensors[0]!.values).toMatchObject({ counts: [], notFinite: 8 });
    if (!kind) expect(report.fits[0]).toMatchObject({ r2: null, mae: null, predicted: Array(40).fill(null) });
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  },
);

test("images: the pixels of the wrong rows, byte for byte; of numbers, scaled from paper to ink", async () => {
  const bytes = Uint8Array.from({ length: 30 * 12 }, (_, i) => (i * 41) % 256);
  const y = Array.from({ length: 30 }, (_, i) => i % 3);
  const model = xent.sequential({ input: 12 }, [dense(3)]);
  const image = { width: 4, height: 3 };
  const report = await reported(model, dataset({ x: bytes, y, features: 12 }), {
    loss: crossEntropy(),
    image,
    epochs: 1,
  });
  const { rows, columns } = report.mistakes!;
  expect(rows.length).toBeGreaterThan(3);
  expect([columns, report.mistakes!.image]).toEqual([[], image]);
  for (const { row, pixels, inputs } of rows) {
    expect([...Buffer.from(pixels!, "base64")]).toEqual([...bytes.subarray((row - 1) * 12, row * 12)]);
    expect(inputs).toEqual([]);
  }
  const x = Float32Array.from(bytes, (value) => value / 51);
  const other = xent.sequential({ input: 12 }, [dense(3)]);
  const scaled = await reported(other, dataset({ x, y, features: 12 }), {
    loss: crossEntropy(),
    image,
    epochs: 1,
  });
  const shown = scaled.mistakes!.rows;
  const most = Math.max(...shown.flatMap(({ row }) => [...bytes.subarray((row - 1) * 12, row * 12)]));
  for (const { row, pixels } of shown) {
    for (const [i, ink] of Buffer.from(pixels!, "base64").entries()) {
      expect(Math.abs(ink - (255 * bytes[(row - 1) * 12 + i]!) / most)).toBeLessThanOrEqual(0.501);
    }
  }
});

test("what does not belong together is refused before anything is measured", async () => {
  const rows = table(4, number("a", [1, 2, 3, 4]), text("b", ["x", "y", "x", "y"]));
  const prepared = preprocess(rows, { target: "b" });
  const model = xent.sequential({ input: 1 }, [dense(2)]);
  const history = await model.fit(prepared.dataset(rows), {
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1 }),
  });
  const given = { ...FACTS, model, history, dataset: prepared.dataset(rows) };
  await refuses(() => collectReport(given), "OPTION", "no table");
  const less: Table = takeRows(rows, [0, 1]);
  await refuses(() => collectReport({ ...given, table: less }), "SHAPE", "2 rows", "4");
  await refuses(
    () => collectReport({ ...given, table: rows, image: { width: 2, height: 2 } }),
    "SHAPE",
    "4 pixels",
    "1 features",
  );
});

test("the page: its JSON is the report, its policy allows its script and style alone, nothing is fetched", async () => {
  const { x, y } = clouds(50);
  const names = ["</script><script>alert(1)</script>", "<!--\u2028&amp;\u2029"];
  const model = xent.sequential({ input: 2 }, [dense(2)]);
  const report = await reported(model, dataset({ x, y, classes: names }), {
    loss: crossEntropy(),
    title: names[0]!,
  });
  const html = reportHtml(report);
  const [, json = ""] = /<script type="application\/json" id="report">([^<]*)<\/script>/.exec(html) ?? [];
  expect(JSON.parse(json)).toEqual(report);
  expect(json).not.toMatch(/[<>&\u2028\u2029]/);
  expect(html.match(/<script\b/gi)).toHaveLength(2);
  expect(html.match(/<\/script/gi)).toHaveLength(2);
  const script = html.slice(html.lastIndexOf("<script>") + 8, html.lastIndexOf("</script>"));
  const style = html.slice(html.indexOf("<style>") + 7, html.indexOf("</style>"));
  const hash = (part: string): string => `'sha256-${createHash("sha256").update(part).digest("base64")}'`;
  const [, policy = ""] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  expect(policy.split("; ")).toEqual([
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ]);
  // the name of SVG is no address of anything, and a licence may name its home
  const code = script.replace(/^\/\*.*?\*\//s, "").replaceAll("http://www.w3.org/2000/svg", "");
  expect(code + style).not.toMatch(/https?:|url\(|@import|innerHTML|insertAdjacentHTML|document\.write/);
  expect([...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, to]) => to)).toEqual(["data:,"]);
  expect(script).toContain("Permission is hereby granted, free of charge");
});

test("escaping leaves the meaning of JSON alone", () => {
  const value = { "<a>&\u2028": ["</script>", "\u2029", "\ud800", "\0", '"\\'] };
  expect(JSON.parse(escaped(JSON.stringify(value)))).toEqual(value);
});

test("a page has an end, however many rows, classes, columns, tensors and letters there are", async () => {
  const rows = 30_000;
  const long = "x".repeat(100_000);
  const classes = Array.from({ length: 300 }, (_, i) => `${i}${long}`);
  const features = 200;
  const data = dataset({
    x: Float32Array.from({ length: rows * features }, (_, i) => ((i * 7919) % 1009) / 1009),
    y: Int32Array.from({ length: rows }, (_, i) => i % 300),
    features,
    classes,
  });
  const layers = Array.from({ length: 30 }, () => dense(8));
  const model = xent.sequential({ input: features }, [...layers, dense(300)]);
  const history = await model.fit(data, {
    loss: crossEntropy(),
    optimizer: sgd({ lr: 0.1 }),
    batchSize: 1000,
  });
  const fit = { ...history, loss: Array.from({ length: 50_000 }, (_, i) => 1 / (i + 1)), epochs: 50_000 };
  const rates = fit.loss;
  const report = await collectReport({ ...FACTS, title: long, model, history: fit, dataset: data, rates });
  expect(reportHtml(report).length).toBeLessThan(500_000);
  expect(report.curves).toMatchObject({ of: 50_000, epochs: { length: 2000 } });
  expect(report.weights).toMatchObject({ of: 62, tensors: { length: 48 } });
  expect(report.mistakes).toMatchObject({ columnsOf: 200, columns: { length: 100 } });
  expect(report.confusion!.counts).toBeNull();
});
