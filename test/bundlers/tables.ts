// From a CSV text to files of a model, as an app does it with all of xent's other entries that pages have; Node does the same.

import { adam, crossEntropy, dense, type HostedXent, relu, type Xent } from "xent";
import { preprocess, readCsv, splitTable } from "xent/data";
import { exportModule } from "xent/module";
import { exportOnnx } from "xent/onnx";
import { sha256 } from "../support/sha256.ts";

/** What it comes to; of files and probabilities their SHA-256, as hex. */
export interface Tabled {
  readonly rows: readonly [train: number, validation: number];
  readonly features: readonly string[];
  readonly classes: readonly string[] | undefined;
  readonly accuracy: number;
  /** probabilities of raw rows; and those that the model gives of them when it is loaded from its file */
  readonly predicted: string;
  readonly again: string;
  readonly saved: string;
  readonly onnx: string;
  readonly onnxStart: readonly number[];
  readonly module: string;
  readonly moduleExports: readonly string[];
}

/** Three kinds of shells, told apart by length and shore: quotes, delimiters and line ends in cells, one length missing. */
function shells(): string {
  const shores = ['"north, far"', '"the ""old"" pier"', '"süd\r\nwest"'];
  const lines = Array.from({ length: 90 }, (_, i) => {
    const length = i === 40 ? "" : (3 * (i % 3) + ((i * 7) % 20) / 10 + 0.25).toFixed(2);
    return [["auger", "cockle", "whelk"][i % 3], length, shores[(i >> 1) % 3]].join(",");
  });
  return `kind,length,shore\r\n${lines.join("\r\n")}\r\n`;
}

/**
 * @param xent  trains
 * @param here  has the trained model afterwards, to export it
 */
export async function trainOnTable(xent: Xent | HostedXent, here: Xent): Promise<Tabled> {
  const table = await readCsv(new Blob([shells()]).stream());
  const { train, validation } = splitTable(table, { validation: 0.2, seed: 3, stratified: "kind" });
  const prepared = preprocess(train, { target: "kind", missing: "impute" });
  const layers = [dense(16), relu(), dense(prepared.outputs)];
  const model = await xent.sequential({ input: prepared.features, seed: 5 }, layers);
  await model.fit(prepared.dataset(train), {
    loss: crossEntropy(),
    optimizer: adam({ lr: 0.02 }),
    epochs: 12,
    batchSize: 16,
  });
  const { accuracy = Number.NaN } = await model.evaluate(prepared.dataset(validation), {
    metrics: ["accuracy"],
  });
  const raw = { length: 4.5, shore: "north, far" };
  const saved = await model.save();
  const loaded = await here.load(saved);
  const onnx = exportOnnx(loaded, { link: true });
  const module = exportModule(loaded);
  return {
    rows: [train.rows, validation.rows],
    features: prepared.names,
    classes: loaded.classes,
    accuracy,
    predicted: await sha256(await model.predict(validation), await model.predict([raw])),
    saved: await sha256(saved),
    again: await sha256(loaded.predict(validation), loaded.predict([raw])),
    onnx: await sha256(onnx),
    onnxStart: Array.from(onnx.subarray(0, 3)),
    module: await sha256(new TextEncoder().encode(module)),
    moduleExports: Array.from(module.matchAll(/^export (?:function|const) (\w+)/gm), ([, name = ""]) => name),
  };
}
