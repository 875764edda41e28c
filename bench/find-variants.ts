// The variants that the engine at hand has. It is `init` that is asked, so that a variant's tile is the one users get.

import { TILE_5X16 } from "../src/base/abi.ts";
import { TILES, tileName } from "../src/base/tile.ts";
import type { Info } from "../src/model/choose.ts";
import { type InitOptions, init } from "../src/model/runtime.ts";
import * as sharing from "../src/program/sharing.ts";
import { Pool } from "../src/threads/pool.ts";
import { type BuildName, compileBuild } from "../src/wasm/builds.ts";
import type { Core } from "../src/wasm/runtime.ts";
import type { BuildChoice, Variant } from "./variants.ts";

/** A variant that this process can run. */
export interface Runnable {
  readonly variant: Variant;
  readonly core: Core;
  /** whether its tile is the one that `init` takes */
  readonly byRule: boolean;
}

export interface Found {
  readonly list: readonly Runnable[];
  /** why builds that were asked for are not there */
  readonly leftOut: readonly string[];
}

/**
 * The variants that this engine has, of one kind: V8's widening holds for a whole process, from its first `init` on.
 *
 * @param builds  either only "wide", or any of the others
 * @param tiles   every tile, not only those by rule
 */
export async function findVariants(builds: readonly BuildChoice[], tiles: boolean): Promise<Found> {
  const list: Runnable[] = [];
  const leftOut: string[] = [];
  for (const choice of builds) {
    const wide = choice === "wide";
    const build = wide ? "relaxed" : choice;
    const info = await infoOf({ precision: build === "simd" ? "strict" : "fast", wide });
    const missing = info.wide !== wide ? "wide" : info.build !== build ? "build" : undefined;
    if (missing !== undefined) {
      leftOut.push(`${choice}: ${reasonOf(info, missing)}`);
      continue;
    }
    list.push(...(await runnables(info, tiles ? TILES : [])));
    // the one tile that suits simd once it is widened
    if (wide && tiles)
      list.push(await runnable(await infoOf({ precision: "strict", wide }), TILE_5X16, false));
  }
  return { list, leftOut };
}

const infoOf = async (options: InitOptions): Promise<Info> => (await init(options)).info;

/** What `init` says of it, without what it took instead: `it needs …` of `wide: off, it needs …`. */
function reasonOf({ reasons }: Info, what: string): string {
  const said = reasons.find((reason) => reason.startsWith(`${what}: `)) ?? "no reason given";
  return said.replace(/^wide: off, |^build: .*; /, "");
}

/** With the tile by rule, then the others. */
async function runnables(info: Info, tiles: readonly number[]): Promise<Runnable[]> {
  const rule = TILES.find((tile) => tileName(tile) === info.tile) as number;
  const others = tiles.filter((tile) => tile !== rule);
  return [
    await runnable(info, rule, true),
    ...(await Promise.all(others.map((tile) => runnable(info, tile, false)))),
  ];
}

async function runnable({ build, wide, fused }: Info, tile: number, byRule: boolean): Promise<Runnable> {
  const module = await compileBuild(build as "simd" | "relaxed");
  return {
    variant: { build, tile: tileName(tile), wide, fused, threads: 1 },
    core: { module, build, tile },
    byRule,
  };
}

/** The same with so many threads, which share whatever `init`'s would. */
export async function withThreads({ variant, core, byRule }: Runnable, threads: number): Promise<Runnable> {
  const module = await compileBuild(`${variant.build}-threads` as BuildName);
  const pool = new Pool(module, threads);
  await pool.start();
  if (pool.failed !== undefined) throw new Error(`threads could not be started: ${pool.failed}`);
  return {
    variant: { ...variant, threads },
    core: { ...core, module, shared: true, crew: pool, sharing },
    byRule,
  };
}
