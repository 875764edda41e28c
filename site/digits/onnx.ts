// A saved model as an ONNX file: of a hosted model the weights are in the worker, and the exporter wants them here.

import { init } from "xent";
import { exportOnnx } from "xent/onnx";

/** Its output are probabilities, or numbers in the target's own units. */
export async function onnxOf(saved: Uint8Array, input: "u8" | "f32"): Promise<Uint8Array> {
  const xent = await init({ threads: 1 });
  const model = await xent.load(saved);
  try {
    return exportOnnx(model, { link: true, input });
  } finally {
    model.dispose();
  }
}
