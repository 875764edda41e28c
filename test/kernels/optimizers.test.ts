// The optimisers that keep something, and what prepares gradients for them: the bits of the order in which each kernel rounds,
// with a fused multiply-add where the build has one, and the f64 oracle within the bound of that order (docs/numerics.md,
// "Optimisers").

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { SMALLEST_NORMAL } from "../oracle/bounds.ts";
import { floats, SEED } from "../oracle/data.ts";
import { fma } from "../oracle/gemm.ts";
import * as oracle from "../oracle/optimizers.ts";
import * as rounded from "../oracle/rounded.ts";
import { exactly, type Rounded } from "../oracle/rounded.ts";
import { expectBits, expectWithin } from "./compare.ts";
import { type Build, builds, type Hyper, Rig, relaxed } from "./harness.ts";

/** Arithmetic in which the order of a kernel is written once: with f32 numbers it gives bits, with rounded ones a bound. */
interface Arithmetic<T> {
  of(x: number): T;
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  sqrt(a: T): T;
  /** c + a·b */
  madd(a: T, b: T, c: T): T;
  flush(a: T): T;
  /** a < 0 ? 0 : a */
  positive(a: T): T;
  /** a held to ±most */
  hold(a: T, most: T): T;
}

const f32 = (fused: boolean): Arithmetic<number> => ({
  of: Math.fround,
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b),
  sqrt: (a) => Math.fround(Math.sqrt(a)),
  madd: (a, b, c) => (fused ? fma(a, b, c) : Math.fround(c + Math.fround(a * b))),
  flush: (a) => (Math.abs(a) < SMALLEST_NORMAL ? 0 : a),
  positive: (a) => (a < 0 ? 0 : a),
  hold: (a, most) => (a > most ? most : a < -most ? -most : a),
});

/** A fused multiply-add has fewer roundings and the same bound. */
const bounds: Arithmetic<Rounded> = {
  ...rounded,
  of: exactly,
  madd: (a, b, c) => rounded.add(c, rounded.mul(a, b)),
  flush: rounded.flushed,
  positive: ({ value, off }) => ({ value: Math.max(0, value), off }),
  hold: ({ value, off }, { value: most }) => ({ value: Math.max(-most, Math.min(most, value)), off }),
};

/** One update of one element: the parameter, its gradient, what is kept, and the same afterwards. */
interface Update {
  readonly name: string;
  readonly op: number;
  /** whether each slot operand is there */
  readonly kept: readonly boolean[];
  /** of the record, behind the scale of the learning rate */
  readonly scalars: readonly number[];
  readonly hyper: Hyper;
  /** in the order of the kernel, scalars included */
  order<T>(a: Arithmetic<T>, p: T, g: T, kept: readonly T[]): T[];
  /** by the formula */
  exact(p: number, g: number, kept: readonly number[]): number[];
}

const F = Math.fround;
/** Scale of the learning rate, which every record has first. */
const SCALE = 0.5;
const [LR, EPS] = [F(0.1), F(1e-6)];
const at = <T>(list: readonly T[], i: number): T => list[i] as T;
const averaged = <T>(a: Arithmetic<T>, before: T, take: number, x: T): T =>
  a.flush(a.madd(a.of(take), a.sub(x, before), before));

function momentum(name: string, correction1: number, correction2: number, nesterov: boolean): Update {
  const [mu, second] = [F(0.9), F(correction2)];
  return {
    name,
    op: abi.OP_MOMENTUM_STEP,
    kept: [true],
    scalars: [mu, nesterov ? mu : 0],
    hyper: { lr: LR, correction1, correction2 },
    order(a, p, g, [before]) {
      const keep = a.mul(a.of(correction1), a.of(mu));
      const b = a.flush(a.madd(a.of(second), g, a.mul(keep, before as typeof p)));
      const d = nesterov ? a.madd(a.of(mu), b, g) : b;
      return [a.flush(a.madd(a.of(-LR * SCALE), d, p)), b];
    },
    exact(p, g, [before]) {
      const first = correction1 === 0;
      const b = oracle.momentumBuffer(before as number, g, mu, 1 - second, first);
      return [p - LR * SCALE * (nesterov ? g + mu * b : b), b];
    },
  };
}

