// exp, log and sigmoid against Math.exp and Math.log in f64, over a regular sample of all f32 arguments and the
// whole neighbourhood of every special point. Prints the largest errors it met; XENT_SWEEP=1 takes every argument.

import { afterAll, describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { EXP_ULPS, LOG_ULPS, SIGMOID_ULPS, SMALLEST_NORMAL, ulp } from "../oracle/bounds.ts";
import { sigmoid } from "../oracle/pointwise.ts";
import { expectBits } from "./compare.ts";
import { builds, Rig } from "./harness.ts";

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
  LN2 / 2,
  0.5,
  LN2,
  SQRT1_2,
  1,
  1.5 * LN2,
  SQRT2,
  2,
  87.33654,
  88.72284,
  103.97,
  2 ** 24,
];
const LIMITS = [2 ** -149, 2 ** -126, 2 ** 127, 3.4028235e38, Number.POSITIVE_INFINITY];
/** Where a sweep of all arguments met the largest errors. */
const WORST = [-59.90261459350586, 1.4054595232009888, -4.157293796539307];
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

interface Checked {
  worst: number;
  worstAt: number;
  tried: number;
}

/** Holds y = f(x) against `exact`: special values exactly, normal results by ulps; throws at the first one off. */
function check(
  x: Float32Array,
  y: Float32Array,
  exact: (x: number) => number,
  most: number,
  seen: Checked,
): void {
  for (let i = 0; i < x.length; i++) {
    const [argument, value] = [x[i] as number, y[i] as number];
    const truth = exact(argument);
    seen.tried++;
    let error = 0;
    if (Number.isNaN(truth)) error = Number.isNaN(value) ? 0 : Number.POSITIVE_INFINITY;
    // an exact value that f32 has not: +0 below the normal numbers, infinity above the largest
    else if (Math.abs(truth) < SMALLEST_NORMAL) error = Object.is(value, 0) ? 0 : Number.POSITIVE_INFINITY;
    else if (!Number.isFinite(Math.fround(truth)))
      error = value === Math.fround(truth) ? 0 : Number.POSITIVE_INFINITY;
    else error = Math.abs(value - truth) / ulp(truth);
    if (error > seen.worst) [seen.worst, seen.worstAt] = [error, argument];
    if (!(error <= most)) throw new Error(`f(${argument}) is ${value}, exactly ${truth}: ${error} ulp`);
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

/** `bits`: checksum of the results, the same on every engine and CPU. Only a change of the kernel may change it. */
const FUNCTIONS = [
  { f: "exp", exact: Math.exp, most: EXP_ULPS, bits: 0xbe87e646 },
  { f: "log", exact: Math.log, most: LOG_ULPS, bits: 0x1858c3af },
  { f: "sigmoid", exact: sigmoid, most: SIGMOID_ULPS, bits: 0x3738197a },
];
const table: string[] = [];

describe.each(builds)("$name build", ({ name: build, arena }) => {
  const rig = new Rig({ name: build, arena });
  const x = rig.output("x", 1, CHUNK);
  const y = rig.output("y", 1, CHUNK);
  rig.builder.unary(abi.OP_SIGMOID_FORWARD, x, y);

  /** f of the given bit patterns, by the kernel */
  function run(
    f: string,
    bits: Uint32Array<ArrayBuffer>,
  ): { x: Float32Array<ArrayBuffer>; y: Float32Array<ArrayBuffer> } {
    arena.u32(x).set(bits);
    if (f === "exp") rig.kernels.vexp(bits.length, x.address, y.address);
    else if (f === "log") rig.kernels.vlog(bits.length, x.address, y.address);
    else rig.program.run();
    return { x: arena.f32(x).slice(0, bits.length), y: arena.f32(y).slice(0, bits.length) };
  }

  it.each(FUNCTIONS)(
    "$f: at most $most ulp off where the result is normal, +0 below; its bits are the recorded ones",
    async ({ f, exact, most, bits }) => {
      rig.prepare();
      const seen = { worst: 0, worstAt: 0, tried: 0 };
      let hash = 0x811c9dc5 | 0;
      let chunks = 0;
      for (const chunk of patterns()) {
        const { x, y } = run(f, chunk);
        check(x, y, exact, most, seen);
        hash = checksum(hash, y);
        // over all 2³² arguments the runner would take us for dead
        if (++chunks % 256 === 0) await new Promise(setImmediate);
      }
      table.push(
        `${f.padEnd(8)} ${build.padEnd(6)} ${seen.worst.toFixed(4)} ulp at ${seen.worstAt}, ${seen.tried} arguments`,
      );
      if (STRIDE === 4099) expect(`0x${(hash >>> 0).toString(16)}`).toBe(`0x${bits.toString(16)}`);
    },
    STRIDE < 1000 ? 4 * 3600_000 : 20_000,
  );

  it("vexp and vlog write in place and nothing beyond", () => {
    for (const [f, values] of [
      ["vexp", [0, 1, -1, 100]],
      ["vlog", [1, 0, -1, 2]],
    ] as const) {
      rig.prepare();
      const before = rig.memory().slice();
      arena.f32(x).set(values, 4);
      rig.kernels[f](4, x.address + 16, x.address + 16);
      const after = arena.f32(x).slice(4, 8);
      expect(after[0]).toBe(f === "vexp" ? 1 : 0);
      before.set(new Uint8Array(after.buffer), x.address + 16);
      expect(Buffer.compare(before, rig.memory())).toBe(0);
    }
  });

  it("exact values: e⁰ = 1, ln 1 = +0, ln 0 = −∞, σ(0) = ½, and what NaN and ∞ give", () => {
    rig.prepare();
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const of = (f: string, values: number[]) =>
      run(f, new Uint32Array(Float32Array.from(values).buffer)).y.slice(0, values.length);
    expectBits(
      of("exp", [0, -0, inf, -inf, nan, 88.73, -87.34, 1e30]),
      [1, 1, inf, 0, nan, inf, 0, inf],
      "exp",
    );
    expectBits(
      of("log", [1, 0, -0, inf, -inf, nan, -1, -1e-45]),
      [0, -inf, -inf, inf, nan, nan, nan, nan],
      "log",
    );
    expectBits(
      of("sigmoid", [0, -0, inf, -inf, nan, 88, -87.34, 17.4]),
      [0.5, 0.5, 1, 0, nan, 1, 0, 1],
      "sigmoid",
    );
  });
});

afterAll(() => console.log(["largest errors met:", ...table].join("\n")));
