// Makes an ONNX file of a saved model. In a worker of its own, because the exporter wants weights beside it and those of a hosted model
// are not, and because the page then loads nothing of the engine.

import { init } from "xent";
import { exportOnnx } from "xent/onnx";

export interface Wanted {
  readonly saved: Uint8Array;
  readonly input: "u8" | "f32";
}

/** The file, or what went wrong, in words. */
export type Made = { readonly file: Uint8Array } | { readonly problem: string };

addEventListener("message", async ({ data: { saved, input } }: MessageEvent<Wanted>) => {
  let made: Made;
  try {
    const model = await (await init({ threads: 1 })).load(saved);
    // probabilities, or numbers in the target's own units
    made = { file: exportOnnx(model, { link: true, input }) };
  } catch (error) {
    made = { problem: (error as Error).message };
  }
  postMessage(made);
});
