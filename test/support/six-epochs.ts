// A run of six epochs with everything that has a state (norms, dropout, AdamW, a schedule, metrics), for tests that stop it and go
// on with it in one way or another.

import type { LayerSpec } from "../../src/base/spec.ts";
import type { FitOptions } from "../../src/model/options.ts";
import type { Xent } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { batchNorm1d, dropout } from "../../src/nn/norms.ts";
import { adamw } from "../../src/train/adaptive.ts";
import { cosine } from "../../src/train/schedules.ts";
import { blobSet } from "./blobs.ts";

export const layers: readonly LayerSpec[] = [dense(20), batchNorm1d(), relu(), dropout(0.2), dense(4)];
export const data = blobSet(1, 100, 6, 4, 1.2);
export const validation = blobSet(2, 80, 6, 4, 1.2);

export const how = (more: FitOptions = {}): FitOptions => ({
  loss: crossEntropy(),
  optimizer: adamw({ lr: 0.02, schedule: cosine({ min: 0.001 }) }),
  epochs: 6,
  batchSize: 16,
  ...more,
});
export const full = how({ validation, metrics: ["accuracy", "f1"] });

/** The run in one go: its last file, and its history. */
export async function inOneGo(xent: Pick<Xent, "sequential">) {
  const m = xent.sequential({ input: 6, seed: 9 }, layers);
  const history = await m.fit(data, full);
  return { file: m.save(), history };
}
