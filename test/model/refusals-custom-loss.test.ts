// What goes wrong with a loss in JavaScript: options, functions that throw, return nonsense or numbers that are none, or call their
// model. Each ends the call with an error that says so, and leaves the weights of the last good step.

import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { PARTS } from "../../src/base/parts.ts";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid, softmax } from "../../src/nn/activations.ts";
import { customLoss } from "../../src/nn/custom.ts";
import { dense } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats } from "../oracle/data.ts";
import { squares } from "../support/custom-losses.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const xent = await init();
const [ROWS, INPUT, OUTPUTS] = [40, 3, 2];
const [x, y] = [floats(1, ROWS * INPUT, -2, 2), floats(2, ROWS * OUTPUTS, -1, 1)];
const data = dataset({ x, y, features: INPUT });
const optimizer = sgd({ lr: 0.01 });
const make = (): Sequential => xent.sequential({ input: INPUT, seed: 1, optimizer }, [dense(OUTPUTS)]);
const options = { batchSize: 10, epochs: 3, shuffle: false };
const good = squares();

describe("options", () => {
  const of = (change: object) => () => customLoss({ ...good, ...change } as Any);
  const { [PARTS]: _, kind: __, ...given } = good;
  it.each<[string, object, ...string[]]>([
    ["no name", { name: undefined }, "name is undefined"],
    ["an empty name", { name: "" }, 'name is ""'],
    ["no loss", { loss: undefined }, "loss is undefined, expected a function"],
    ["a gradient that is none", { gradient: 5 }, "gradient is 5"],
    ["a link that there is not", { link: "relu" }, 'link is "relu"', "none, softmax, sigmoid"],
    ["a reduction that there is not", { reduction: "max" }, 'reduction is "max"'],
    ["a mistyped name", { slope: () => {} }, '"slope"'],
  ])("%s", async (_, change, ...pieces) => {
    await refuses(() => customLoss({ ...given, ...change } as Any), "OPTION", "customLoss", ...pieces);
    const m = make();
    await refuses(
      () => m.fit(data, { ...options, loss: { ...good, ...change } as Any }),
      "OPTION",
      ...pieces,
    );
  });

  it("its own description is none of its options, and one by hand is no loss", async () => {
    await refuses(of({}), "OPTION", '"kind"');
    const loss = { kind: "custom", ...given } as Any;
    for (const call of [() => make().fit(data, { loss }), () => make().evaluate(data, { loss })]) {
      await refuses(call, "OPTION", 'of kind "custom"', "customLoss({ loss, gradient })");
    }
  });

  it("a link behind a layer that is one", async () => {
    for (const [last, link] of [
      [softmax(), "softmax"],
      [sigmoid(), "softmax"],
      [sigmoid(), "sigmoid"],
    ] as const) {
      const build = () => xent.sequential({ input: INPUT, loss: squares({ link }) }, [dense(OUTPUTS), last]);
      await refuses(build, "LOSS", 'customLoss "squares"', `last layer is ${last.kind}`, 'link: "none"');
    }
  });

  it("a loss a row is for evaluate alone", async () => {
    await refuses(() => make().fit(data, { loss: squares({ reduction: "none" }) }), "LOSS", "none");
  });
});

/** A loss that is right until a row of a step, counted over all calls of it; then it does something else. */
function turning(from: number, then: Partial<{ loss: Any; gradient: Any }>) {
  let [losses, gradients] = [0, 0];
  return squares({
    loss: (o, t) => (losses++ >= from && then.loss ? then.loss(o, t) : good.loss(o, t)),
    gradient: (o, t, g) =>
      gradients++ >= from && then.gradient ? then.gradient(o, t, g) : good.gradient(o, t, g),
  });
}

/** The weights after so many steps that go well. */
async function weightsAfter(steps: number) {
  const m = make();
  const before = m.stateDict();
  if (steps === 0) return before;
  for await (const { step } of m.steps(data, { ...options, loss: good })) if (step + 1 === steps) break;
  return m.stateDict();
}

const STEPS = [0, 1, 7];

