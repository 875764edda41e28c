// The f64 interpreter against the f64 oracle: whole training programs of nets with every activation, loss and option, to the
// last units of f64; single records for what no training program has; and what it copies.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { OPS } from "../../src/base/ops.ts";
import type { LayerSpec, LossSpec, StateDict } from "../../src/base/spec.ts";
import { TILES, tileName, wholeTiles } from "../../src/base/tile.ts";
import { init } from "../../src/model/runtime.ts";
import { networkOf, type Sequential } from "../../src/model/sequential.ts";
import { sigmoid, tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { EXECUTE, erf } from "../../src/program/meaning.ts";
import { Reference } from "../../src/program/reference.ts";
import { sgd } from "../../src/train/sgd.ts";
import { type Build, builds, Rig } from "../kernels/harness.ts";
import { U } from "../oracle/bounds.ts";
import { floats, integers, SEED, source } from "../oracle/data.ts";
import * as oracleErf from "../oracle/erf.ts";
import { gemm } from "../oracle/gemm.ts";
import { type NetParams, run } from "../oracle/net.ts";
import { softmax } from "../oracle/rows.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import * as kinds from "../support/every-kind.ts";

const xent = await init();

/**
 * Both sides are the same formulas in another order. No number here passes more than some 200 roundings of 2⁻⁵³, and sums
 * cancel by less than a factor of 40: 2¹³ units relative to the largest element of a tensor, 9·10⁻¹³.
 */
const AGREE = 2 ** (13 - 53);

function agree(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  expect(actual.length, what).toBe(expected.length);
  const size = Array.from(expected).reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!(off <= AGREE * size))
      expect.fail(`${what}[${i}]: ${actual[i]} against ${expected[i]}, off by ${off}`);
  }
}

interface Interpreted {
  readonly lossSum: number;
  readonly scale: number;
  /** as in a state dict */
  readonly gradients: Record<string, Float64Array>;
}

/** Runs forward and backward pass of the training program that stands ready, in f64. */
function interpret(model: Sequential): Interpreted {
  const network = networkOf(model);
  const { program, backwardEnd } = network.trained;
  const reference = new Reference(program, backwardEnd);
  reference.run(0, backwardEnd);
  const gradients: Record<string, Float64Array> = {};
  for (const { name, tensor } of network.list) {
    const start = reference.word(tensor.address + network.gradientOffset);
    const { rows, cols, ld } = tensor;
    gradients[name] = Float64Array.from({ length: rows * cols }, (_, at) => {
      return reference.values[start + (at % rows) * ld + Math.floor(at / rows)] as number;
    });
  }
  return { lossSum: reference.lossSum, scale: program.scale, gradients };
}

function params(state: StateDict): NetParams {
  const byLayer: Record<number, { weight: Float32Array; bias: Float32Array }> = {};
  for (const name of Object.keys(state)) {
    const layer = Number.parseInt(name, 10);
    byLayer[layer] = {
      weight: state[`${layer}.weight`]?.data as Float32Array,
      bias: state[`${layer}.bias`]?.data as Float32Array,
    };
  }
  return byLayer;
}

/** Holds a batch's loss and gradients against the oracle's, unscaled, and the scale itself. */
function checkBatch(
  model: Sequential,
  layers: readonly LayerSpec[],
  loss: LossSpec,
  x: Float32Array | Uint8Array,
  y: kinds.Y,
  weight?: Float32Array,
): void {
  model.gradients({ x, y, loss, ...(weight === undefined ? {} : { weight }) });
  const got = interpret(model);
  const x64 = x instanceof Uint8Array ? Float64Array.from(x, (v) => v * Math.fround(1 / 255)) : x;
  const { loss: spec, targets } = kinds.forOracle(loss, y);
  const of = (reduction: "sum" | LossSpec["reduction"]) =>
    run(
      layers,
      params(model.stateDict()),
      { ...spec, reduction },
      x64,
      y.length > kinds.ROWS ? kinds.ROWS : y.length,
      targets,
      weight,
    );
  const [sum, reduced] = [of("sum"), of(loss.reduction)];
  agree([got.lossSum], [sum.loss], "loss");
  expect(Math.abs(got.scale * sum.loss - reduced.loss)).toBeLessThanOrEqual(
    U * Math.abs(reduced.loss) * (1 + AGREE),
  );
  expect(Object.keys(got.gradients).sort()).toEqual(Object.keys(sum.gradients).sort());
  for (const [name, expected] of Object.entries(sum.gradients)) {
    const unscaled = (got.gradients[name] as Float64Array).map((g) => g / got.scale);
    agree(unscaled, expected, name);
    expect(
      expected.some((g) => g !== 0),
      `${name} is all 0`,
    ).toBe(true);
  }
}

