// Runs in a worker of the page: 200 steps on a number of threads, each a worker of this one; answers with the weights' hash.

import { TILE_5X8 } from "../../src/base/abi.ts";
import { Pool } from "../../src/threads/pool.ts";
import { compileBuild } from "../../src/wasm/load.ts";
import { twoHundredSteps } from "../support/two-hundred-steps.ts";

export interface Asked {
  readonly threads: number;
}

self.onmessage = async ({ data: { threads } }: MessageEvent<Asked>) => {
  if (threads === 1) {
    const module = await compileBuild("simd");
    self.postMessage(await twoHundredSteps({ module, build: "simd", tile: TILE_5X8 }));
    return;
  }
  const module = await compileBuild("simd-threads");
  const crew = new Pool(module, threads, { runNs: 0, recordNs: 0 });
  await crew.start();
  if (crew.failed !== undefined) throw new Error(crew.failed);
  self.postMessage(await twoHundredSteps({ module, build: "simd", tile: TILE_5X8, shared: true, crew }));
  crew.scrap();
};
