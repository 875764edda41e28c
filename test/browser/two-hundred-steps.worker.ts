// Runs in a worker of the page: 200 steps on a number of threads, each a worker of this one; answers with the weights' hash, or
// with what went wrong.

import { TILE_5X8 } from "../../src/base/abi.ts";
import * as sharing from "../../src/program/sharing.ts";
import { Pool } from "../../src/threads/pool.ts";
import { compileBuild } from "../../src/wasm/builds.ts";
import { twoHundredSteps } from "../support/two-hundred-steps.ts";

export interface Asked {
  readonly threads: number;
}

self.onmessage = async ({ data }: MessageEvent<Asked>) => {
  self.postMessage(await hashOf(data.threads).catch(String));
};

async function hashOf(threads: number): Promise<string> {
  const one = { build: "simd", tile: TILE_5X8 };
  if (threads === 1) return twoHundredSteps({ ...one, module: await compileBuild("simd") });
  const module = await compileBuild("simd-threads");
  const crew = new Pool(module, threads, { runNs: 0, recordNs: 0 });
  await crew.start();
  if (crew.failed !== undefined) return crew.failed;
  try {
    return await twoHundredSteps({ ...one, module, shared: true, crew, sharing });
  } finally {
    crew.scrap();
  }
}
