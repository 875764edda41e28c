// verify proved by mutation: it accepts programs that hold every op, and reports each single damage done to them: a
// moved operand, a dimension or stride one too large, a missing barrier, a record out of order.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { access, OPS, overlaps, type Range, whole } from "../../src/base/ops.ts";
import { wholeTiles } from "../../src/base/tile.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import type { Draft } from "../../src/program/builder.ts";
import { view } from "../../src/program/record.ts";
import { verify } from "../../src/program/verify.ts";
import { coreOf } from "../support/core.ts";
import { gallery } from "./gallery.ts";
import { layerGallery } from "./gallery-layers.ts";
import { training } from "./training.ts";

const WORDS = abi.RECORD_BYTES / 4;
const word = (record: number, offset: number, i = 0): number => record * WORDS + offset / 4 + i;
const nameOf = (draft: Draft): string => OPS.get(draft.op)?.name ?? "?";

/** A copy of the program with one word changed. */
function changed(words: Int32Array, at: number, by: (old: number) => number): Int32Array {
  const copy = words.slice();
  copy[at] = by(copy[at] as number);
  return copy;
}

/** Copies with record `from` taken out and put back before record `to`. */
function moved(words: Int32Array, drafts: readonly Draft[], from: number, to: number): [Int32Array, Draft[]] {
  const order = drafts.map((_, i) => i).filter((i) => i !== from);
  order.splice(to, 0, from);
  const out = new Int32Array(words.length);
  for (const [at, i] of order.entries()) out.set(words.subarray(i * WORDS, (i + 1) * WORDS), at * WORDS);
  return [out, order.map((i) => drafts[i] as Draft)];
}

const core = coreOf("simd");
const f32 = training(core, "f32").program;
const u8 = training(core, "u8").program;
const wide = training(coreOf("simd", abi.TILE_6X16), "f32").program;
const rest = gallery(core);
/** Which records are damaged: all of the first program, what has another tile, and of the others what it has not. */
const programs = [
  { name: "a training step on f32 data", ...f32, damaged: [...f32.drafts.entries()] },
  {
    name: "a training step with tile 6x16",
    ...wide,
    damaged: [...wide.drafts.entries()].filter(([, { op }]) => op === abi.OP_PACK || op === abi.OP_SGEMM),
  },
  ...[
    { name: "a training step on u8 data", ...u8 },
    { name: "all other activations and losses", ...rest },
    { name: "norms, prelu, dropout and blocks", ...layerGallery(core) },
  ].map((program) => ({
    ...program,
    damaged: [...program.drafts.entries()].filter(([, { op }]) =>
      f32.drafts.every((other) => other.op !== op),
    ),
  })),
];

/** Operands that an op does without. */
const optional = (draft: Draft, j: number): boolean => {
  const operand = OPS.get(draft.op)?.operands[j] ?? "";
  if (draft.op === abi.OP_HOST && operand === "dz") return true;
  if (draft.op === abi.OP_RMSPROP_STEP && ["mean", "buffer"].includes(operand)) return true;
  if (draft.op === abi.OP_PREPARE_GRADIENT && operand === "clip") return true;
  if (draft.op === abi.OP_BATCH_NORM_BACKWARD && operand === "dx") return true;
  const left = ["weight", "columns", "gamma", "beta", "dgamma", "dbeta"];
  return left.includes(operand) || (draft.op === abi.OP_LOSS_SUM && operand === "hit");
};

/** Dimensions that are numbers, and say nothing of bytes: the key of chance, and what running statistics take a batch's for. */
const isNumber = (draft: Draft, field: number, j: number): boolean =>
  field === abi.RECORD_D &&
  ((draft.op === abi.OP_DROPOUT && j > 1) || (draft.op === abi.OP_BATCH_NORM_STATISTICS && j === 0));

/** Bytes of operand j without the padding behind its last row; B in place needs that up to whole tiles. */
function used(draft: Draft, j: number): number {
  const { rows, cols, ld, size } = draft.operands[j] as Tensor;
  const inPlace = draft.op === abi.OP_SGEMM && j === 1 && draft.s[3] !== 0;
  const across = inPlace ? wholeTiles(draft.d[3] as number, cols) : cols;
  return ((rows - 1) * ld + across) * size;
}

it("the programs hold every op of the table", () => {
  const used = new Set(programs.flatMap(({ drafts }) => drafts.map(({ op }) => op)));
  expect([...OPS.keys()].filter((op) => !used.has(op)).map((op) => OPS.get(op)?.name)).toEqual([]);
});

