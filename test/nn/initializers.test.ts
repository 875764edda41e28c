// Initial values: the numbers of each distribution against PyTorch's, how the values are spread, their bits, and what is refused.

import { describe, expect, it } from "vitest";
import { Random, STREAM_INIT, threefry } from "../../src/base/random.ts";
import type { InitSpec } from "../../src/base/spec.ts";
import { distribution, initialize, type Surroundings } from "../../src/nn/initialize.ts";
import { checkInit, constant, ones, torchDefault, uniform, zeros } from "../../src/nn/initializers.ts";
import {
  byActivation,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  lecunNormal,
  lecunUniform,
  normal,
  truncatedNormal,
} from "../../src/nn/spreads.ts";
import { decode, type Encoded, read } from "../fixtures/read.ts";
import {
  type Cdf,
  criticalDistance,
  distance,
  normalCdf,
  truncatedCdf,
  uniformCdf,
} from "../oracle/distributions.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

interface Case {
  readonly name: string;
  readonly spec: InitSpec;
  readonly around: Surroundings;
  /** what PyTorch asks of its generator */
  readonly distribution: InitSpec;
  readonly quantiles?: Encoded;
}

const CASES = read<Case>("initializers.json");
const COUNT = 100_000;
/** of PyTorch's sample, of which every 128th value is known */
const [THEIRS, STRIDE] = [65_536, 128];
/** The seeds are fixed: a test that passes always does. */
const ALPHA = 1e-3;

/** `count` values in one row. */
function drawn(spec: InitSpec, around: Surroundings, count = COUNT, seed = 1, substream = 0): Float32Array {
  const data = new Float32Array(count);
  initialize(
    data,
    { rows: 1, cols: count, ld: count },
    spec,
    around,
    new Random(seed, STREAM_INIT, substream),
  );
  return data;
}

function cdf(of: InitSpec): Cdf {
  if (of.kind === "uniform") return uniformCdf(of.low, of.high);
  if (of.kind === "normal") return normalCdf(of.mean, of.std);
  if (of.kind === "truncatedNormal") return truncatedCdf(of.mean, of.std, of.low, of.high);
  throw new Error("a constant has none");
}

describe("against PyTorch", () => {
  it.each(CASES)(
    "$name: what is drawn from, to the last bit",
    ({ name, spec, around, distribution: theirs }) => {
      expect(checkInit("dense: init", spec)).toEqual(spec);
      const ours = distribution(spec, around);
      if (name !== "torchDefault, as Linear has it") return expect(ours).toEqual(theirs);
      // PyTorch goes by √3·√(1/3)/√in: five roundings of 2⁻⁵³, and 1/√in two
      const high = (of: InitSpec): number => (of as { high: number }).high;
      expect(Math.abs(high(ours) / high(theirs) - 1)).toBeLessThanOrEqual(7.1 * 2 ** -53);
    },
  );

  for (const { name, spec, around, distribution: theirs, quantiles } of CASES) {
    if (quantiles === undefined) continue;
    it(`${name}: Kolmogorov and Smirnov, against its values and against the distribution function`, () => {
      const known = decode(quantiles);
      expect(known.length).toBe(THEIRS / STRIDE);
      const values = drawn(spec, around);
      const sorted = values.slice().sort();
      let [most, at] = [0, 0];
      for (const [i, quantile] of known.entries()) {
        while (at < COUNT && (sorted[at] as number) <= quantile) at++;
        most = Math.max(most, Math.abs(at / COUNT - ((i + 1) * STRIDE) / THEIRS));
      }
      expect(most).toBeLessThan(criticalDistance(ALPHA, COUNT, THEIRS));
      expect(distance(values, cdf(theirs))).toBeLessThan(criticalDistance(ALPHA, COUNT));
      // and what PyTorch drew is that distribution too
      for (const [i, quantile] of known.entries()) {
        const off = Math.abs(cdf(theirs)(quantile) - ((i + 1) * STRIDE) / THEIRS);
        expect(off).toBeLessThan(criticalDistance(ALPHA, THEIRS));
      }
    });
  }

  it("the critical distance tells a uniform from a normal distribution of the same spread, and 3 % more spread", () => {
    const around = { fanIn: 256, fanOut: 128 };
    const std = 1 / 16;
    const of = (init: InitSpec): number => distance(drawn(init, around), normalCdf(0, std));
    expect(of(lecunNormal())).toBeLessThan(criticalDistance(ALPHA, COUNT));
    expect(of(lecunUniform())).toBeGreaterThan(criticalDistance(ALPHA, COUNT));
    expect(of(normal({ std: 1.03 * std }))).toBeGreaterThan(criticalDistance(ALPHA, COUNT));
  });
});

