// Nets with norms, prelu, dropout, residual blocks and frozen layers. PyTorch's first step and evaluation against the f64
// oracle, to the rounding of float64; the library against the oracle, with the masks that its dropout draws, for every build;
// and 20 steps against PyTorch's own where chance is not asked.

import { describe, expect, it } from "vitest";
import type { StateDict } from "../../src/base/spec.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { sgd } from "../../src/train/sgd.ts";
import { type LayersFixture, layersFixtures } from "../fixtures/read.ts";
import { U } from "../oracle/bounds.ts";
import * as oracle from "../oracle/layers.ts";
import type { LayerSpec } from "../oracle/spec.ts";
import { coreOf } from "../support/core.ts";

const fixtures = layersFixtures();
const named = fixtures.map((fixture) => [fixture.name, fixture] as const);
const LOSS = { kind: "crossEntropy", ignoreIndex: -100, labelSmoothing: 0, reduction: "mean" } as const;

/** What two computations in float64 may differ by: test/oracle/pytorch.test.ts. */
const F64 = 1e-12;
/**
 * A number of a net passes through some ten layers here, and in each through sums of at most twelve terms and a few roundings,
 * which add up like random signs do to some 15 units; what norms and cancelling gradients amplify is less than four times that.
 * Largest seen: 3.3 units (evaluation), 7.9 (a gradient).
 */
const FAR_BELOW = 64 * U;
/** After 20 steps of lr 1/16, each of which starts from what the ones before were off by: largest seen 2.9. */
const AFTER_STEPS = 64 * U;

type Numbers = Readonly<Record<string, ArrayLike<number>>>;

function near(got: ArrayLike<number>, wanted: ArrayLike<number>, off: number, what: string): void {
  expect(got.length, what).toBe(wanted.length);
  const size = Math.max(1, Math.sqrt(Array.from(wanted).reduce((sum, v) => sum + v * v, 0)));
  const apart = Math.sqrt(Array.from(got).reduce((sum, v, i) => sum + (v - (wanted[i] as number)) ** 2, 0));
  expect(apart / size, what).toBeLessThanOrEqual(off);
}
function allNear(got: Numbers, wanted: Numbers, off: number, what: string): void {
  expect(Object.keys(got).sort(), what).toEqual(Object.keys(wanted).sort());
  for (const [name, values] of Object.entries(wanted))
    near(got[name] as ArrayLike<number>, values, off, `${what}, ${name}`);
}

const input = ({ rows, inputs, x }: LayersFixture): oracle.Matrix => ({ rows, cols: inputs, data: x });

/** Masks by path, as wide as the layer before. */
function masksOf(fixture: LayersFixture): oracle.Masks {
  const entries = Object.entries(fixture.masks).map(([path, data]) => {
    return [path, { rows: fixture.rows, cols: data.length / fixture.rows, data }] as const;
  });
  return Object.fromEntries(entries);
}

/** The masks that the library draws in its turn-th batch: layers are numbered in the order of their names. */
function drawn(fixture: LayersFixture, seed: number, turn: number): oracle.Masks {
  const masks: Record<string, oracle.Matrix> = {};
  let number = 0;
  const visit = (layers: readonly LayerSpec[], prefix: string): void => {
    for (const [i, layer] of layers.entries()) {
      const key = [seed, 5 + 256 * number++] as const;
      const path = `${prefix}${i}`;
      const mask = fixture.masks[path];
      if (layer.kind === "dropout" && mask !== undefined) {
        masks[path] = oracle.dropoutMask(fixture.rows, mask.length / fixture.rows, key, turn, layer.p);
      }
      if (layer.kind === "residual") visit(layer.layers, `${path}.`);
    }
  };
  visit(fixture.layers, "");
  return masks;
}