describe.each(programs)("verify, $name", ({ words, drafts, damaged: some }) => {
  /** Fails unless verify finds something in the damaged program. */
  const expectReported = (what: string, damaged: Int32Array, theirs: readonly Draft[] = drafts): void => {
    if (verify(damaged, theirs).length === 0) throw new Error(`not reported: ${what}`);
  };

  it("accepts the program for 1 to 8 threads", () => {
    for (let threads = 1; threads <= 8; threads++) expect(verify(words, drafts, threads)).toEqual([]);
  });

  it("reports every operand moved by an element or by its tensor's size, either way", () => {
    let mutations = 0;
    for (const [i, draft] of some) {
      for (const [j, tensor] of draft.operands.entries()) {
        if (tensor === undefined) continue;
        for (const by of [tensor.size, -tensor.size, tensor.bytes, -tensor.bytes]) {
          const what = `record ${i} (${nameOf(draft)}), operand ${j} (${tensor.name}) moved by ${by}`;
          expectReported(
            what,
            changed(words, word(i, abi.RECORD_P, j), (address) => address + by),
          );
          mutations++;
        }
      }
    }
    expect(mutations).toBeGreaterThan(4 * 2 * some.length);
  });

  it("reports every operand that is missing, and accepts an op without what it can do without", () => {
    for (const [i, draft] of some) {
      for (const j of draft.operands.keys()) {
        if (draft.operands[j] === undefined) continue;
        const operands = draft.operands.map((tensor, at) => (at === j ? undefined : tensor));
        const without = drafts.map((other, at) => (at === i ? { ...draft, operands } : other));
        const damaged = changed(words, word(i, abi.RECORD_P, j), () => 0);
        const what = `record ${i} (${nameOf(draft)}), operand ${j}`;
        if (optional(draft, j)) expect(verify(damaged, without), what).toEqual([]);
        else expectReported(what, damaged, without);
      }
    }
  });

  it("reports every operand whose tensor is an element too short, at either end", () => {
    for (const [i, draft] of some) {
      for (const [j, tensor] of draft.operands.entries()) {
        // a slot of the edge scratch for each of 8 threads, and the last word of the result, are room to spare
        if (tensor === undefined || ["edge tiles", "result"].includes(tensor.name)) continue;
        for (const start of [0, tensor.size]) {
          const bytes = used(draft, j) - tensor.size;
          const short: Tensor = { ...tensor, address: tensor.address + start, bytes };
          const operands = draft.operands.map((other, at) => (at === j ? short : other));
          const theirs = drafts.map((other, at) => (at === i ? { ...draft, operands } : other));
          const damaged = changed(words, word(i, abi.RECORD_P, j), () => short.address);
          const found = verify(damaged, theirs).some((line) => line.includes(`leaves ${tensor.name}`));
          expect(found, `record ${i} (${nameOf(draft)}), ${tensor.name} from ${start} on`).toBe(true);
        }
      }
    }
  });

  it("reports every dimension and every stride that is one too large", () => {
    for (const [i, draft] of some) {
      for (const [field, values] of [
        [abi.RECORD_D, draft.d],
        [abi.RECORD_S, draft.s],
      ] as const) {
        for (const [j, value] of values.entries()) {
          if (value === 0 || isNumber(draft, field, j)) continue;
          const what = `record ${i} (${nameOf(draft)}), ${field === abi.RECORD_D ? "d" : "s"}${j} = ${value} + 1`;
          expectReported(
            what,
            changed(words, word(i, field, j), (old) => old + 1),
          );
        }
      }
    }
  });

  it("reports every row stride that runs backwards", () => {
    for (const [i, draft] of some) {
      for (const [j, value] of draft.s.entries()) {
        if (value < 2) continue;
        const what = `record ${i} (${nameOf(draft)}), s${j} = ${-value}`;
        expectReported(
          what,
          changed(words, word(i, abi.RECORD_S, j), (old) => -old),
        );
      }
    }
  });

  it("reports every output laid over an input, unless the op works in place", () => {
    let mutations = 0;
    for (const [i, draft] of some) {
      const op = OPS.get(draft.op);
      const { reads, writes } = whole(view(words, i));
      for (const to of new Set(writes.map((range) => range.operand))) {
        for (const from of new Set(reads.map((range) => range.operand))) {
          if (from === to || op?.inPlace.some(([o, x]) => o === to && x === from)) continue;
          // as long as both, so that nothing but the overlap is wrong
          const [a, b] = [draft.operands[to] as Tensor, draft.operands[from] as Tensor];
          const both: Tensor = { ...b, given: true, bytes: Math.max(a.bytes, b.bytes) };
          const operands = draft.operands.map((tensor, j) => (j === to || j === from ? both : tensor));
          const theirs = drafts.map((other, at) => (at === i ? { ...draft, operands } : other));
          const damaged = changed(words, word(i, abi.RECORD_P, to), () => both.address);
          const found = verify(damaged, theirs).some(
            (line) => line.startsWith(`record ${i} `) && line.includes("overlaps"),
          );
          expect(found, `record ${i} (${nameOf(draft)}), operand ${to} over ${from}`).toBe(true);
          mutations++;
        }
      }
    }
    expect(mutations).toBeGreaterThan(some.length);
  });

  it("reports every barrier that is left out: none is there without need", () => {
    const barriers = drafts
      .map((_, i) => i)
      .filter((i) => (words[word(i, abi.RECORD_FLAGS)] as number) & abi.FLAG_BARRIER);
    expect(barriers.length).toBeGreaterThan(6);
    for (const i of barriers) {
      expectReported(
        `barrier after ${i}`,
        changed(words, word(i, abi.RECORD_FLAGS), (flags) => flags & ~abi.FLAG_BARRIER),
      );
    }
  });

  it("reports every record that comes before what it reads is written", () => {
    let mutations = 0;
    for (const [i, draft] of some) {
      const { reads } = whole(view(words, i));
      const needed = reads
        .map((range) => draft.operands[range.operand])
        .filter((t) => t !== undefined && !t.given);
      for (const tensor of new Set(needed)) {
        const writes = (other: Draft, at: number): boolean =>
          whole(view(words, at)).writes.some((r) => other.operands[r.operand] === tensor);
        const writer = drafts.findIndex(writes);
        expect(writer).toBeLessThan(i);
        expectReported(`record ${i} (${nameOf(draft)}) before ${writer}`, ...moved(words, drafts, i, writer));
        mutations++;
      }
    }
    expect(mutations).toBeGreaterThanOrEqual(some.length - 7);
  });

  it("reports an op that is not in the table, and a draft too few", () => {
    expectReported(
      "op 0",
      changed(words, word(3, abi.RECORD_OP), () => 0),
    );
    expectReported("a draft too few", words, drafts.slice(1));
  });

  it("no pair of records meets without a barrier, for any number of rows and 1 to 8 threads", () => {
    // the builder and verify try a few numbers of each; here are all of them
    const touched = (i: number, rows: number, threads: number) =>
      Array.from({ length: threads }, (_, t) => access(view(words, i, rows), t, threads));
    const meet = (a: readonly Range[] = [], b: readonly Range[] = []) =>
      a.some((x) => b.some((y) => overlaps(x, y)));
    for (let rows = 0; rows <= 14; rows++) {
      for (let threads = 2; threads <= 8; threads++) {
        const all = drafts.map((_, i) => touched(i, rows, threads));
        let first = 0;
        for (let i = 0; i < drafts.length; i++) {
          for (let j = first; j <= i; j++) {
            for (const [t, a] of (all[j] ?? []).entries()) {
              for (const [u, b] of (all[i] ?? []).entries()) {
                if (t === u) continue;
                const race =
                  meet(a?.writes, b?.writes) || meet(a?.writes, b?.reads) || meet(a?.reads, b?.writes);
                if (race)
                  throw new Error(`records ${j} and ${i}, ${rows} rows, threads ${t} and ${u} of ${threads}`);
              }
            }
          }
          if ((words[word(i, abi.RECORD_FLAGS)] as number) & abi.FLAG_BARRIER) first = i + 1;
        }
      }
    }
  });
});

it("reports a product that reads panels of another tile's width", () => {
  const { words, drafts } = f32;
  const damaged = words.slice();
  for (const [i, { op }] of drafts.entries()) {
    if (op === abi.OP_SGEMM) damaged[(i * abi.RECORD_BYTES + abi.RECORD_D) / 4 + 3] = abi.TILE_5X16;
  }
  expect(verify(damaged, drafts).some((line) => line.includes("panels of 8 columns for tile 5x16"))).toBe(
    true,
  );
});

it("reports what a tensor held before another of its group was written over it", () => {
  const { words, drafts } = f32;
  const reader = drafts.findIndex(
    (draft) => draft.operands[1]?.name === "w0 packed" && draft.op === abi.OP_SGEMM,
  );
  const spoiler = drafts.findIndex(
    (draft) => draft.operands[1]?.name === "w2 turned" && draft.op === abi.OP_PACK,
  );
  expect(reader).toBeLessThan(spoiler);
  const [late, theirs] = moved(words, drafts, spoiler, reader);
  expect(verify(late, theirs).some((line) => line.includes("reads w0 packed before"))).toBe(true);
});
