// Which build and which tile run, whether V8 widens them, and why: chosen by rule, proved by the self-test, and for
// `wide` confirmed by speed once there was work.

import { TILE_4X8, TILE_5X8, TILE_5X16, TILE_6X8, TILE_6X16 } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { TILES, tileName } from "../base/tile.ts";
import { engineName, hasRelaxedSimd, nodeVersion, setWide, startedWide } from "../wasm/engine.ts";
import { type BuildName, compileBuild } from "../wasm/load.ts";
import { type Core, instantiate } from "../wasm/runtime.ts";
import { selfTest } from "./selftest.ts";
import { tileSpeeds } from "./speed.ts";

/** What runs, and why. */
export interface Info {
  /** the WebAssembly build: `relaxed` or `simd`, or `custom` when `init` was given one */
  readonly build: string;
  /** rows × columns of C that the GEMM micro-kernel computes at a time */
  readonly tile: string;
  readonly threads: number;
  /** whether V8 widens the 128-bit code to 256 bits */
  readonly wide: boolean;
  /** whether a multiply-add rounds once; the bits of the `relaxed` build are the same among engines that agree on it */
  readonly fused: boolean;
  /** why: one each for build, tile, wide and threads, beginning with its name */
  readonly reasons: readonly string[];
}

/** What `init` was asked for. */
export interface Wishes {
  readonly precision: "fast" | "strict";
  readonly wide: boolean;
  readonly tune: boolean;
  readonly module: WebAssembly.Module | undefined;
}

/** A core that passed its self-test, and what to say of it: `info` may change once there was work. */
export interface Chosen {
  readonly core: Core;
  readonly info: () => Info;
}

/** The last Node whose V8 (12) unrolls the inner one of two nested loops. */
const UNROLLS = 23;

/**
 * The tile of a build. Shares of P, one core of an AMD EPYC (Zen 4), 512 × 512 × 512, packing included
 * (`npm run bench:engines -- gemm --tiles --filter 512x512x512`):
 *
TABLE
 *
 * V8 up to 12 runs the loop over k twice as long, puts all loads of a round in front of its products, and keeps in
 * registers what fits: 8 sums, 2 of B and 4 of A (docs/adr/0010).
 */
function tileRule(relaxed: boolean, wide: boolean): number {
  const [major] = nodeVersion() ?? [UNROLLS + 1];
  if (!wide && major <= UNROLLS) return TILE_4X8;
  if (relaxed) return wide ? TILE_6X16 : TILE_6X8;
  return wide ? TILE_5X16 : TILE_5X8;
}

/** Whether V8 widens what this process compiles: settled by the first `init`, because code once compiled stays as it is. */
let widened: boolean | undefined;

/** Settles it, and says why it is not as wished. */
function settleWide(wished: boolean): { wide: boolean; reason: string } {
  const says = (wide: boolean, why: string) => ({ wide, reason: `${wide ? "on" : "off"}, ${why}` });
  if (widened !== undefined) {
    return widened === wished
      ? says(widened, "as the first init of this process asked")
      : says(widened, "by the first init of this process; to have it otherwise, start another process");
  }
  widened = startedWide();
  if (widened) return says(true, "Node was started with the flag");
  if (!wished) return says(false, "not asked for");
  const refused = setWide();
  if (refused !== undefined) return says(false, refused);
  widened = true;
  return says(true, "to be confirmed after 200 ms of work");
}

/** Work after which the optimising compiler has had the kernels of a model that trains. */
const SETTLED_MS = 200;
/** Tiles of twice the width are so much faster where they are widened; elsewhere they are slower. */
const WIDER = 1.2;

/** What is said of each choice; `wide` has another word once it is confirmed. */
type Reasons = Record<"build" | "tile" | "wide" | "threads", string>;

/**
 * @throws {XentError} `UNSUPPORTED` no build computes what it should on this engine
 */
export async function choose(wishes: Wishes): Promise<Chosen> {
  const { wide, reason } = settleWide(wishes.wide);
  const failures: string[] = [];
  for (const { name, why } of candidates(wishes)) {
    const module = wishes.module ?? (await compileBuild(name as BuildName));
    const core: Core = { module, build: name, tile: TILE_5X8 };
    core.tile = tileRule(isRelaxed(core), wide);
    const { problem, fused } = selfTest(core);
    if (problem !== undefined) {
      failures.push(`the self-test of ${name} failed (${problem})`);
      continue;
    }
    const reasons: Reasons = {
      build: [`${name}, ${why}`, ...failures].join("; "),
      tile: wishes.tune
        ? tune(core)
        : `${tileName(core.tile)}, by rule for ${name}${wide ? " and wide" : ""}`,
      wide: reason,
      threads: "one; this version runs on the calling thread",
    };
    const state = { wide, fused };
    if (wide) confirmLater(core, state, reasons);
    const info = (): Info => ({
      build: name,
      tile: tileName(core.tile),
      threads: 1,
      ...state,
      reasons: Object.entries(reasons).map(([what, text]) => `${what}: ${text}`),
    });
    return { core, info };
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

const isRelaxed = (core: Core): boolean =>
  instantiate(core, new WebAssembly.Memory({ initial: 1 })).relaxed() !== 0;

/** Takes the tile that is fastest here, measured after the optimising compiler has had each. */
function tune(core: Core): string {
  const speeds = tileSpeeds(core, TILES);
  core.tile = TILES[speeds.indexOf(Math.max(...speeds))] as number;
  const list = TILES.map((tile, i) => `${tileName(tile)} ${(speeds[i] as number).toFixed(0)}`);
  return `${tileName(core.tile)}, measured: ${list.join(", ")} GFLOP/s`;
}

/** Once there was work for SETTLED_MS, sees whether `wide` is at work: by speed, and by values again. */
function confirmLater(core: Core, state: { wide: boolean }, reasons: Reasons): void {
  let worked = 0;
  core.settle = (ms) => {
    worked += ms;
    if (worked < SETTLED_MS) return;
    core.settle = undefined;
    const narrow = tileRule(isRelaxed(core), false);
    const [slow = 0, fast = 0] = tileSpeeds(core, [narrow, core.tile], 15);
    const { problem } = selfTest(core);
    if (problem !== undefined) {
      throw new XentError(
        "UNSUPPORTED",
        `wide: the self-test failed after V8 had widened the code: ${problem}`,
        "Start a new process without wide, and please report it.",
      );
    }
    const figures = `${tileName(core.tile)} ${fast.toFixed(0)}, ${tileName(narrow)} ${slow.toFixed(0)} GFLOP/s`;
    if (fast > WIDER * slow) {
      reasons.wide = `on, confirmed by speed: ${figures}`;
      return;
    }
    widened = false;
    state.wide = false;
    core.tile = narrow;
    reasons.tile = `${tileName(narrow)}, by rule for ${core.build}`;
    reasons.wide = `off, V8 does not widen the code here: ${figures}`;
  };
}
