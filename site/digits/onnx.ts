// A saved model as an ONNX file: asks the worker that makes one, which ends with it.

import type { Made, Wanted } from "./onnx.worker.ts";

export async function onnxOf(saved: Uint8Array, input: Wanted["input"]): Promise<Uint8Array> {
  const worker = new Worker(new URL("./onnx.worker.ts", import.meta.url), { type: "module" });
  try {
    const made = await new Promise<Made>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Made>) => resolve(data);
      worker.onerror = () => reject(new Error("What makes ONNX files could not be loaded."));
      worker.postMessage({ saved, input } satisfies Wanted);
    });
    if ("problem" in made) throw new Error(made.problem);
    return made.file;
  } finally {
    worker.terminate();
  }
}
