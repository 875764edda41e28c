// Two hundred training steps whose weights are hashed, on a build and tile of the caller's choice; the same file runs on
// every engine. Nothing of an engine is used: data come from our own generator.

import { CREW_TILES } from "../../src/base/abi.ts";
import { Random } from "../../src/base/random.ts";
import { dataset } from "../../src/data/dataset.ts";
import { networkOf, Sequential } from "../../src/model/sequential.ts";
import { dense, relu, tanh } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";

/** A first product deeper than KC; widths and a batch that are no whole tiles. */
const [ROWS, FEATURES, CLASSES, BATCH] = [400, 300, 7, 41] as const;
const EPOCHS = 20;

/**
 * @returns SHA-256, as hex, over the bits of all parameters
 * @throws {Error} the tiles of products were not shared among all threads of the core's crew
 */
export async function twoHundredSteps(core: Core): Promise<string> {
  const random = new Random(11, 99, 0);
  const x = Float32Array.from({ length: ROWS * FEATURES }, () => 2 * random.uniform() - 1);
  const y = Int32Array.from({ length: ROWS }, () => random.below(CLASSES));
  const model = new Sequential(
    core,
    { input: FEATURES, seed: 5, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) },
    [dense(37), relu(), dense(24), tanh(), dense(CLASSES)],
  );
  const { steps } = await model.fit(dataset({ x, y, features: FEATURES }), {
    epochs: EPOCHS,
    batchSize: BATCH,
  });
  if (steps !== 200) throw new Error(`${steps} steps`);
  const weights = Object.values(model.stateDict()).flatMap(({ data }) => [...data]);
  const { hyper } = networkOf(model).trained.program;
  const threads = Array.from({ length: core.crew?.size ?? 0 }, (_, t) => t);
  const tiles = threads.map((t) => hyper.getUint32(CREW_TILES + 64 * t, true));
  const all = tiles.reduce((sum, count) => sum + count, 0);
  // widths and rows are few tiles for eight
  const even = (count: number): boolean =>
    count > (0.3 * all) / tiles.length && count < (1.7 * all) / tiles.length;
  if (!tiles.every(even)) throw new Error(`threads had ${tiles.join(", ")} tiles of products`);
  model.dispose();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new Float32Array(weights)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
