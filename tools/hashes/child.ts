// Bundled, and run by every engine: the hash of 200 training steps for each build and tile, and for several numbers of
// threads, as one line of JSON. With `wide` as its argument V8 is asked to widen the code first, and each on one thread is run
// until the optimising compiler has had it.

import { TILE_4X8 } from "../../src/base/abi.ts";
import { TILES, tileName } from "../../src/base/tile.ts";
import { selfTest } from "../../src/model/selftest.ts";
import * as sharing from "../../src/program/sharing.ts";
import { Pool } from "../../src/threads/pool.ts";
import { compileBuild } from "../../src/wasm/builds.ts";
import { engineName, hasRelaxedSimd, setWide } from "../../src/wasm/engine.ts";
import { twoHundredSteps } from "../../test/support/two-hundred-steps.ts";

/** What a child says. */
export interface Hashes {
  readonly engine: string;
  readonly wide: boolean;
  /** why `wide` was not to be had */
  readonly refused?: string;
  /** what went wrong; the rows are those before it */
  readonly error?: string;
  readonly rows: {
    readonly build: string;
    readonly fused: boolean;
    readonly tile: string;
    readonly threads: number;
    readonly hash: string;
  }[];
}

/** Enough for a kernel to be compiled anew in the background and run as such. */
const RUNS = 6;

/** More threads than there are cores are slow: they are to be right. */
const THREADS = [2, 3, 4, 8];

const wished = process.argv.includes("wide");
const refused = wished ? setWide() : undefined;
const rows: Hashes["rows"] = [];

/** Fills `rows`. */
async function hashAll(): Promise<void> {
  for (const build of hasRelaxedSimd() ? (["simd", "relaxed"] as const) : (["simd"] as const)) {
    const module = await compileBuild(build);
    for (const tile of TILES) {
      const core = { module, build, tile };
      const seen = new Set<string>();
      for (let run = 0; run < RUNS; run++) seen.add(await twoHundredSteps(core));
      const { problem, fused } = selfTest(core);
      if (problem !== undefined) throw new Error(`${build} ${tileName(tile)}: ${problem}`);
      if (seen.size > 1)
        throw new Error(`${build} ${tileName(tile)}: ${[...seen].join(" and ")} in ${RUNS} runs`);
      rows.push({ build, fused, tile: tileName(tile), threads: 1, hash: [...seen].join() });
    }
    const { fused } = rows.at(-1) as Hashes["rows"][number];
    for (const threads of THREADS) rows.push({ build, fused, ...(await withThreads(build, threads)) });
  }
}

/** Whatever can be shared is; the tile is the narrowest, of which there are the most to share. */
async function withThreads(build: "simd" | "relaxed", threads: number) {
  const module = await compileBuild(`${build}-threads`);
  const crew = new Pool(module, threads, { runNs: 0, recordNs: 0 });
  await crew.start();
  if (crew.failed !== undefined) throw new Error(crew.failed);
  const tile = TILE_4X8;
  try {
    const hash = await twoHundredSteps({ module, build, tile, shared: true, crew, sharing });
    return { tile: tileName(tile), threads, hash };
  } finally {
    crew.scrap();
  }
}

let error: string | undefined;
if (refused === undefined) {
  try {
    await hashAll();
  } catch (thrown) {
    error = String(thrown);
  }
}
const hashes: Hashes = {
  engine: engineName() ?? "?",
  wide: wished && refused === undefined,
  ...(refused === undefined ? {} : { refused }),
  ...(error === undefined ? {} : { error }),
  rows,
};
console.log(JSON.stringify(hashes));