const TIE = 1 + 3 * 2 ** -24;
const AROUND: Surroundings = { fanIn: 100, fanOut: 50 };

describe("values", () => {
  it("of a normal distribution are not correlated within a pair", () => {
    const values = drawn(normal(), AROUND);
    let product = 0;
    for (let i = 0; i < COUNT; i += 2) product += values[i]! * values[i + 1]!;
    // the product of two has the variance 1
    expect(Math.abs(product / (COUNT / 2))).toBeLessThan(5 / Math.sqrt(COUNT / 2));
  });

  it.each([normal(), truncatedNormal({ low: -3e38, high: 3e38 })])(
    "%j: has the tails of a normal one",
    (spec) => {
      const count = 1_000_000;
      const values = drawn(spec, AROUND, count);
      // 2·(1 − Φ(z)) of them, give or take five standard deviations
      for (const [z, share] of [
        [3, 0.0026997960632601866],
        [4, 6.334248366623973e-5],
      ] as const) {
        let beyond = 0;
        for (const value of values) if (Math.abs(value) > z) beyond++;
        expect(Math.abs(beyond - count * share)).toBeLessThan(5 * Math.sqrt(count * share));
      }
    },
  );

  it.each([
    truncatedNormal(),
    truncatedNormal({ low: 0.1, high: 0.3, std: 100 }),
    truncatedNormal({ low: -0.3, high: -0.1, mean: 5 }),
    truncatedNormal({ low: 10, high: 3e38 }),
    truncatedNormal({ low: -3e38, high: 3e38 }),
    truncatedNormal({ low: 99, high: 101 }),
    truncatedNormal({ low: 0.1, high: 0.1 + 2 ** -50, std: 1e-3 }),
    // halfway between two f32, where one unit of f64 less would be rounded below
    truncatedNormal({ mean: -2.97, std: 0.23, low: TIE, high: TIE + 2 ** -51 }),
    uniform({ low: 0.1, high: 0.3 }),
    uniform({ low: -3e38, high: 3e38 }),
    uniform({ low: 0.1, high: 0.1 + 2 ** -54 }),
    uniform({ low: 1, high: 1 + 2 ** -52 }),
  ])("%j: inside its bounds, which are rounded to f32 as the values are", (spec) => {
    const { low, high } = spec as { low: number; high: number };
    for (const value of drawn(spec, AROUND, 20_000)) {
      if (!(value >= Math.fround(low) && value <= Math.fround(high))) throw new Error(`${value}`);
    }
  });

  it("far out in a tail and with wide bounds have the right distribution", () => {
    for (const [mean, std, low, high] of [
      [0, 1, 10, 3e38],
      [0, 1, 99, 101],
      [0, 1, -3e38, 3e38],
      [-2, 0.5, -1, 1],
    ] as const) {
      const values = drawn(truncatedNormal({ mean, std, low, high }), AROUND);
      // Φ(−99) is not 0 in f64 only below 38: far out the tail falls off like e^(−99·(x − 99))·99/x
      const expected: Cdf =
        low === 99
          ? (x) => 1 - (Math.exp((99 * 99 - x * x) / 2) * 99) / x
          : truncatedCdf(mean, std, low, high);
      // 1/x² is left out: 1e-4 of the tail
      expect(distance(values, expected)).toBeLessThan(
        criticalDistance(ALPHA, COUNT) + (low === 99 ? 1e-4 : 0),
      );
    }
  });

  it("of constants are constant", () => {
    expect([...drawn(zeros(), AROUND, 3)]).toEqual([0, 0, 0]);
    expect([...drawn(ones(), AROUND, 3)]).toEqual([1, 1, 1]);
    expect([...drawn(constant(-0.5), AROUND, 3)]).toEqual([-0.5, -0.5, -0.5]);
  });
});

