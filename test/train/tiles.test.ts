// One SHA-256 of the weights after 200 steps, whatever the tile, the blocks and the packing: for the builds that round
// twice, and another one for the build that fuses. `npm run hashes` does it on every engine, and widened.

import { afterEach, describe, expect, it, vi } from "vitest";
import { TILE_5X8, TILE_6X16 } from "../../src/base/abi.ts";
import { TILES, tileName } from "../../src/base/tile.ts";
import { coreOf } from "../support/core.ts";
import { compileMutant, type Mutation } from "../support/mutants.ts";
import { twoHundredSteps } from "../support/two-hundred-steps.ts";

const strict = await twoHundredSteps(coreOf("simd", TILE_5X8));
const fused = await twoHundredSteps(coreOf("relaxed", TILE_5X8));

const abi = (from: string, to: string): Mutation => ({ file: "src/base/abi.ts", from, to });
/** Blocks that divide nothing, and one that takes all. */
const BLOCKS: [number, number][] = [
  [32, 12],
  [113, 30],
  [300, 600],
];

afterEach(() => {
  vi.doUnmock("../../src/base/tile.ts");
  vi.resetModules();
});

it("the two ways of rounding are told apart", () => {
  expect(strict).toMatch(/^[0-9a-f]{64}$/);
  expect(strict).not.toBe(fused);
});

describe.each(TILES.map((tile) => [tileName(tile), tile] as const))("tile %s", (_, tile) => {
  it("gives the same weights", async () => {
    expect(await twoHundredSteps(coreOf("simd", tile))).toBe(strict);
    expect(await twoHundredSteps(coreOf("debug", tile))).toBe(strict);
    expect(await twoHundredSteps(coreOf("relaxed", tile))).toBe(fused);
  });

  it("and so it does where every B is packed", async () => {
    vi.resetModules();
    vi.doMock(import("../../src/base/tile.ts"), async (original) => ({
      ...(await original()),
      PACKED_ROWS: 0,
    }));
    const { twoHundredSteps: run } = await import("../support/two-hundred-steps.ts");
    const { Builder } = await import("../../src/program/builder.ts");
    const inPlace = vi.spyOn(Builder.prototype, "inPlace");
    const pack = vi.spyOn(Builder.prototype, "pack");
    expect(await run(coreOf("simd", tile))).toBe(strict);
    expect(await run(coreOf("relaxed", tile))).toBe(fused);
    expect(inPlace).not.toHaveBeenCalled();
    expect(pack).toHaveBeenCalled();
  });
});

it.each(BLOCKS)("blocks of %i of k and %i rows give the same weights", async (kc, mc) => {
  const bytes = await compileMutant([
    abi("GEMM_KC = 256", `GEMM_KC = ${kc}`),
    abi("GEMM_MC = 128", `GEMM_MC = ${mc}`),
  ]);
  const module = new WebAssembly.Module(bytes);
  for (const tile of [TILE_5X8, TILE_6X16]) {
    expect(await twoHundredSteps({ module, build: "mutant", tile })).toBe(strict);
  }
});
