// From a CSV file to a model that other tools open. Returns what it found; prints nothing.

import { readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  adam,
  type ConfusionMatrix,
  crossEntropy,
  dense,
  earlyStopping,
  type History,
  init,
  mse,
  relu,
} from "xent";
import { preprocess, readNpy, records, splitTable, standardize, type Table, writeNpy } from "xent/data";
import { exportModule } from "xent/module";
import { loadModel, readCsvFile, saveModel } from "xent/node";
import { exportOnnx } from "xent/onnx";
import { type Options, TARGETS } from "./options.ts";

/** A row that nobody has prepared, what the model says of it, and what it is. */
export interface Prediction {
  readonly row: Readonly<Record<string, unknown>>;
  readonly predicted: string;
  /** of a class */
  readonly probability: number | undefined;
  readonly truth: string;
}

export interface Result {
  readonly columns: readonly string[];
  readonly features: readonly string[];
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  readonly history: History;
  /** of the test rows: accuracy, or r² of a regression */
  readonly score: number;
  readonly confusion: ConfusionMatrix | undefined;
  readonly predictions: readonly Prediction[];
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** largest difference of what the model says of the test rows and what its files say when they are read again */
  readonly differences: { readonly loaded: number; readonly module: number; readonly npy: number };
}

export async function run({ data, out }: Options): Promise<Result> {
  const target = TARGETS[data];
  const table = await readCsvFile(new URL(`../data/${data}.csv`, import.meta.url), {
    // the sex of one penguin
    missing: ["", "NA", "."],
  });
  const classes = data !== "diabetes";
  const stratified = classes ? { stratified: target } : {};
  const { train: known, validation: test } = splitTable(table, { validation: 0.2, seed: 1, ...stratified });
  const { train, validation } = splitTable(known, { validation: 0.15, seed: 2, ...stratified });

  // by the training rows alone: the others are as strange to the model as those to come
  const prepared = preprocess(train, {
    target,
    missing: "impute",
    ...(classes ? {} : { scaleTarget: standardize() }),
  });
  const xent = await init();
  const model = xent.sequential({ input: prepared.features, seed: 1 }, [
    dense(16),
    relu(),
    dense(prepared.outputs),
  ]);
  try {
    const history = await model.fit(prepared.dataset(train), {
      loss: classes ? crossEntropy() : mse(),
      optimizer: adam({ lr: 0.005, weightDecay: 1e-3 }),
      epochs: 300,
      batchSize: 16,
      validation: prepared.dataset(validation),
      callbacks: [earlyStopping({ patience: 30, restoreBest: true })],
    });
    const metric = classes ? "accuracy" : "r2";
    const testSet = prepared.dataset(test);
    const { [metric]: score = Number.NaN } = await model.evaluate(testSet, { metrics: [metric] });

    const said = model.predict(test);
    const files = { model: join(out, `${data}.safetensors`), onnx: join(out, `${data}.onnx`) };
    const scripts = { module: join(out, `${data}.mjs`), npy: join(out, `${data}-predictions.npy`) };
    await saveModel(model, files.model);
    await writeFile(files.onnx, exportOnnx(model, { link: true }));
    await writeFile(scripts.module, exportModule(model));
    await writeFile(scripts.npy, writeNpy({ shape: [test.rows, model.outputs], data: said }));

    const again = await loadModel(xent, files.model);
    const alone = (await import(`${pathToFileURL(scripts.module)}?${Date.now()}`)) as {
      predict(rows: readonly object[]): Float32Array;
    };
    const rows = records(test);
    const differences = {
      loaded: farthest(said, again.predict(rows)),
      module: farthest(said, alone.predict(rows)),
      npy: farthest(said, (await readNpy(await readFile(scripts.npy))).data as Float32Array),
    };
    again.dispose();
    return {
      columns: table.columns.map(({ name }) => name),
      features: prepared.names,
      rows: { train: train.rows, validation: validation.rows, test: test.rows },
      history,
      score,
      confusion: classes ? await model.confusionMatrix(testSet) : undefined,
      predictions: predictions(test, target, said, model.classes),
      files: await Promise.all([...Object.values(files), ...Object.values(scripts)].map(sizeOf)),
      differences,
    };
  } finally {
    model.dispose();
  }
}

const SHOWN = 5;

function predictions(
  test: Table,
  target: string,
  said: Float32Array,
  classes: readonly string[] | undefined,
): Prediction[] {
  const rows = records(test);
  const width = said.length / rows.length;
  // spread over the rows, which may be sorted
  return Array.from({ length: SHOWN }, (_, shown) => {
    const i = Math.floor(((shown + 0.5) * rows.length) / SHOWN);
    const { [target]: truth, ...rest } = rows[i] as (typeof rows)[number];
    const outputs = said.subarray(i * width, (i + 1) * width);
    const best = outputs.indexOf(Math.max(...outputs));
    return {
      row: rest,
      predicted: classes?.[best] ?? (outputs[0] ?? Number.NaN).toFixed(0),
      probability: classes && outputs[best],
      truth: String(truth),
    };
  });
}

function farthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

async function sizeOf(path: string): Promise<{ name: string; bytes: number }> {
  return { name: basename(path), bytes: (await stat(path)).size };
}