/** The numbers u in [0, 1), 24 bits of a word each, straight from the generator's blocks. */
function* words(seed: number, substream: number): Generator<number, never> {
  const block = new Uint32Array(2);
  for (let position = 0; ; position++) {
    threefry(seed, 1, position, substream, block);
    yield block[0] as number;
    yield block[1] as number;
  }
}

describe("bits", () => {
  const [SEED, SUBSTREAM, N] = [77, 3, 501];
  const u24 = (word: number): number => Math.floor(word / 256) / 2 ** 24;
  const take = (spec: InitSpec): Float32Array => drawn(spec, AROUND, N, SEED, SUBSTREAM);
  const list = (next: () => number): Float32Array => Float32Array.from({ length: N }, next);
  // the engine's own logarithm, correct to f64's last place: f32 does not see it
  const polar = (source: Generator<number, never>): (() => number) => {
    const ready: number[] = [];
    return () => {
      while (ready.length === 0) {
        const [x, y] = [u24(source.next().value) * 2 - 1, u24(source.next().value) * 2 - 1];
        const s = x * x + y * y;
        if (s > 0 && s < 1) ready.push(...[x, y].map((each) => each * Math.sqrt((-2 * Math.log(s)) / s)));
      }
      return ready.shift() as number;
    };
  };

  it("of torchDefault are those of every model before", () => {
    const random = new Random(SEED, STREAM_INIT, SUBSTREAM);
    const before = Float32Array.from(
      { length: N },
      () => (2 * random.uniform() - 1) * (1 / Math.sqrt(AROUND.fanIn)),
    );
    expect(take(torchDefault())).toEqual(before);
  });

  it("of torchDefault are so where u is next to ½, and a sum in place of the product would show", () => {
    class NearHalf extends Random {
      #k = 0;
      override uniform(): number {
        return 0.5 + ++this.#k / 2 ** 24;
      }
    }
    let otherwise = 0;
    for (let fanIn = 2; fanIn < 400; fanIn++) {
      const data = new Float32Array(256);
      const random = new NearHalf(1, STREAM_INIT, 0);
      initialize(data, { rows: 1, cols: 256, ld: 256 }, torchDefault(), { fanIn, fanOut: 1 }, random);
      const bound = 1 / Math.sqrt(fanIn);
      for (const [i, value] of data.entries()) {
        const u = 0.5 + (i + 1) / 2 ** 24;
        if (value !== Math.fround((2 * u - 1) * bound)) throw new Error(`fanIn ${fanIn}, u ${u}: ${value}`);
        if (value !== Math.fround(-bound + 2 * bound * u)) otherwise++;
      }
    }
    expect(otherwise).toBeGreaterThan(0);
  });

  it("of uniform distributions are 24 of each word, scaled", () => {
    let source = words(SEED, SUBSTREAM);
    expect(take(uniform({ low: 2, high: 5 }))).toEqual(list(() => 2 + 3 * u24(source.next().value)));
    source = words(SEED, SUBSTREAM);
    const bound = Math.sqrt(3) * Math.sqrt(2 / 150);
    expect(take(glorotUniform())).toEqual(list(() => bound * (2 * u24(source.next().value) - 1)));
  });

  it("of normal distributions are those of the polar method", () => {
    for (const [spec, mean, std] of [
      [normal({ mean: 3, std: 2 }), 3, 2],
      [heNormal(), 0, Math.SQRT2 / 10],
    ] as const) {
      const next = polar(words(SEED, SUBSTREAM));
      expect(take(spec)).toEqual(list(() => mean + std * next()));
    }
  });

  it("of truncated ones are those of a rejection from a uniform distribution", () => {
    const source = words(SEED, SUBSTREAM);
    const next = (): number => {
      for (;;) {
        const z = 1 + 2 * u24(source.next().value);
        const accepted = (source.next().value + 1) / 2 ** 32 <= Math.exp((1 - z * z) / 2);
        if (accepted) return 0.5 + 2 * z;
      }
    };
    expect(take(truncatedNormal({ mean: 0.5, std: 2, low: 2.5, high: 6.5 }))).toEqual(list(next));
  });

  it("are recorded", () => {
    const first = (spec: InitSpec): number[] => [...take(spec).subarray(0, 4)];
    expect({
      torchDefault: first(torchDefault()),
      glorotUniform: first(glorotUniform()),
      normal: first(normal()),
      truncatedNormal: first(truncatedNormal()),
    }).toMatchInlineSnapshot(`
      {
        "glorotUniform": [
          0.18612439930438995,
          -0.1781490296125412,
          0.08684644848108292,
          0.026969265192747116,
        ],
        "normal": [
          1.6956698894500732,
          0.5265727639198303,
          -0.622520387172699,
          -0.3215867280960083,
        ],
        "torchDefault": [
          0.09306219965219498,
          -0.0890745148062706,
          0.04342322424054146,
          0.013484632596373558,
        ],
        "truncatedNormal": [
          1.8612439632415771,
          0.868464469909668,
          -0.4069645404815674,
          0.14779067039489746,
        ],
      }
    `);
  });

  it("of a stream of their own; rows follow one another, and what lies between them is left alone", () => {
    expect(drawn(normal(), AROUND, N, SEED, SUBSTREAM + 1)).not.toEqual(take(normal()));
    expect(drawn(normal(), AROUND, N, SEED + 1, SUBSTREAM)).not.toEqual(take(normal()));
    const data = new Float32Array(3 * 16).fill(7);
    const random = new Random(SEED, STREAM_INIT, SUBSTREAM);
    initialize(data, { rows: 3, cols: 5, ld: 16 }, normal(), AROUND, random);
    const flat = take(normal());
    for (const [i, value] of data.entries()) {
      expect(value, `${i}`).toBe(i % 16 < 5 ? flat[Math.floor(i / 16) * 5 + (i % 16)] : 7);
    }
  });
});

