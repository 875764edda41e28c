// Which build and which tile run, whether V8 widens them, and why: chosen by rule, proved by the self-test, and for
// `wide` confirmed by speed once there was work.

import { TILE_4X8, TILE_5X8, TILE_5X16, TILE_6X8, TILE_6X16 } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import type { WasmModule } from "../base/platform.ts";
import { tileName } from "../base/tile.ts";
import type { BuildName, Builds } from "../wasm/builds.ts";
import { engineName, hasRelaxedSimd, nodeVersion, setWide, startedWide } from "../wasm/engine.ts";
import { type Core, instantiate, newMemory } from "../wasm/runtime.ts";
import { selfTest } from "./selftest.ts";

/** What runs, and why. */
export interface Info {
  /** the WebAssembly build: `relaxed` or `simd`, or `custom` when `init` was given one */
  readonly build: string;
  /** rows × columns of C that the GEMM micro-kernel computes at a time */
  readonly tile: string;
  /** threads that share large computations, the caller's among them */
  readonly threads: number;
  /** whether V8 widens the 128-bit code to 256 bits */
  readonly wide: boolean;
  /** whether a multiply-add rounds once; the bits of the `relaxed` build are the same among engines that agree on it */
  readonly fused: boolean;
  /** why: one each for build, tile, wide and threads, beginning with its name */
  readonly reasons: readonly string[];
}

/** What a wish for threads comes to. */
export interface Threads {
  /** the caller's among them */
  readonly size: number;
  /** started at once, rather than when there is work */
  readonly now?: boolean;
  readonly reason: string;
}

/** What `init` was asked for. */
export interface Wishes {
  readonly precision: "fast" | "strict";
  /** of `settleWide` */
  readonly widening: { readonly wide: boolean; readonly reason: string };
  readonly tune: boolean;
  readonly threads: Threads;
  readonly module: WasmModule | undefined;
  readonly builds: Builds;
}

/** A core that passed its self-test, and what to say of it: `info` may change once there was work. */
export interface Chosen {
  readonly core: Core;
  /** those that the build can have */
  readonly threads: Threads;
  readonly info: () => Info;
}

/** The last Node whose V8 (12) unrolls the inner one of two nested loops. */
const UNROLLS = 23;

/**
 * The tile of a build. Shares of P, one core of an AMD EPYC (Zen 4), 512 × 512 × 512, packing included
 * (`npm run bench:engines -- gemm --tiles --filter 512x512x512`):
 *
 *     build, engine            4x8   5x8   6x8  5x16  6x16
 *     simd, Node 20           0.66  0.60  0.60  0.55  0.56
 *     simd, Node 22           0.65  0.58  0.57  0.51  0.50
 *     simd, Node 24           0.71  0.72  0.47  0.56  0.59
 *     simd, Node 26           0.74  0.76  0.48  0.56  0.61
 *     relaxed, Node 22        0.85  0.51  0.59  0.54  0.50
 *     relaxed, Node 24        0.85  0.86  0.90  0.58  0.57
 *     relaxed, Node 26        0.86  0.88  0.91  0.58  0.57
 *     simd, wide, Node 24                       1.34
 *     relaxed, wide, Node 24  0.94  1.14  1.31  1.68  1.76
 *
 * V8 up to 12 runs the loop over k twice as long, puts all loads of a round in front of its products, and keeps in
 * registers what fits: 8 sums, 2 of B and 4 of A (docs/adr/0010).
 */
export function tileRule(relaxed: boolean, wide: boolean): number {
  const [major] = nodeVersion() ?? [UNROLLS + 1];
  if (!wide && major <= UNROLLS) return TILE_4X8;
  if (relaxed) return wide ? TILE_6X16 : TILE_6X8;
  return wide ? TILE_5X16 : TILE_5X8;
}

/** Whether V8 widens what is compiled, and why. */
interface Widening {
  wide: boolean;
  reason: string;
  /** what is said to a later `init` that wishes otherwise */
  otherwise: string;
}

/** Takes note that V8 does not widen what it was asked to. */
export function settleNarrow(reason: string): void {
  settled = { wide: false, reason, otherwise: reason };
}

/** What this process has: settled by the first `init`, because code once compiled stays as it is. */
let settled: Widening | undefined;

const FIRST = "by the first init of this process; to have it otherwise, start another process";

/** Sets V8's flag where it is wished and to be had, once; and says what a wish comes to. */
export function settleWide(wished: boolean): Pick<Widening, "wide" | "reason"> {
  settled ??= widen(wished);
  const { wide, reason, otherwise } = settled;
  return { wide, reason: `${wide ? "on" : "off"}, ${wide === wished ? reason : otherwise}` };
}

