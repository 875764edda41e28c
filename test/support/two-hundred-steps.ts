// The two hundred steps on a build and tile of the caller's choice, whose threads must share them; the same file runs on every
// engine.

import { CREW_TILES } from "../../src/base/abi.ts";
import { networkOf, Sequential } from "../../src/model/sequential.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { LAYERS, OPTIONS, trainedHash } from "./trained-hash.ts";

/**
 * @returns SHA-256, as hex, over the bits of all parameters
 * @throws {Error} the tiles of products were not shared among all threads of the core's crew
 */
export async function twoHundredSteps(core: Core): Promise<string> {
  const model = new Sequential(core, OPTIONS, LAYERS);
  const hash = await trainedHash(model);
  const { hyper } = networkOf(model).trained.program;
  const threads = Array.from({ length: core.crew?.size ?? 0 }, (_, t) => t);
  const tiles = threads.map((t) => hyper.getUint32(CREW_TILES + 64 * t, true));
  const all = tiles.reduce((sum, count) => sum + count, 0);
  // widths and rows are few tiles for eight
  const even = (count: number): boolean =>
    count > (0.3 * all) / tiles.length && count < (1.7 * all) / tiles.length;
  if (!tiles.every(even)) throw new Error(`threads had ${tiles.join(", ")} tiles of products`);
  model.dispose();
  return hash;
}