describe("the activation behind", () => {
  const he = (std: number) => normal({ std: std / 10 });
  const glorot = Math.sqrt(3) * Math.sqrt(2 / 150);
  it.each([
    ["relu", undefined, he(Math.SQRT2)],
    ["leakyRelu", 0.5, he(Math.sqrt(2 / 1.25))],
    ...["elu", "gelu", "silu", "softplus", "prelu"].map((kind) => [kind, undefined, he(Math.SQRT2)] as const),
    ["selu", undefined, he(1)],
    ...["tanh", "sigmoid", "softmax", undefined].map(
      (kind) => [kind, undefined, uniform({ low: -glorot, high: glorot })] as const,
    ),
  ] as const)("byActivation before %s (slope %s)", (activation, slope, expected) => {
    expect(distribution(byActivation(), { ...AROUND, activation, slope })).toEqual(expected);
  });

  it.each([
    ["elu", Math.SQRT2],
    ["gelu", Math.SQRT2],
    ["softmax", Math.SQRT2],
    [undefined, Math.SQRT2],
    ["tanh", 5 / 3],
  ])("heNormal before %s has the gain %s; a named activation comes first", (activation, gain) => {
    expect(distribution(heNormal(), { ...AROUND, activation })).toEqual(he(gain));
    const named = heNormal({ activation: "linear" });
    expect(distribution(named, { ...AROUND, activation, slope: 3 })).toEqual(he(1));
    const sloped = heNormal({ activation: "leakyRelu", negativeSlope: 1 });
    expect(distribution(sloped, { ...AROUND, activation, slope: 3 })).toEqual(he(1));
  });
});

describe("defaults", () => {
  it.each([
    [torchDefault(), { kind: "torchDefault" }],
    [heNormal(), { kind: "heNormal", mode: "fanIn" }],
    [
      heUniform({ activation: "leakyRelu" }),
      { kind: "heUniform", mode: "fanIn", activation: "leakyRelu", negativeSlope: 0.01 },
    ],
    [glorotNormal(), { kind: "glorotNormal", gain: 1 }],
    [glorotUniform(), { kind: "glorotUniform", gain: 1 }],
    [lecunNormal(), { kind: "lecunNormal" }],
    [lecunUniform(), { kind: "lecunUniform" }],
    [normal(), { kind: "normal", mean: 0, std: 1 }],
    [uniform(), { kind: "uniform", low: 0, high: 1 }],
    [truncatedNormal(), { kind: "truncatedNormal", mean: 0, std: 1, low: -2, high: 2 }],
    [constant(3), { kind: "constant", value: 3 }],
    [zeros(), { kind: "constant", value: 0 }],
    [ones(), { kind: "constant", value: 1 }],
    [byActivation(), { kind: "byActivation" }],
  ])("%j", (made, expected) => {
    expect(structuredClone(made)).toEqual(expected);
    expect(checkInit("dense: init", made)).toEqual(made);
  });

  it("nothing passes the check as it is", () => {
    expect(checkInit("dense: init", undefined)).toBeUndefined();
  });
});