/** Whether V8 widens what this process compiles, as far as this thread knows. */
export const isWide = (): boolean => settled?.wide ?? startedWide();

function widen(wished: boolean): Widening {
  if (startedWide()) {
    const reason = "Node was started with the flag";
    return { wide: true, reason, otherwise: reason };
  }
  if (!wished) return { wide: false, reason: "not asked for", otherwise: FIRST };
  const refused = setWide();
  if (refused !== undefined) return { wide: false, reason: refused, otherwise: refused };
  return { wide: true, reason: "to be confirmed after 200 ms of work", otherwise: FIRST };
}

/** What is said of each choice; `wide` has another word once it is confirmed. */
export type Reasons = Record<"build" | "tile" | "wide" | "threads", string>;

/**
 * @throws {XentError} `UNSUPPORTED` no build computes what it should on this engine
 */
export async function choose(wishes: Wishes): Promise<Chosen> {
  const { wide, reason } = wishes.widening;
  const failures: string[] = [];
  for (const { name, why } of candidates(wishes)) {
    const given = wishes.module;
    const together = wishes.threads.size > 1;
    const build = (together ? `${name}-threads` : name) as BuildName;
    const module = given ?? (await wishes.builds(build));
    const shared = given === undefined ? together : takesShared(given);
    const threads: Threads =
      shared || !together
        ? wishes.threads
        : {
            size: 1,
            reason: "one, the module that init was given is not built for threads",
          };
    const core: Core = { module, build: name, tile: TILE_5X8, shared };
    let tile: string;
    let fused: boolean;
    try {
      core.tile = tileRule(isRelaxed(core), wide);
      tile = wishes.tune ? (await import("./more.ts")).tune(core) : byRule(core, wide);
      const test = selfTest(core);
      if (test.problem !== undefined) throw new Error(test.problem);
      fused = test.fused;
    } catch (error) {
      // wrong values, or a trap
      failures.push(`the self-test of ${name} failed (${(error as Error).message})`);
      continue;
    }
    const reasons: Reasons = {
      build: [`${name}, ${why}`, ...failures].join("; "),
      tile,
      wide: reason,
      threads: threads.reason,
    };
    const state = { wide, fused };
    if (wide) (await import("./more.ts")).confirmLater(core, state, reasons);
    const info = (): Info => {
      const failed = core.crew?.failed;
      if (failed !== undefined) reasons.threads = `one, ${failed}`;
      return {
        build: name,
        tile: tileName(core.tile),
        threads: failed === undefined ? (core.crew?.size ?? 1) : 1,
        ...state,
        reasons: Object.entries(reasons).map(([what, text]) => `${what}: ${text}`),
      };
    };
    return { core, threads, info };
  }
  throw new XentError(
    "UNSUPPORTED",
    `init: ${failures.join("; ")}`,
    "Please report it with the versions of the engine and the CPU; another engine may do.",
  );
}

/** Builds in the order in which they are tried, and why each is. */
function candidates({ precision, module }: Wishes): { name: string; why: string }[] {
  if (module !== undefined) return [{ name: "custom", why: "the module that init was given" }];
  const simd = (why: string) => ({ name: "simd", why: `the same bits on every engine and CPU; ${why}` });
  if (precision === "strict") return [simd('precision is "strict"')];
  if (hasRelaxedSimd()) {
    return [
      { name: "relaxed", why: "with the engine's fused multiply-add where it has one" },
      simd("relaxed is not to be trusted here"),
    ];
  }
  const name = engineName();
  if (name?.startsWith("Node 20.")) return [simd("Node 20 has relaxed SIMD behind a flag")];
  return [simd(`${name ?? "this browser"} has no relaxed SIMD`)];
}

export const byRule = ({ tile, build }: Core, wide: boolean): string =>
  `${tileName(tile)}, by rule for ${build}${wide ? " and wide" : ""}`;

export const isRelaxed = (core: Core): boolean => instantiate(core, newMemory(core, 1)).relaxed() !== 0;

/** Whether a module is built for shared memories; it says so only when it is put on one. */
function takesShared(module: WasmModule): boolean {
  if (typeof SharedArrayBuffer === "undefined") return false;
  const core: Core = { module, build: "", tile: 0, shared: true };
  try {
    return instantiate(core, newMemory(core, 1)).threads() !== 0;
  } catch {
    return false;
  }
}