function adam(name: string, decay: number, step: number): Update {
  const [beta1, beta2] = [0.9, 0.999];
  const [take1, take2, lambda] = [F(1 - beta1), F(1 - beta2), F(decay)];
  const root = Math.sqrt(1 - beta2 ** step);
  const first = (LR * root) / (1 - beta1 ** step);
  return {
    name,
    op: abi.OP_ADAM_STEP,
    kept: [true, true],
    scalars: [take1, take2, EPS, lambda],
    hyper: { lr: LR, correction1: first, correction2: root },
    order(a, p, g, kept) {
      const m = averaged(a, at(kept, 0), take1, g);
      const v = averaged(a, at(kept, 1), take2, a.mul(g, g));
      const eps = a.mul(a.of(EPS), a.of(F(root)));
      const q = a.div(m, a.add(a.sqrt(v), eps));
      const shrink = a.mul(a.of(-LR * SCALE), a.of(lambda));
      return [a.flush(a.madd(a.of(-F(first) * SCALE), q, a.madd(shrink, p, p))), m, v];
    },
    exact(p, g, kept) {
      // the corrections as the kernel has them: what their own rounding does is rates' matter
      const m = oracle.average(at(kept, 0), g, take1);
      const v = oracle.average(at(kept, 1), g * g, take2);
      const unbiased = oracle.ratio(m, v / F(root) ** 2, EPS);
      return [p * (1 - LR * SCALE * lambda) - ((F(first) * SCALE) / F(root)) * unbiased, m, v];
    },
  };
}

function rmsprop(name: string, centered: boolean, mu: number): Update {
  const take = F(0.01);
  const has = mu > 0;
  return {
    name,
    op: abi.OP_RMSPROP_STEP,
    kept: [true, centered, has],
    scalars: [take, EPS, F(mu)],
    hyper: { lr: LR },
    order(a, p, g, kept) {
      const v = averaged(a, at(kept, 0), take, a.mul(g, g));
      const mean = centered ? averaged(a, at(kept, 1), take, g) : undefined;
      const s = mean === undefined ? v : a.positive(a.sub(v, a.mul(mean, mean)));
      let q = a.div(g, a.add(a.sqrt(s), a.of(EPS)));
      if (has) q = a.flush(a.madd(a.of(F(mu)), at(kept, centered ? 2 : 1), q));
      const after = a.flush(a.madd(a.of(-LR * SCALE), q, p));
      return [after, v, ...(mean === undefined ? [] : [mean]), ...(has ? [q] : [])];
    },
    exact(p, g, kept) {
      const v = oracle.average(at(kept, 0), g * g, take);
      const mean = centered ? oracle.average(at(kept, 1), g, take) : 0;
      const q = oracle.ratio(g, v - mean * mean, EPS) + (has ? F(mu) * at(kept, centered ? 2 : 1) : 0);
      return [p - LR * SCALE * q, v, ...(centered ? [mean] : []), ...(has ? [q] : [])];
    },
  };
}

const adagrad: Update = {
  name: "adagradStep",
  op: abi.OP_ADAGRAD_STEP,
  kept: [true],
  scalars: [EPS],
  hyper: { lr: LR },
  order(a, p, g, kept) {
    const s = a.flush(a.madd(g, g, at(kept, 0)));
    const q = a.div(g, a.add(a.sqrt(s), a.of(EPS)));
    return [a.flush(a.madd(a.of(-LR * SCALE), q, p)), s];
  },
  exact(p, g, kept) {
    const s = at(kept, 0) + g * g;
    return [p - LR * SCALE * oracle.ratio(g, s, EPS), s];
  },
};

