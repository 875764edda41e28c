// Programs run by real threads: every op of the library, in builds with asserts and without, gives the memory that one
// thread leaves, again and again; with every tile, and after a change of the tile. Each thread did part of the work.

import { afterEach, describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { TILES, tileName } from "../../src/base/tile.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import type { Program } from "../../src/program/program.ts";
import { gallery } from "../program/gallery.ts";
import { training } from "../program/training.ts";
import { type Crewed, crewed, sharedCore, THREAD_BUILDS } from "../support/crew.ts";

const TIMES = 30;

const pools: Crewed["pool"][] = [];
async function core(build: (typeof THREAD_BUILDS)[number], threads: number, tile?: number) {
  const made = await crewed(build, threads, tile);
  pools.push(made.pool);
  return made.core;
}
afterEach(() => {
  for (const pool of pools.splice(0)) pool.scrap();
});

/** Bytes of a program's memory, but for where threads meet and what edge tiles leave. */
function image(program: Program): Uint8Array {
  const copy = new Uint8Array(program.memory).slice();
  const hyper = program.hyper.byteOffset;
  copy.fill(0, hyper + abi.HYPER_WORDS_BYTES, hyper + abi.HYPER_BYTES);
  for (const tensor of new Set(program.drafts.flatMap(({ operands }) => operands))) {
    if (tensor?.name === "edge tiles") copy.fill(0, tensor.address, tensor.address + tensor.bytes);
  }
  return copy;
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Puts inputs into a gallery, and NaN into all else. */
function fill(program: Program): void {
  program.set(11, 0, 0.1, 1 / 11);
  for (const tensor of tensors(program)) {
    const values = new Float32Array(program.memory, tensor.address, tensor.bytes / 4);
    if (tensor.region === "hyper") continue;
    if (!tensor.given) values.fill(Number.NaN);
    else if (tensor.name === "ids") new Int32Array(values.buffer, tensor.address, values.length).fill(3);
    else for (let i = 0; i < values.length; i++) values[i] = ((7 * i) % 11) / 11;
  }
}

/** The bits of what a gallery leaves. */
function results(program: Program): number[][] {
  return [...tensors(program)].map(({ address, bytes }) => [
    ...new Uint32Array(program.memory, address, bytes / 4),
  ]);
}

function tensors(program: Program): Set<Tensor> {
  const all = program.drafts.flatMap(({ operands }) => operands);
  return new Set(all.filter((tensor) => tensor !== undefined && tensor.name !== "edge tiles") as Tensor[]);
}

/** Tiles of products that each thread was given. */
function tiles({ hyper }: Program, threads: number): number[] {
  return Array.from({ length: threads }, (_, t) => hyper.getUint32(abi.CREW_TILES + 64 * t, true));
}

describe.each(THREAD_BUILDS)("%s", (build) => {
  it.each([2, 3, 8])("%i threads give the bits of one in a training step", async (threads) => {
    for (const features of ["f32", "u8"] as const) {
      const net = training(await core(build, threads), features);
      const { program, arena, records, hyper } = net;
      arena.kernels.run(records, hyper, 0, program.drafts.length, 0, 1);
      const expected = image(program);
      for (let i = 0; i < TIMES; i++) {
        net.reset();
        program.run();
        expect(same(image(program), expected), `${features}, time ${i}`).toBe(true);
      }
      // the largest product has four tiles
      const busy = tiles(program, threads).filter((count) => count > 0);
      expect(busy.length).toBeGreaterThanOrEqual(Math.min(threads, 3));
    }
  });

  it.each([2, 3])("%i threads give the bits of one in every activation and loss", async (threads) => {
    const alone = gallery(sharedCore(build));
    fill(alone);
    alone.run();
    const together = gallery(await core(build, threads));
    for (let i = 0; i < TIMES; i++) {
      fill(together);
      together.run();
      expect(results(together), `time ${i}`).toEqual(results(alone));
    }
  });
});

describe("a program whose tile is changed", () => {
  it.each(TILES.map((tile) => [tileName(tile), tile] as const))("from 6x16 to %s", async (_, tile) => {
    const net = training(await core("simd-threads", 3, abi.TILE_6X16), "f32");
    const { program, arena, records, hyper } = net;
    program.retile(tile);
    net.reset();
    arena.kernels.run(records, hyper, 0, program.drafts.length, 0, 1);
    const expected = image(program);
    for (let i = 0; i < TIMES; i++) {
      net.reset();
      program.run();
      expect(same(image(program), expected), `time ${i}`).toBe(true);
    }
  });
});