describe("the oracle is PyTorch's", () => {
  it.each(named)("%s", (_, fixture) => {
    const { layers, state, ids } = fixture;
    const outputs = oracle.evaluateNet(layers, state, input(fixture));
    for (const [i, y] of fixture.evaluated.entries())
      near((outputs[i] as oracle.Matrix).data, y, F64, `layer ${i}`);
    const run = oracle.trainNet(layers, state, masksOf(fixture), LOSS, input(fixture), { ids });
    near([run.loss], [fixture.losses[0] as number], F64, "loss");
    allNear(run.gradients, fixture.gradients, F64, "gradient");
    const kept = Object.fromEntries(
      Object.entries(fixture.running).filter(([name]) => !(name in run.running)),
    );
    allNear({ ...run.running, ...kept }, fixture.running, F64, "running");
  });
});

describe.each(["simd", "debug", "relaxed"] as const)("the library, %s build", (build) => {
  const SEED = 77;
  const model = (fixture: LayersFixture): Sequential => {
    const options = {
      input: fixture.inputs,
      seed: SEED,
      loss: crossEntropy(),
      optimizer: sgd({ lr: fixture.lr }),
    };
    const made = new Sequential(coreOf(build), options, fixture.layers);
    const shapes = made.stateDict();
    const state = Object.fromEntries(
      Object.entries(fixture.state).map(([name, values]) => [
        name,
        { shape: shapes[name]?.shape ?? [], data: Float32Array.from(values) },
      ]),
    );
    made.loadStateDict(state);
    // PyTorch's order
    expect(Object.keys(shapes)).toEqual(Object.keys(fixture.state));
    return made;
  };
  const values = (state: StateDict): Numbers =>
    Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, data]));
  const batchOf = ({ x, ids }: LayersFixture) => ({ x: Float32Array.from(x), y: Int32Array.from(ids) });

  it.each(named)("%s: evaluation, a first step, and what is left of it", async (_, fixture) => {
    const made = model(fixture);
    const { x, y } = batchOf(fixture);
    const outputs = made.activations(x);
    for (const [i, wanted] of fixture.evaluated.entries()) {
      near(outputs[i]?.data as Float32Array, wanted, FAR_BELOW, `layer ${i}`);
      expect(outputs[i]).toMatchObject({
        name: `${i}.${fixture.layers[i]?.kind}`,
        width: wanted.length / fixture.rows,
      });
    }
    near(made.logits(x), fixture.evaluated.at(-1) as Float64Array, FAR_BELOW, "logits");
    for (const turn of [0, 1, 2]) {
      const before = values(made.stateDict());
      const run = oracle.trainNet(fixture.layers, before, drawn(fixture, SEED, turn), LOSS, input(fixture), {
        ids: fixture.ids,
      });
      const looked = made.gradients({ x, y });
      allNear(values(looked), run.gradients, FAR_BELOW, `turn ${turn}, gradient`);
      expect(values(made.stateDict()), "a look changes nothing").toEqual(before);
      const { loss } = await made.trainOnBatch(x, y);
      near([loss], [run.loss], FAR_BELOW, `turn ${turn}, loss`);
      expect(made.gradients()).toEqual(looked);
      const after = values(made.stateDict());
      for (const [name, data] of Object.entries(after)) {
        const g = run.gradients[name];
        const wanted = g
          ? Array.from(before[name] as Float32Array, (p, i) => p - fixture.lr * (g[i] as number))
          : (run.running[name] ?? (before[name] as Float32Array));
        near(data, wanted, FAR_BELOW, `turn ${turn}, ${name}`);
        // frozen, to the bit
        if (g === undefined && run.running[name] === undefined) expect(data).toEqual(before[name]);
      }
    }
  });

  it.each(named.filter(([, { masks }]) => Object.keys(masks).length === 0))(
    "%s: 20 steps end where PyTorch's do",
    async (_, fixture) => {
      const made = model(fixture);
      const { x, y } = batchOf(fixture);
      const losses: number[] = [];
      for (const _ of fixture.losses) losses.push((await made.trainOnBatch(x, y)).loss);
      near(losses, fixture.losses, AFTER_STEPS, "losses");
      allNear(values(made.stateDict()), fixture.trained, AFTER_STEPS, "trained");
    },
  );
});