const UPDATES: readonly Update[] = [
  momentum("momentumStep", 1, 1, false),
  momentum("momentumStep, dampening", 1, 0.75, false),
  momentum("momentumStep, the first", 0, 1, false),
  momentum("momentumStep, Nesterov", 1, 1, true),
  momentum("momentumStep, Nesterov, the first", 0, 1, true),
  adam("adamStep, the first", 0, 1),
  adam("adamStep, the thousandth, decay", 0.01, 1000),
  rmsprop("rmspropStep", false, 0),
  rmsprop("rmspropStep, centered", true, 0),
  rmsprop("rmspropStep, momentum", false, 0.9),
  rmsprop("rmspropStep, centered, momentum", true, 0.9),
  adagrad,
];

/** What stands in memory: parameter, gradient, and as many slots as there are. */
type Columns = readonly Float32Array[];

function ran(build: Build, { op, kept, scalars, hyper }: Update, [p, g, ...slots]: Columns): Columns {
  const rig = new Rig(build);
  const n = (p as Float32Array).length;
  const run = (name: string, values: Float32Array) => rig.inOut(name, 1, n, values);
  const params = run("p", p as Float32Array);
  const grads = rig.input("g", 1, n, g as Float32Array);
  let next = 0;
  const tensors = kept.map((has, i) => (has ? run(`slot ${i}`, slots[next++] as Float32Array) : undefined));
  rig.builder.update(op, [params, grads, ...tensors], [SCALE, ...scalars]);
  rig.run(hyper);
  return [params, ...tensors.filter((tensor) => tensor !== undefined)].map((tensor) => rig.read(tensor));
}

/** Slots of squares are never below 0, and never less than those of means squared: variances are not negative. */
function columns(update: Update, n: number, seed: number, scale = 1): Columns {
  const { kept, op } = update;
  const count = kept.filter(Boolean).length;
  const of = (i: number, least = -1): Float32Array => floats(seed + i, n, least, 1).map((x) => x * scale);
  const squares = (i: number): Float32Array => floats(seed + i, n, 1.5, 2.5).map((x) => x * scale * scale);
  const square = op === abi.OP_ADAM_STEP ? 1 : op === abi.OP_MOMENTUM_STEP ? -1 : 0;
  return [
    of(0),
    of(1),
    ...Array.from({ length: count }, (_, i) => (i === square ? squares(2 + i) : of(2 + i))),
  ];
}

/** Every element of the columns through a function; back as columns. */
function mapped<T>(list: Columns, f: (p: number, g: number, kept: number[]) => T[]): T[][] {
  const n = at(list, 0).length;
  const rows = Array.from({ length: n }, (_, i) => {
    const [p, g, ...kept] = list.map((column) => column[i] as number);
    return f(p as number, g as number, kept);
  });
  return Array.from({ length: list.length - 1 }, (_, c) => rows.map((row) => at(row, c)));
}

const inOrder = (update: Update, list: Columns, fused: boolean): number[][] =>
  mapped(list, (p, g, kept) => update.order(f32(fused), p, g, kept));

/** What f64 rounds in the oracle and in the bound's own centre, a dozen times at most. */
const F64 = 16 * Number.EPSILON;