it("every op of the table has a meaning, and nothing else has one", () => {
  expect(Object.keys(EXECUTE).map(Number).sort()).toEqual([...OPS.keys()].sort());
});

describe(`training programs: loss and gradients are the oracle's (seed ${SEED})`, () => {
  it.each(kinds.activations)("%s", (_, activation) => {
    const layers = kinds.net(activation);
    const model = xent.sequential({ input: kinds.INPUTS, seed: 2 }, layers);
    const [first] = kinds.lossCases;
    checkBatch(model, layers, crossEntropy(), kinds.features(5), (first as kinds.LossCase).y);
  });

  it.each(kinds.activations)("%s before any dense, and twice, and last", (_, activation) => {
    const layers = [activation, dense(6), activation, activation, dense(kinds.OUTPUTS), activation];
    const model = xent.sequential({ input: kinds.INPUTS, seed: 3 }, layers);
    const { make, y } = kinds.lossCases.find(({ name }) => name === "mse") as kinds.LossCase;
    checkBatch(model, layers, make("mean"), kinds.features(6), y);
  });

  describe.each(kinds.lossCases)("$name", ({ make, y }) => {
    it.each(kinds.REDUCTIONS)("%s, with weights of rows and without", (reduction) => {
      const layers = kinds.net(tanh());
      const model = xent.sequential({ input: kinds.INPUTS, seed: 4 }, layers);
      checkBatch(model, layers, make(reduction), kinds.features(7), y);
      checkBatch(model, layers, make(reduction), kinds.features(8), y, kinds.rowWeight);
    });
  });

  it("bytes", () => {
    const layers = kinds.net(relu());
    const model = xent.sequential({ input: kinds.INPUTS, seed: 5 }, layers);
    const { x, y } = byteSet(9, kinds.ROWS, kinds.INPUTS, kinds.OUTPUTS);
    checkBatch(model, layers, crossEntropy(), x, y as Int32Array);
  });

  it.each([1, 3, 7])("%i rows in a program for 13", async (rows) => {
    const layers = kinds.net(sigmoid());
    const options = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
    const model = xent.sequential({ input: kinds.INPUTS, seed: 6, ...options }, layers);
    const all = blobSet(10, 13, kinds.INPUTS, kinds.OUTPUTS);
    await model.trainOnBatch(all.x, all.y);
    const x = all.x.subarray(0, rows * kinds.INPUTS) as Float32Array;
    checkBatch(model, layers, crossEntropy(), x, (all.y as Int32Array).subarray(0, rows));
  });
});