describe("refused", () => {
  const wrong: Any = "1";
  const check = (init: Any) => (): unknown => checkInit("dense: init", init);
  const CALLS: readonly (readonly [what: string, call: () => unknown, ...pieces: string[]])[] = [
    ["PyTorch's mode", () => heNormal({ mode: "fan_in" as Any }), 'mode is "fan_in"', '"fanIn", "fanOut"'],
    [
      "an activation without gain",
      () => heUniform({ activation: "gelu" as Any }),
      '"gelu"',
      '"leakyRelu"',
      "heUniform",
    ],
    [
      "a slope alone",
      () => heNormal({ negativeSlope: 0.1 }),
      "negativeSlope is 0.1",
      'activation: "leakyRelu"',
    ],
    ["a slope of relu", () => heNormal({ activation: "relu", negativeSlope: 0.1 }), 'activation is "relu"'],
    [
      "a slope below 0",
      () => heNormal({ activation: "leakyRelu", negativeSlope: -1 }),
      "negativeSlope is -1",
    ],
    ["PyTorch's a", () => heNormal({ a: 1 } as Any), '"a"', "mode, activation, negativeSlope"],
    ["gain 0", () => glorotNormal({ gain: 0 }), "glorotNormal: gain is 0", "above 0"],
    ["gain as text", () => glorotUniform({ gain: wrong }), 'gain is "1"'],
    ["std 0", () => normal({ std: 0 }), "normal: std is 0"],
    ["std −1", () => normal({ std: -1 }), "normal: std is -1"],
    ["mean NaN", () => normal({ mean: Number.NaN }), "normal: mean is NaN", "finite"],
    ["mean beyond f32", () => normal({ mean: 1e39 }), "normal: mean is 1e+39"],
    ["a number for options", () => normal(1 as Any), "normal: got 1"],
    ["bounds the wrong way round", () => uniform({ low: 2 }), "low is 2, high is 1"],
    ["bounds that are equal", () => uniform({ low: 1, high: 1 }), "low is 1, high is 1"],
    ["a bound as text", () => uniform({ low: wrong, high: 3 }), 'low is "1"'],
    ["PyTorch's bounds", () => truncatedNormal({ a: 1 } as Any), '"a"', "mean, std, low, high"],
    ["truncation the wrong way round", () => truncatedNormal({ low: 3 }), "low is 3, high is 2"],
    ["truncation without end", () => truncatedNormal({ high: Number.POSITIVE_INFINITY }), "high is Infinity"],
    ["std 0, truncated", () => truncatedNormal({ std: 0 }), "std is 0"],
    ["a mean far above", () => truncatedNormal({ mean: 103 }), "mean is 103", "100·std"],
    ["a mean far below", () => truncatedNormal({ std: 0.01, mean: -3.1 }), "mean is -3.1", "-2 … 2"],
    ["a constant NaN", () => constant(Number.NaN), "constant: value is NaN"],
    ["no constant", () => (constant as Any)(), "value is undefined"],
    ["another kind", check({ kind: "he" }), 'of kind "he"', "heNormal()", "ones()", "dense: init"],
    ["text", check("heNormal"), 'is "heNormal"', "heNormal()"],
    ["a maker that was not called", check(heNormal), "is a function", "heNormal()"],
    ["null", check(null), "is null"],
    ["a name of Object's", check({ kind: "toString" }), '"toString"'],
    ["a field too many", check({ ...lecunNormal(), gain: 1 }), '"gain"', "dense: init"],
    ["a field too many, of a constant", check({ ...constant(1), gain: 1 }), '"gain"'],
    ["a field too few", check({ ...constant(1), value: undefined }), "value is undefined"],
    ["a wrong field", check({ ...uniform(), low: 3 }), "low is 3"],
  ];
  for (const [what, call, ...pieces] of CALLS) {
    it(what, () => refuses(call, "OPTION", ...pieces));
  }
});