describe.each([...builds, relaxed])(`optimisers, $name build (seed ${SEED})`, (build) => {
  describe.each(UPDATES)("$name", (update) => {
    const expectColumns = (got: Columns, want: number[][], what: string): void => {
      for (const [i, column] of want.entries())
        expectBits(
          at(got, i) as Float32Array<ArrayBuffer>,
          column,
          `${what}, ${i === 0 ? "p" : `slot ${i - 1}`}`,
        );
    };

    it.each([0, 4, 8, 12, 16, 20, 48, 52, 1024, 4 * 997])("%i parameters", (n) => {
      const list = columns(update, n, n + 1);
      const got = ran(build, update, list);
      expectColumns(got, inOrder(update, list, build.fused), "bits");
      const exact = mapped(list, update.exact);
      const bound = mapped(list, (p, g, kept) =>
        update.order(bounds, exactly(p), exactly(g), kept.map(exactly)),
      );
      for (const [i, column] of exact.entries()) {
        const allowed = at(bound, i).map(({ off }, j) => off + F64 * Math.abs(at(column, j)));
        expectWithin(at(got, i), column, allowed, `column ${i}`);
        // of use: an update's error is a share of what it adds up, which is about 1 here
        if (n > 0) expect(Math.max(...allowed)).toBeLessThan(2 ** -19);
      }
    });

    it.each([2 ** -40, 2 ** -62, 2 ** -70, 2 ** -120, 2 ** -128, 2 ** 40, 2 ** 63, 2 ** 100])(
      "numbers of about %e",
      (scale) => {
        const list = columns(update, 64, 7, scale);
        const got = ran(build, update, list);
        expectColumns(got, inOrder(update, list, build.fused), `scale ${scale}`);
        for (const column of got) {
          expect(column.filter((x) => x !== 0 && Math.abs(x) < SMALLEST_NORMAL)).toEqual(new Float32Array(0));
        }
      },
    );

    it("keeps 0 where everything is 0", () => {
      const zeros = columns(update, 8, 1).map((column) => column.fill(0));
      for (const column of ran(build, update, zeros))
        expectBits(column as Float32Array<ArrayBuffer>, new Float32Array(8), "zeros");
    });

    it("NaN and infinity in a gradient reach its parameter and no other", () => {
      const list = columns(update, 16, 3);
      const spoilt = list.map((column) => column.slice());
      const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
      at(spoilt, 1).set([nan, inf, -inf], 2);
      const [got, clean] = [ran(build, update, spoilt), ran(build, update, list)];
      expectColumns(got, inOrder(update, spoilt, build.fused), "special");
      expect(at(got, 0)[2]).toBeNaN();
      for (const [c, column] of got.entries()) {
        for (const i of [0, 1, 5, 6, 15]) expect(column[i]).toBe(at(clean, c)[i]);
      }
    });
  });
});

describe.each([...builds, relaxed])(`prepareGradient, $name build (seed ${SEED})`, (build) => {
  const [factor, most, decay, l1] = [F(0.7), F(0.4), F(0.03), F(0.01)];
  const prepare = (
    p: Float32Array,
    g: Float32Array,
    options: { factor?: number; most?: number; decay?: number; l1?: number },
  ): Float32Array<ArrayBuffer> => {
    const rig = new Rig(build);
    const n = p.length;
    const clip = options.factor === undefined ? undefined : rig.input("clip", 1, 3, [options.factor, 5, 5]);
    const out = rig.inOut("g", 1, n, g);
    rig.builder.prepareGradient(rig.input("p", 1, n, p), out, { ...options, clip });
    rig.run();
    return rig.read(out);
  };
  const order = <T>(a: Arithmetic<T>, p: number, g: number, o: Parameters<typeof prepare>[2]): T => {
    const held = o.most === undefined ? a.of(g) : a.hold(a.of(g), a.of(o.most));
    const sum = a.madd(a.of(o.decay ?? 0), a.of(p), a.mul(a.of(o.factor ?? 1), held));
    return a.add(sum, a.of((o.l1 ?? 0) * Math.sign(p)));
  };

  it.each([
    ["all of it", { factor, most, decay, l1 }],
    ["the norm alone", { factor }],
    ["values alone", { most }],
    ["weight decay alone", { decay }],
    ["L1 alone", { l1 }],
    ["a factor of NaN", { factor: Number.NaN }],
  ] as const)("%s", (_, options) => {
    for (const n of [0, 4, 8, 52, 4 * 251]) {
      const [p, g] = [floats(n + 1, n), floats(n + 2, n)];
      for (let i = 0; i < n; i += 5) p[i] = i % 2 === 0 ? 0 : -0;
      const got = prepare(p, g, options);
      expectBits(
        got,
        p.map((x, i) => order(f32(build.fused), x, g[i] as number, options)),
        `${n}`,
      );
      if ("factor" in options && Number.isNaN(options.factor)) continue;
      const exact = Array.from(p, (x, i) => oracle.prepared(x, g[i] as number, options));
      const bound = Array.from(p, (x, i) => order(bounds, x, g[i] as number, options).off);
      expectWithin(
        got,
        exact,
        bound.map((off, i) => off + F64 * Math.abs(exact[i] as number)),
        `${n}`,
      );
    }
  });

  it("keeps NaN, and holds infinity", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const got = prepare(new Float32Array(4).fill(1), Float32Array.of(nan, inf, -inf, 0.25), { most: 0.5 });
    expectBits(got, [nan, 0.5, -0.5, 0.25], "held");
  });
});

