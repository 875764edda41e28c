// Bits of weights: to compare models, and to see that one was left alone.

import { createHash } from "node:crypto";
import type { StateDict } from "../../src/base/spec.ts";

/** SHA-256 over names, shapes and the bits of all values. */
export function hash(state: StateDict): string {
  const sum = createHash("sha256");
  for (const [name, { shape, data }] of Object.entries(state)) {
    sum.update(`${name} [${shape}] `);
    sum.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return sum.digest("hex");
}

/** SHA-256 of a model's weights. */
export function weights(model: { stateDict(): StateDict }): string {
  return hash(model.stateDict());
}

/** The bits of f32 numbers; NaN, −0 and 0 tell apart. */
export function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}