describe.each(STEPS)("in step %i", (step) => {
  const from = 10 * step + 3;
  const error = new RangeError("of the user's own");
  const fail = () => {
    throw error;
  };

  it.each(["loss", "gradient"] as const)(
    "what %s throws ends fit and steps; the weights are those before",
    async (which) => {
      const loss = () => turning(from, { [which]: fail });
      const expected = await weightsAfter(step);
      const m = make();
      expect(await thrown(() => m.fit(data, { ...options, loss: loss() }))).toBe(error);
      expect(m.stateDict()).toEqual(expected);
      const n = make();
      let done = 0;
      const run = async () => {
        for await (const one of n.steps(data, { ...options, loss: loss() })) done = one.step + 1;
      };
      expect(await thrown(run)).toBe(error);
      expect(done).toBe(step);
      expect(n.stateDict()).toEqual(expected);
      // and both go on
      await m.fit(data, { ...options, loss: good });
      await n.fit(data, { ...options, loss: good });
      expect(m.stateDict()).toEqual(n.stateDict());
    },
  );

  it.each<[string, object, string[]]>([
    [
      "loss returns nothing",
      { loss: () => {} },
      ["loss returned undefined for row 3 of the batch", "a number"],
    ],
    ["loss returns a text", { loss: () => "1" }, ['loss returned "1"', "row 3"]],
    ["loss is async", { loss: async () => 1 }, ["loss returned an object", "row 3"]],
    [
      "gradient returns it",
      { gradient: () => [1, 2] },
      ["gradient returned an array of 2 for row 3", "third argument"],
    ],
    ["gradient is async", { gradient: async () => {} }, ["gradient returned an object"]],
  ])("%s", async (_, then, pieces) => {
    const m = make();
    const run = () => m.fit(data, { ...options, loss: turning(from, then) });
    await refuses(run, "LOSS", 'customLoss "squares"', ...pieces);
    expect(m.stateDict()).toEqual(await weightsAfter(step));
  });

  it.each<[string, object]>([
    ["a loss of NaN", { loss: () => Number.NaN }],
    ["an infinite loss", { loss: () => Number.POSITIVE_INFINITY }],
    ["a gradient of NaN", { gradient: (_o: Any, _t: Any, g: Any) => g.fill(Number.NaN) }],
    ["a gradient beyond f32", { gradient: (_o: Any, _t: Any, g: Any) => g.set([1e39]) }],
  ])("%s has diverged", async (_, then) => {
    const m = make();
    const run = () => m.fit(data, { ...options, loss: turning(from, then) });
    await refuses(run, "DIVERGED", `at step ${step}`, "the weights are those it began with");
    expect(m.stateDict()).toEqual(await weightsAfter(0));
  });
});

describe("numbers", () => {
  it("outputs that overflowed have diverged, whatever the function says of them", async () => {
    const blind = squares({ loss: () => 1, gradient: (_o, _t, g) => void g.fill(1e37) });
    const m = make();
    const before = m.stateDict();
    const run = () => m.fit(data, { ...options, epochs: 200, loss: blind, optimizer: sgd({ lr: 1e3 }) });
    await refuses(run, "DIVERGED");
    expect(m.stateDict()).toEqual(before);
  });

  it("a slope that is infinite does not harm evaluate, which asks for none", async () => {
    const steep = squares({
      gradient() {
        throw new Error("asked for");
      },
    });
    const m = make();
    expect(await m.evaluate(data, { loss: steep })).toEqual(await make().evaluate(data, { loss: good }));
  });
});

describe("other calls", () => {
  const calls: [string, (m: Sequential, loss: ReturnType<typeof squares>) => unknown][] = [
    ["trainOnBatch", (m, loss) => m.trainOnBatch(x, y, { loss })],
    ["gradients", (m, loss) => m.gradients({ x, y, loss })],
    ["evaluate", (m, loss) => m.evaluate(data, { loss })],
    ["fit", (m, loss) => m.fit(data, { ...options, loss })],
  ];

  it.each(calls)("%s passes on what the function throws, and the model is as before", async (_, call) => {
    const error = new Error("no");
    const m = make();
    const before = m.stateDict();
    const loss = turning(5, {
      loss() {
        throw error;
      },
    });
    expect(await thrown(() => call(m, loss))).toBe(error);
    expect(m.stateDict()).toEqual(before);
    expect(await m.evaluate(data, { loss: good })).toEqual(await make().evaluate(data, { loss: good }));
  });

  it.each(calls)("%s refuses a function that calls the model", async (_, call) => {
    for (const inner of [
      (m: Sequential) => m.predict(x),
      (m: Sequential) => m.stateDict(),
      (m: Sequential) => m.loadStateDict(make().stateDict()),
      (m: Sequential) => m.gradients({ x, y }),
      (m: Sequential) => m.activations(x),
    ]) {
      const m = make();
      const before = m.stateDict();
      const loss: ReturnType<typeof squares> = turning(5, { loss: () => inner(m) });
      const error = (await thrown(() => call(m, loss))) as XentError;
      expect(error).toBeInstanceOf(XentError);
      expect(error.code).toBe("BUSY");
      expect(m.stateDict()).toEqual(before);
    }
  });

  it.each(calls)("%s lets a function call another model", async (_, call) => {
    const other = make();
    const expected = other.predict.bind(other);
    await other.evaluate(data, { loss: good });
    const [m, n] = [make(), make()];
    const loss = squares({
      loss(o, t) {
        expected(x);
        return good.loss(o, t);
      },
    });
    expect(await call(m, loss)).toEqual(await call(n, good));
    expect(m.stateDict()).toEqual(n.stateDict());
  });

  it.each(calls)("%s ends when a function disposes of the model", async (_, call) => {
    const m = make();
    const loss: ReturnType<typeof squares> = turning(5, {
      loss() {
        m.dispose();
        return 1;
      },
    });
    const error = (await thrown(() => call(m, loss))) as XentError;
    expect(error).toBeInstanceOf(XentError);
    expect(error.code).toBe("DISPOSED");
  });
});
