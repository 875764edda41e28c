// The op table tells the truth. For every op and every thread of 1, 2, 3 and 8: the bytes its share changes are
// exactly those that the table says it writes, and nothing outside the ranges of the table reaches its results. And the
// builds agree, to the bit, on every op without a multiply-add.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { access, OPS, type OpSpec, type Range, whole } from "../../src/base/ops.ts";
import { TILES, tileName } from "../../src/base/tile.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import { view } from "../../src/program/record.ts";
import { verify } from "../../src/program/verify.ts";
import { SEED } from "../oracle/data.ts";
import {
  arenas,
  type Build,
  type Builds,
  builds,
  CANARY,
  gemmBuilds,
  Rig,
  relaxed,
  THREADS,
} from "./harness.ts";
import { CAPACITY, CASES, type Case, FUSED, HYPER, ROWS, TILED } from "./op-cases.ts";

/** All the ways, with names for test titles. */
const cases = [...OPS].flatMap(([op, spec]) =>
  (CASES[op] ?? []).map((emit, i) => ({ name: `${spec.name} ${i}`, op, spec, emit })),
);
const tiled = cases.filter(({ op }) => TILED.includes(op));
/** Builds, and what each runs: pack and sgemm with every tile, the rest once in each build. */
const runsOf = ({ builds, gemmBuilds, relaxed }: Builds) => [
  ...[...builds, relaxed].map((build) => ({
    name: build.name,
    build,
    cases: cases.filter((one) => !tiled.includes(one)),
  })),
  ...gemmBuilds.map((build) => ({ name: build.name, build, cases: tiled })),
];

/** Copies the bytes of ranges from one image of the memory to another. */
function copy(ranges: readonly Range[], from: Uint8Array, to: Uint8Array): void {
  for (const { start, rows, bytes, stride } of ranges) {
    for (let i = 0; i < rows; i++)
      to.set(from.subarray(start + i * stride, start + i * stride + bytes), start + i * stride);
  }
}

/** Fills ranges with a word, byte by byte in step with addresses. */
function fill(ranges: readonly Range[], word: number, to: Uint8Array): void {
  copy(ranges, new Uint8Array(new Uint32Array(to.length / 4).fill(word).buffer), to);
}

const run = (start: number, bytes: number): Range => ({ operand: -1, start, rows: 1, bytes, stride: bytes });

it("has a case for every op", () => {
  expect(Object.keys(CASES).map(Number)).toEqual([...OPS.keys()]);
});

describe.each(runsOf({ builds, gemmBuilds, relaxed }))(
  `every op keeps to its entry in the table, $name build (seed ${SEED})`,
  ({ build, cases }) => {
    it.each(cases)("$name", ({ op, spec, emit }) => {
      for (const threads of THREADS)
        for (let t = 0; t < threads; t++) checkShare(build, op, spec, emit, t, threads);
    });

    it.each(cases)("$name: what the table names lies in its tensors", ({ emit }) => {
      const rig = new Rig(build);
      emit(rig);
      rig.prepare(HYPER);
      for (const threads of THREADS) expect(verify(rig.words, rig.builder.drafts, threads)).toEqual([]);
    });
  },
);

describe.each(runsOf(arenas(4 * 65536)))(
  "no op reads beyond an input at the end of the memory, $name build",
  ({ build, cases }) => {
    it.each(cases)("$name", ({ emit }) => {
      const emitted = (): Rig => {
        const rig = new Rig(build);
        emit(rig);
        return rig;
      };
      // the batch full and the index list used to its end: rows beyond those in use would be room to spare
      const full = { ...HYPER, rows: CAPACITY, first: 25 - CAPACITY };
      const first = emitted();
      first.prepare(full);
      for (const [i, input] of first.inputs.entries()) {
        const rig = emitted();
        rig.putLast(rig.inputs[i] as Tensor, touched(first, input));
        rig.run(full);
      }
    });
  },
);

