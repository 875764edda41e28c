// exp, expm1, log, log1p, tanh, erf and sigmoid against f64 references, over a regular sample of all f32 arguments and
// the whole neighbourhood of every special point. Prints the largest errors it met; XENT_SWEEP=1 takes every argument.

import { afterAll, describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import * as bounds from "../oracle/bounds.ts";
import { erf } from "../oracle/erf.ts";
import { sigmoid } from "../oracle/pointwise.ts";
import { vmathMemory as memory, vmathInto } from "../support/vmath.ts";
import { expectBits } from "./compare.ts";
import { CANARY } from "./harness.ts";

/** Every how manieth of the 2³² bit patterns is tried; prime, so that all low bits occur. */
const STRIDE = Number(process.env.XENT_SWEEP ?? 4099);
/** Patterns on either side of a special point. */
const AROUND = 2000;
const CHUNK = 1 << 16;

/** Where the functions change formula, the ends of their ranges, and the borders of f32. */
const { LN2, SQRT1_2, SQRT2 } = Math;
const BORDERS = [
  0,
  1e-8,
  1 - SQRT1_2,
  LN2 / 2,
  SQRT2 - 1,
  0.5,
  0.54930615,
  0.6,
  LN2,
  SQRT1_2,
  1,
  1.5 * LN2,
  SQRT2,
  2,
  3.92,
  9.01,
  24 * LN2,
  18,
  24,
  87.33654,
  88.72284,
  103.97,
  2 ** 24,
];
const LIMITS = [2 ** -149, 2 ** -126, 2 ** 127, 3.4028235e38, Number.POSITIVE_INFINITY];
/** Where a sweep of all arguments met the largest errors. */
const WORST = [
  26.71632194519043, 0.37140345573425293, 1.4054595232009888, 0.41629138588905334, 0.6482154130935669,
  0.523888111114502, 0.6647186279296875, -1.1046847105026245,
];
const SPECIAL = [...BORDERS, ...LIMITS].flatMap((x) => [x, -x]).concat(WORST);

/** The bit patterns to try, in chunks of a multiple of four. */
function* patterns(): Generator<Uint32Array<ArrayBuffer>> {
  const run = (first: number, step: number, count: number): Uint32Array<ArrayBuffer> => {
    const bits = new Uint32Array(count);
    for (let i = 0; i < count; i++) bits[i] = first + i * step;
    return bits;
  };
  for (const centre of new Uint32Array(Float32Array.from(SPECIAL).buffer))
    yield run(centre - AROUND, 1, 2 * AROUND);
  const count = Math.ceil(2 ** 32 / STRIDE);
  // a few patterns of the last chunk come round again from 0 on
  for (let first = 0; first < count; first += CHUNK) yield run(first * STRIDE, STRIDE, CHUNK);
}

interface Fn {
  name: string;
  f: number;
  exact: (x: number) => number;
  /** largest error in ulps, over all arguments */
  most: number;
  /** results below 2⁻¹²⁶ are +0; otherwise they are held like all others, in ulps of the subnormals */
  flushed?: boolean;
  /** moves any argument into the function's range, where that is not all f32 */
  into?: (x: number) => number;
  /** checksum of the results, the same on every engine and CPU. Only a change of the kernel may change it. */
  bits: number;
}

/** [0, 1]: larger numbers to their inverse, signs dropped, NaN kept */
const toUnit = (x: number): number => (Math.abs(x) > 1 ? 1 / Math.abs(x) : Math.abs(x));

const FUNCTIONS: readonly Fn[] = [
  { name: "exp", f: abi.MATH_EXP, exact: Math.exp, most: bounds.EXP_ULPS, flushed: true, bits: 0x908a45e6 },
  { name: "log", f: abi.MATH_LOG, exact: Math.log, most: bounds.LOG_ULPS, bits: 0xbe221839 },
  { name: "expm1", f: abi.MATH_EXPM1, exact: Math.expm1, most: bounds.EXPM1_ULPS, bits: 0x6ba34ce4 },
  { name: "log1p", f: abi.MATH_LOG1P, exact: Math.log1p, most: bounds.LOG1P_ULPS, bits: 0xe60d7081 },
  { name: "tanh", f: abi.MATH_TANH, exact: Math.tanh, most: bounds.TANH_ULPS, bits: 0xdf57dbb5 },
  { name: "erf", f: abi.MATH_ERF, exact: erf, most: bounds.ERF_ULPS, bits: 0xee2fc2ad },
  {
    name: "sigmoid",
    f: abi.MATH_SIGMOID,
    exact: sigmoid,
    most: bounds.SIGMOID_ULPS,
    flushed: true,
    bits: 0x5d3aaa99,
  },
  {
    name: "log1pUnit",
    f: abi.MATH_LOG1P_UNIT,
    exact: Math.log1p,
    most: bounds.LOG1P_UNIT_ULPS,
    into: toUnit,
    bits: 0xac19558a,
  },
];

interface Checked {
  worst: number;
  worstAt: number;
  tried: number;
}

/** Holds y = f(x) against the exact values: special ones exactly, others by ulps; throws at the first one off. */
function check(
  { name, exact, most, flushed = false }: Fn,
  x: Float32Array,
  y: Float32Array,
  seen: Checked,
): void {
  for (let i = 0; i < x.length; i++) {
    const [argument, value] = [x[i] as number, y[i] as number];
    const truth = exact(argument);
    let want: number | undefined;
    if (Number.isNaN(truth) || truth === 0) want = truth;
    else if (flushed && Math.abs(truth) < bounds.SMALLEST_NORMAL) want = 0;
    else if (!Number.isFinite(Math.fround(truth))) want = Math.fround(truth);
    let error: number;
    if (want !== undefined) error = Object.is(value, want) ? 0 : Number.POSITIVE_INFINITY;
    else if (Math.sign(value) !== Math.sign(truth)) error = Number.POSITIVE_INFINITY;
    else error = Math.abs(value - truth) / bounds.ulp(truth);
    seen.tried++;
    if (error > seen.worst) [seen.worst, seen.worstAt] = [error, argument];
    if (!(error <= most)) throw new Error(`${name}(${argument}) is ${value}, exactly ${truth}: ${error} ulp`);
  }
}

/** Order-dependent checksum of the bits of all results but NaN, whose payload engines may choose. */
function checksum(hash: number, y: Float32Array<ArrayBuffer>): number {
  const bits = new Uint32Array(y.buffer);
  let h = hash;
  for (let i = 0; i < bits.length; i++)
    h = Math.imul(h ^ (Number.isNaN(y[i]) ? 1 : (bits[i] as number)), 0x01000193);
  return h;
}

const floatsOf = (bits: Uint32Array<ArrayBuffer>): Float32Array<ArrayBuffer> => new Float32Array(bits.buffer);
const table: string[] = [];

describe("vector functions", () => {
  const x = new Float32Array(memory.buffer, abi.ARENA_BASE, CHUNK);
  const y = new Float32Array(memory.buffer, abi.ARENA_BASE + 4 * CHUNK + 64, CHUNK);
  const prepare = (): void => {
    new Uint32Array(memory.buffer, abi.ARENA_BASE).fill(CANARY);
  };

  /** f of at most CHUNK arguments, by the kernel; filled up with zeros to a multiple of four */
  function run(f: number, values: Float32Array): Float32Array<ArrayBuffer> {
    const whole = (values.length + 3) & ~3;
    x.fill(0, values.length, whole).set(values);
    vmathInto(f, whole, x.byteOffset, y.byteOffset);
    return y.slice(0, values.length);
  }

  it.each(FUNCTIONS)(
    "$name: at most $most ulp off; its bits are the recorded ones",
    async (fn) => {
      prepare();
      const seen = { worst: 0, worstAt: 0, tried: 0 };
      let hash = 0x811c9dc5 | 0;
      let chunks = 0;
      for (const chunk of patterns()) {
        const args = fn.into ? floatsOf(chunk).map(fn.into) : floatsOf(chunk);
        const results = run(fn.f, args);
        check(fn, args, results, seen);
        hash = checksum(hash, results);
        // over all 2³² arguments the runner would take us for dead
        if (++chunks % 256 === 0) await new Promise(setImmediate);
      }
      table.push(
        `${fn.name.padEnd(9)} ${seen.worst.toFixed(4)} ulp at ${seen.worstAt}, ${seen.tried} arguments`,
      );
      if (STRIDE === 4099) expect(`0x${(hash >>> 0).toString(16)}`).toBe(`0x${fn.bits.toString(16)}`);
    },
    STRIDE < 1000 ? 4 * 3600_000 : 20_000,
  );

  it("expNonPositive: the bits of exp wherever x ≤ 0 or NaN", () => {
    prepare();
    for (const chunk of patterns()) {
      const args = floatsOf(chunk).map((value) => -Math.abs(value));
      const whole = run(abi.MATH_EXP, args);
      expectBits(run(abi.MATH_EXP_NONPOSITIVE, args), whole, "expNonPositive");
    }
  });

  it.each([
    ["tanh", abi.MATH_TANH],
    ["erf", abi.MATH_ERF],
  ])("%s is odd to the bit", (name, f) => {
    prepare();
    for (const chunk of patterns()) {
      const args = floatsOf(chunk);
      const mirrored = args.map((value) => -value);
      const wanted = run(f, args).map((value) => -value);
      expectBits(run(f, mirrored), wanted, name);
    }
  });

  it("vmath writes in place and nothing beyond", () => {
    for (const { name, f } of [...FUNCTIONS, { name: "expNonPositive", f: abi.MATH_EXP_NONPOSITIVE }]) {
      prepare();
      const values = Float32Array.of(1, 0, 0.5, 0.25).map((value) =>
        name === "expNonPositive" ? -value : value,
      );
      const wanted = run(f, values);
      prepare();
      x.set(values, 4);
      const before = new Uint8Array(memory.buffer.slice(0));
      vmathInto(f, 4, x.byteOffset + 16, x.byteOffset + 16);
      const after = x.slice(4, 8);
      expectBits(after, wanted, name);
      before.set(new Uint8Array(after.buffer), x.byteOffset + 16);
      expect(Buffer.compare(before, new Uint8Array(memory.buffer)), name).toBe(0);
    }
  });

  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  const [least, small] = [2 ** -149, 2 ** -140];
  it.each<[string, number, number[], number[]]>([
    ["exp", abi.MATH_EXP, [0, -0, inf, -inf, nan, 88.73, -87.34, 1e30], [1, 1, inf, 0, nan, inf, 0, inf]],
    ["log", abi.MATH_LOG, [1, 0, -0, inf, -inf, nan, -1, -1e-45], [0, -inf, -inf, inf, nan, nan, nan, nan]],
    [
      "expm1",
      abi.MATH_EXPM1,
      [0, -0, inf, -inf, nan, 88.73, -17.4, -1e30, least, -small],
      [0, -0, inf, -1, nan, inf, -1, -1, least, -small],
    ],
    [
      "log1p",
      abi.MATH_LOG1P,
      [0, -0, inf, -inf, nan, -1, -1.0000001, -1e30, least, -small],
      [0, -0, inf, nan, nan, -inf, nan, nan, least, -small],
    ],
    [
      "tanh",
      abi.MATH_TANH,
      [0, -0, inf, -inf, nan, 9.02, -9.02, 1e30, least, -small],
      [0, -0, 1, -1, nan, 1, -1, 1, least, -small],
    ],
    [
      "erf",
      abi.MATH_ERF,
      [0, -0, inf, -inf, nan, 3.93, -3.93, 1e30, least, -least],
      [0, -0, 1, -1, nan, 1, -1, 1, least, -least],
    ],
    ["sigmoid", abi.MATH_SIGMOID, [0, -0, inf, -inf, nan, 88, -87.34, 17.4], [0.5, 0.5, 1, 0, nan, 1, 0, 1]],
    ["log1pUnit", abi.MATH_LOG1P_UNIT, [0, nan, least, small], [0, nan, least, small]],
    ["expNonPositive", abi.MATH_EXP_NONPOSITIVE, [0, -0, -inf, nan, -87.34], [1, 1, 0, nan, 0]],
  ])("%s of special numbers", (name, f, values, results) => {
    prepare();
    expectBits(run(f, Float32Array.from(values)), results, name);
    // NaN of every kind of payload: quiet and signalling, low bits and high, either sign
    const payloads = [0x7fc00000, 0x7fc00001, 0x7f800001, 0x7fffffff, 0xffc00001, 0xff800001, 0xffffffff];
    expectBits(
      run(f, floatsOf(Uint32Array.from(payloads))),
      payloads.map(() => nan),
      `${name} of NaN`,
    );
  });
});

afterAll(() => console.log(["largest errors met:", ...table].join("\n")));