describe(`single records (seed ${SEED})`, () => {
  const build = builds[0] as Build;
  /** A program of one test, interpreted; `read` gives a tensor's numbers row by row. */
  function inF64(rig: Rig, hyper: Parameters<Rig["prepare"]>[0] = {}) {
    rig.prepare(hyper);
    const reference = new Reference(rig.program);
    reference.run(0, rig.builder.length);
    return {
      reference,
      read: ({ address, rows, cols, ld }: Parameters<Rig["read"]>[0]): Float64Array => {
        const start = reference.word(address);
        return Float64Array.from({ length: rows * cols }, (_, at) => {
          return reference.values[start + Math.floor(at / cols) * ld + (at % cols)] as number;
        });
      },
    };
  }

  it.each([
    [1, false],
    [0, false],
    [1, true],
    [0.5, true],
  ])(
    "sgemm with β = %f, A transposed: %s; B packed, packed transposed and in place, in every tile",
    (beta, transposeA) => {
      const [m, n, k] = [7, 25, 11];
      for (const tile of TILES) {
        for (const how of ["packed", "turned", "in place"]) {
          const rig = new Rig({ ...build, tile });
          const [va, vb, vc] = [floats(1, m * k), floats(2, k * n), floats(3, m * n)];
          const a = transposeA
            ? rig.input("a", k, m, va, { ld: m + 2 })
            : rig.input("a", m, k, va, { ld: k + 3 });
          const c = rig.inOut("c", m, n, vc, { ld: n + 1 });
          const turned = how === "turned";
          const [rows, cols] = turned ? [n, k] : [k, n];
          const b = rig.input("b", rows, cols, vb, { ld: wholeTiles(tile, cols) + 4 });
          const alpha = how === "in place" ? 1 : 0.75;
          const right =
            how === "in place"
              ? rig.builder.inPlace(b)
              : rig.builder.pack(b, turned, rig.output("panels", 1, wholeTiles(tile, n) * k), alpha);
          rig.builder.sgemm(a, right, c, { transposeA, beta });
          const { read } = inF64(rig);
          const expected = gemm({
            m,
            n,
            k,
            a: { data: va, rs: transposeA ? 1 : k, cs: transposeA ? m : 1 },
            b: {
              data: Float64Array.from(vb, (v) => v * alpha),
              rs: turned ? 1 : n,
              cs: turned ? k : 1,
            },
          }).value;
          agree(
            read(c),
            expected.map((v, i) => v + beta * (vc[i] as number)),
            `c, ${tileName(tile)}, B ${how}`,
          );
        }
      }
    },
  );

  it("softmaxForward", () => {
    const rig = new Rig(build);
    const z = floats(4, 3 * 9, -20, 20);
    const y = rig.output("y", 3, 9, { ld: 11 });
    rig.builder.unary(abi.OP_SOFTMAX_FORWARD, rig.input("z", 3, 9, z, { ld: 10 }), y);
    const { read } = inF64(rig);
    agree(
      read(y),
      [0, 1, 2].flatMap((i) => [...softmax(z.subarray(9 * i, 9 * i + 9)).p]),
      "y",
    );
  });

  it("sgdStep", () => {
    const rig = new Rig(build);
    const [vp, vg] = [floats(5, 32), floats(6, 32)];
    const p = rig.inOut("p", 1, 32, vp);
    rig.builder.sgdStep(p, rig.input("g", 1, 32, vg));
    const { read } = inF64(rig, { lr: 0.25 });
    agree(
      read(p),
      Float64Array.from(vp, (v, i) => v - 0.25 * (vg[i] as number)),
      "p",
    );
  });

  it("hits and their sum, each output and the largest, like the kernels", () => {
    for (const each of [true, false]) {
      const rig = new Rig(build);
      const [rows, cols] = [40, 3];
      // few values, so that ties and hits are frequent
      const z = rig.input("z", rows, cols, Float32Array.from(integers(7, rows * cols, -1, 1)));
      const target = rig.input("t", rows, cols, Float32Array.from(integers(8, rows * cols, 0, 1)));
      const weight = rig.input("w", rows, 1, Float32Array.from(integers(9, rows, 0, 3)));
      const hit = rig.output("hit", rows, 1);
      const result = rig.output("result", 1, abi.RESULT_BYTES / 4);
      rig.builder.rowHits(z, target, hit, weight, each, 0);
      rig.builder.lossSum(rig.input("loss", rows, 1, floats(10, rows)), hit, result);
      rig.prepare();
      const reference = new Reference(rig.program);
      reference.run(0, 2);
      const hits = reference.bits(hit.address, rows);
      rig.run();
      expect([...hits]).toEqual([...rig.readInts(hit)]);
      expect(hits.some((h) => h === 1) && hits.some((h) => h === 0)).toBe(true);
      const at = (abi.HYPER_HITS - abi.HYPER_LOSS) / 4;
      expect(reference.bits(result.address, at + 1)[at]).toBe(rig.readInts(result)[at]);
    }
  });
});