/** Bytes of an input to the end of what the table says its record touches: no padding, but that of B in place. */
function touched({ words, builder }: Rig, input: Tensor): number {
  const record = view(words, 0, CAPACITY);
  const { reads, writes } = whole(record);
  const { operands } = builder.drafts[0]!;
  const ends = [...reads, ...writes]
    .filter(({ operand }) => operands[operand] === input)
    .map(({ start, rows, bytes, stride }) => start + (rows - 1) * stride + bytes);
  return Math.max(input.address, ...ends) - input.address;
}

describe("simd, debug and relaxed leave the same bytes behind", () => {
  const [simd] = builds as [Build];
  const left = (build: Build, { emit }: (typeof cases)[0]): Uint8Array => {
    const rig = new Rig(build);
    emit(rig);
    rig.run(HYPER);
    const { address, bytes } = rig.scratch;
    // a tile's rows that nobody needs may come from NaN, whose payload is not settled
    return rig
      .memory()
      .slice()
      .fill(0, address, address + bytes)
      .subarray(abi.ARENA_BASE);
  };

  it.each(cases)("$name", (one) => {
    for (const tile of tiled.includes(one) ? TILES : [simd.tile]) {
      const expected = left({ ...simd, tile }, one);
      for (const build of [...builds, relaxed]) {
        // its bits are those of another chain, which sgemm.test.ts and optim.test.ts know
        if (build.fused && FUSED.includes(one.op)) continue;
        const same = Buffer.compare(left({ ...build, tile }, one), expected) === 0;
        expect(same, `${build.name}, tile ${tileName(tile)}`).toBe(true);
      }
    }
  });
});

function checkShare(build: Build, op: number, spec: OpSpec, emit: Case, t: number, threads: number): void {
  const rig = new Rig(build);
  emit(rig);
  rig.prepare(HYPER);
  expect(rig.builder.drafts.map((draft) => draft.op)).toEqual([op]);
  const { reads, writes } = access(view(rig.words, 0, ROWS), t, threads);
  // what an edge tile leaves in scratch is no result
  const results = writes.filter((range) => spec.operands[range.operand] !== "scratch");
  const kept = [rig.hyper, ...rig.plan.tensors.filter((tensor) => tensor.name === "program")];

  const memory = rig.memory();
  const pristine = memory.slice();
  const runWith = (change: (image: Uint8Array) => void): Uint8Array => {
    memory.set(pristine);
    change(memory);
    rig.share(0, t, threads);
    return memory.slice();
  };
  const expectSame = (actual: Uint8Array, expected: Uint8Array, what: string): void => {
    if (Buffer.compare(actual, expected) === 0) return;
    const at = actual.findIndex((byte, i) => byte !== expected[i]);
    const tensor = rig.plan.tensors.findLast((x) => x.address <= at);
    const where = `byte ${at - (tensor?.address ?? 0)} of ${tensor?.name}`;
    throw new Error(`${spec.name}, thread ${t} of ${threads}: ${where} ${what}`);
  };
  /** One image with the given ranges taken from another. */
  const patched = (image: Uint8Array, ranges: readonly Range[], from: Uint8Array): Uint8Array => {
    const out = image.slice();
    copy(ranges, from, out);
    return out;
  };

  const after = runWith(() => {});
  expectSame(patched(after, writes, pristine), pristine, "was changed, and is not in the table's writes");

  // NaN of another payload all around, or numbers: a value read from there shows in a result
  for (const word of [CANARY ^ 0x1234, 0x3f8ccccd, 0xffc0dead]) {
    const other = runWith((image) => {
      fill([run(abi.ARENA_BASE, image.length - abi.ARENA_BASE)], word, image);
      copy([...reads, ...writes, ...kept.map(({ address, bytes }) => run(address, bytes))], pristine, image);
    });
    expectSame(patched(other, writes, after), other, "depends on bytes outside the table's ranges");
  }

  // other contents of what is written and not read, scratch included: every byte is written, and none of them read
  for (const word of [0x55aa33cc, 0x3f99999a]) {
    const again = runWith((image) => {
      fill(writes, word, image);
      copy(reads, pristine, image);
    });
    expectSame(patched(again, results, after), again, "is in the table's writes, and was read or left alone");
  }
}