describe.each([...builds, relaxed])(`the norm of gradients, $name build (seed ${SEED})`, (build) => {
  const { SQUARES_BLOCK: BLOCK } = abi;
  const normed = (x: Float32Array, most: number): { sums: Float64Array; factor: number; norm: number } => {
    const rig = new Rig(build);
    const blocks = Math.ceil(x.length / BLOCK);
    const sums = rig.output("sums", 1, 2 * blocks);
    // as in the hyper region: an f32, then an f64 at a multiple of 8
    const clip = rig.output("clip", 1, 3, { shift: 1 });
    // in two records, as over two runs of parameters
    const cut = blocks < 2 ? x.length : BLOCK;
    rig.builder.squareSums(rig.input("x", 1, cut, x.subarray(0, cut)), sums);
    if (cut < x.length) {
      rig.builder.squareSums(rig.input("rest", 1, x.length - cut, x.subarray(cut)), sums, 1);
    }
    rig.builder.clipFactor(sums, clip, most);
    rig.run();
    const words = rig.read(clip);
    return {
      sums: new Float64Array(rig.read(sums).buffer),
      factor: words[0] as number,
      norm: new Float64Array(words.buffer.slice(4))[0] as number,
    };
  };

  it.each([4, 8, 12, BLOCK - 4, BLOCK, BLOCK + 4, 2 * BLOCK, 3 * BLOCK + 4 * 331])("%i elements", (n) => {
    const x = floats(n, n);
    // far above and below what can be squared in f32
    for (let i = 0; i < n; i += 3) x[i] = (x[i] as number) * 2 ** -80;
    for (const scale of [1, 2 ** 100, 2 ** -100]) {
      const scaled = x.map((v) => v * scale);
      const { sums, norm } = normed(scaled, 1);
      const blocks = Array.from(
        sums,
        (_, b) => oracle.norm([scaled.subarray(b * BLOCK, (b + 1) * BLOCK)]) ** 2,
      );
      // squares are exact in f64; each sum passes so many additions
      expectWithin(
        sums,
        blocks,
        blocks.map((s) => (BLOCK + 4) * Number.EPSILON * s),
        `sums, ${scale}`,
      );
      const exact = oracle.norm([scaled]);
      expectWithin([norm], [exact], [n * Number.EPSILON * exact], `norm, ${scale}`);
    }
  });

  it("the factor is 1 up to the norm that is wanted, and then what makes it so", () => {
    const x = Float32Array.of(3, 0, 0, 4);
    for (const most of [0.5, 4, 5, 5.5, 1e30]) {
      const { factor, norm } = normed(x, most);
      expect(norm).toBe(5);
      expect(factor).toBe(F(oracle.clipFactor(5, F(most))));
    }
    expect(normed(new Float32Array(4), 1)).toMatchObject({ factor: 1, norm: 0 });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("a gradient of %d makes the factor NaN", (bad) => {
    expect(normed(Float32Array.of(1, bad, 1, 1), 1).factor).toBeNaN();
  });
});