describe("what is copied", () => {
  const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
  const model = () =>
    xent.sequential({ input: 16, seed: 7, ...learn }, [dense(9), relu(), dense(5), sigmoid(), dense(4)]);
  const set = blobSet(11, 20_000, 16, 4);
  const batch = { x: set.x.subarray(0, 64) as Float32Array, y: (set.y as Int32Array).subarray(0, 4) };

  it("is what the records touch: no data set beside the batch, no scratch of kernels, no optimiser", async () => {
    const m = model();
    m.gradients(batch);
    const { program, backwardEnd } = networkOf(m).trained;
    const alone = new Reference(program, backwardEnd).bytes;
    await m.fit(set, { batchSize: 4 });
    m.gradients(batch);
    const { program: large } = networkOf(m).trained;
    expect(large.memory.byteLength).toBeGreaterThan(20_000 * 16 * 4);
    expect(new Reference(large, backwardEnd).bytes).toBeLessThanOrEqual(alone + 64);
    expect(alone).toBeLessThan(20_000);
  });

  it("stays as it was when the program goes on", async () => {
    const m = model();
    m.gradients(batch);
    const { program, backwardEnd, lossEnd } = networkOf(m).trained;
    const reference = new Reference(program, backwardEnd);
    reference.run(0, lossEnd);
    const { lossSum } = reference;
    await m.trainOnBatch(batch.x.subarray(0, 32) as Float32Array, batch.y.subarray(0, 2));
    reference.run(0, lossEnd);
    expect(reference.lossSum).toBe(lossSum);
  });

  it("running again from firstAffected gives the loss of a whole run, bit for bit", () => {
    const m = model();
    m.gradients(batch);
    const network = networkOf(m);
    const { program, lossEnd } = network.trained;
    const [part, whole] = [new Reference(program, lossEnd), new Reference(program, lossEnd)];
    const starts: number[] = [];
    for (const { tensor } of network.list) {
      const first = part.firstAffected(tensor.address, lossEnd);
      starts.push(first);
      part.run(0, lossEnd);
      for (const by of [0.5, -0.25]) {
        for (const reference of [part, whole]) {
          const at = reference.word(tensor.address);
          reference.values[at] = (reference.values[at] as number) + by;
        }
        part.run(first, lossEnd);
        whole.run(0, lossEnd);
        expect(part.lossSum).toBe(whole.lossSum);
      }
    }
    // no gather of the batch, and none of the layers before
    expect(starts[0]).toBeGreaterThan(0);
    expect(starts[2]).toBeGreaterThan(starts[0] as number);
    expect(starts[4]).toBeGreaterThan(starts[2] as number);
  });
});

describe(`erf (seed ${SEED})`, () => {
  it("is the oracle's, which goes another way, within 2⁻⁴⁹", () => {
    // x² < 9 is rounded before the exponential: 2⁻⁵⁰; the series and the factors are a few units of 2⁻⁵³
    const next = source(12);
    const points = [0, -0, 0.5, 1, 2.9999999, 3, 3.0000001, 5.9, 6, 6.1, 30, Number.POSITIVE_INFINITY];
    for (let i = 0; i < 20_000; i++) points.push(7 * next());
    for (const x of points) {
      const off = Math.abs(erf(x) - oracleErf.erf(x));
      if (!(off <= 2 ** -49)) expect.fail(`erf(${x}): ${erf(x)} against ${oracleErf.erf(x)}`);
      expect(erf(-x)).toBe(-erf(x));
    }
    for (const x of [1e-300, 1e-20, 1e-5]) {
      expect(Math.abs(erf(x) / oracleErf.erf(x) - 1)).toBeLessThanOrEqual(2 ** -49);
    }
    expect(erf(Number.NaN)).toBeNaN();
  });
});
