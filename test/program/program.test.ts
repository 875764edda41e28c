// Program: running in parts is running whole; barriers are enough for threads in any order; dump accounts for every record.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { OPS } from "../../src/base/ops.ts";
import { TILES, tileName } from "../../src/base/tile.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import { dump } from "../../src/program/inspect.ts";
import { verify } from "../../src/program/verify.ts";
import { coreOf, cores } from "../support/core.ts";
import { ROWS, type Training, training } from "./training.ts";

const nameOf = (op: number): string => OPS.get(op)?.name ?? "?";

/** The tensor of that name among the operands. */
function tensorOf({ program }: Training, name: string): Tensor {
  const found = program.drafts.flatMap(({ operands }) => operands).find((tensor) => tensor?.name === name);
  if (found === undefined) throw new Error(`the program has no ${name}`);
  return found;
}

/** Memory but for the scratch of edge tiles, which depends on who computed which tile. */
function image(net: Training): Uint8Array {
  const copy = net.memory().slice();
  const { address, bytes } = tensorOf(net, "edge tiles");
  return copy.fill(0, address, address + bytes);
}

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

describe.each([...cores, coreOf("relaxed", abi.TILE_6X16)])("Program.run, $build build", (core) => {
  const net = training(core, core.build === "debug" ? "u8" : "f32");
  const { program, arena, records, hyper } = net;
  const count = program.drafts.length;
  const whole = (): Uint8Array => {
    net.reset();
    program.run();
    return image(net);
  };

  it("is re-entrant: 0 … k and k … n give the bits of 0 … n, for every k", () => {
    const expected = whole();
    for (let k = 0; k <= count; k++) {
      net.reset();
      program.run(0, k);
      program.run(k, count);
      expect(same(image(net), expected), `stopped before record ${k}`).toBe(true);
    }
    net.reset();
    for (let k = 0; k < count; k++) program.run(k, k + 1);
    expect(same(image(net), expected)).toBe(true);
  });

  it("returns the record that is next", () => {
    net.reset();
    expect(arena.kernels.run(records, hyper, 0, 5, 0, 1)).toBe(5);
    expect(arena.kernels.run(records, hyper, 5, 5, 0, 1)).toBe(5);
  });

  it("every record changes something: none is there in vain", () => {
    net.reset();
    for (let k = 0; k < count; k++) {
      const before = net.memory().slice();
      program.run(k, k + 1);
      expect(same(net.memory(), before), `record ${k} (${nameOf(program.drafts[k]?.op as number)})`).toBe(
        false,
      );
    }
  });

  describe.each([2, 3, 8])("%i threads that meet at the barriers alone", (threads) => {
    const ends = program.drafts.map((_, i) => i + 1);
    const barriers = ends.filter((end) => {
      const flags = program.words[((end - 1) * abi.RECORD_BYTES + abi.RECORD_FLAGS) / 4] as number;
      return end === count || (flags & abi.FLAG_BARRIER) !== 0;
    });
    const run = (stops: readonly number[], order: readonly number[]): Uint8Array => {
      net.reset();
      let first = 0;
      for (const last of stops) {
        for (const t of order) arena.kernels.run(records, hyper, first, last, t, threads);
        first = last;
      }
      return image(net);
    };
    const forwards = Array.from({ length: threads }, (_, t) => t);
    const backwards = forwards.toReversed();

    it("give the bits of one, whoever comes first", () => {
      const expected = whole();
      for (const order of [forwards, backwards, [...forwards.slice(1), 0]]) {
        expect(same(run(barriers, order), expected), `order ${order.join(" ")}`).toBe(true);
      }
    });

    it("would not without the barriers", () => {
      const expected = whole();
      expect(same(run([count], forwards), expected) && same(run([count], backwards), expected)).toBe(false);
    });
  });

  it("sums losses and hits over the rows in use", () => {
    whole();
    const losses = arena.f32(tensorOf(net, "loss")).subarray(0, ROWS);
    const hits = arena.i32(tensorOf(net, "hit")).subarray(0, ROWS);
    expect(program.lossSum).toBe(losses.reduce((a, b) => a + b, 0));
    expect(program.hits).toBe(hits.reduce((a, b) => a + b, 0));
    expect(program.lossSum).toBeGreaterThan(0);
  });
});

describe("Program.retile", () => {
  const net = training(coreOf("simd", abi.TILE_6X16), "f32");
  const { program, arena, records, hyper } = net;
  /** Memory but for records, panels and scratch. */
  const results = (): Uint8Array => {
    const copy = image(net);
    for (const tensor of new Set(program.drafts.flatMap(({ operands }) => operands))) {
      if (tensor?.group === "panels") copy.fill(0, tensor.address, tensor.address + tensor.bytes);
    }
    return copy.fill(0, records, records + 4 * program.words.length);
  };

  it.each(TILES.map((tile) => [tileName(tile), tile] as const))(
    "to %s and back: the program is sound for 1 to 8 threads, and gives the same bits",
    (_, tile) => {
      net.reset();
      program.run();
      const expected = results();
      for (const to of [tile, abi.TILE_6X16]) {
        net.reset();
        program.retile(to);
        expect(arena.i32At(records, program.words.length)).toEqual(program.words);
        for (let threads = 1; threads <= 8; threads++) {
          expect(verify(program.words, program.drafts, threads), `${threads} threads`).toEqual([]);
        }
        for (let i = 0; i < program.drafts.length; i++) {
          for (const t of [2, 0, 1]) arena.kernels.run(records, hyper, i, i + 1, t, 3);
        }
        expect(same(results(), expected)).toBe(true);
        net.reset();
        program.run();
        expect(same(results(), expected)).toBe(true);
      }
    },
  );
});

describe("Program in words", () => {
  const { program } = training(coreOf("simd"), "f32");

  it("dump has a line for each record: op, what it reads and writes, barriers", () => {
    const lines = dump(program).split("\n");
    expect(lines.length).toBe(program.drafts.length);
    for (const [i, line] of lines.entries()) {
      const draft = program.drafts[i]!;
      const flags = program.words[(i * abi.RECORD_BYTES + abi.RECORD_FLAGS) / 4] as number;
      expect(line.trim().split(/\s+/).slice(0, 2)).toEqual([String(i), nameOf(draft.op)]);
      expect(line.endsWith("| barrier"), line).toBe((flags & abi.FLAG_BARRIER) !== 0);
      for (const tensor of draft.operands) if (tensor !== undefined) expect(line).toContain(tensor.name);
    }
    expect(lines).toContain("  0 gather               data, order -> x");
  });
});
