// The runtime and the model of a command, as its options want them.

import { init, type Sequential, type Xent, XentError } from "../index.ts";
import { loadModel } from "../node.ts";
import { withoutHint } from "./errors.ts";
import type { EngineOptions } from "./options.ts";

export function openRuntime({ threads, precision, wide }: EngineOptions): Promise<Xent> {
  return init({
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
    ...(wide === undefined ? {} : { wide }),
  });
}

/** A model that was trained on columns, so that it takes rows of a CSV file. */
export async function openModel(xent: Xent, path: string): Promise<Sequential> {
  const model = await loadModel(xent, path).catch((error: unknown) => {
    // the file cannot be read: its path is in the message
    if (!(error instanceof XentError) || error.code === "FILE") throw error;
    throw new XentError(
      "CHECKPOINT",
      `${path} is no model: ${withoutHint(error)}`,
      "Name a file that xent train has written.",
    );
  });
  if (model.preprocessing !== undefined) return model;
  throw new XentError(
    "PREPROCESSING",
    `${path}: the model was trained on bare numbers and knows no columns, expected one that xent train made of a CSV file`,
    "Use the API of xent: model.predict(features).",
  );
}

/** What runs, in some words: "WebAssembly relaxed, tile 6x8, 2 threads, wide". */
export function engineText({ info }: Xent): string {
  const threads = info.threads === 1 ? "1 thread" : `${info.threads} threads`;
  return `WebAssembly ${info.build}, tile ${info.tile}, ${threads}${info.wide ? ", wide" : ""}`;
}
