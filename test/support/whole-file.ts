// A model file in which is all that a file can have, and copies of it whose metadata say something else.

import { decodeSafetensors } from "../../src/io/decode.ts";
import { encodeSafetensors } from "../../src/io/safetensors.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { batchNorm1d } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import { earlyStopping } from "../../src/train/early.ts";
import { reduceOnPlateau } from "../../src/train/schedules.ts";
import { blobSet } from "./blobs.ts";
import { abortingAt } from "./resumed.ts";

export const xent = await init();
export const data = blobSet(1, 40, 4, 3);
export const net = [dense(6), batchNorm1d(), relu(), dense(3)];
export const options = {
  loss: crossEntropy(),
  optimizer: adam({ lr: 0.02, schedule: reduceOnPlateau() }),
  epochs: 4,
  batchSize: 8,
  metrics: ["accuracy", "f1"],
  callbacks: [earlyStopping({ patience: 5 })],
} as const;

/** Half an epoch into its third; all that a file can have is in it. */
async function made(): Promise<Sequential> {
  const m = xent.sequential({ input: 4, seed: 6 }, net);
  await m.fit(data, { ...options, signal: abortingAt(14) });
  return m;
}

export const good = (await made()).save();

/** What a file is to leave alone. */
export async function trained(): Promise<Sequential> {
  const m = xent.sequential({ input: 4, seed: 6 }, net);
  await m.fit(blobSet(2, 40, 4, 3), { loss: crossEntropy(), optimizer: adam(), epochs: 2 });
  return m;
}

export type Json = Record<string, unknown>;

/** The good file with other metadata: `change` gets a copy of what a key holds. */
export function changed(key: string, change: (value: Json) => unknown): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(good);
  const value = JSON.parse(metadata.get(key) as string) as Json;
  const other = change(value) ?? value;
  metadata.set(key, typeof other === "string" ? other : JSON.stringify(other));
  return encodeSafetensors(tensors, metadata);
}

/** The same with other layers. */
export const withLayers = (change: (list: Json[]) => unknown): Uint8Array =>
  changed("model", (m) => ({ ...m, layers: change(m.layers as Json[]) }));

export const run = (value: Json): Json => value.run as Json;
