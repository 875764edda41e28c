// What a hosted runtime refuses: with the errors of the calling thread, and what cannot cross with its own.

import { inspect } from "node:util";
import { expect, it } from "vitest";
import { gradCheck } from "../../src/model/gradcheck.ts";
import type { HostedSequential } from "../../src/model/hosted.ts";
import { errorOf, failureOf } from "../../src/model/messages.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { mse } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import {
  here,
  INPUT,
  known,
  layers,
  local,
  OUTPUTS,
  remote,
  there,
  train,
  x,
  y,
} from "../support/both-sides.ts";
import { squares } from "../support/custom-losses.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { workersMade } from "../support/workers.ts";

/** A model that refused something goes on. */
const expectUsable = async (model: HostedSequential): Promise<void> => {
  await model.fit(train, { optimizer: known.optimizer, loss: known.loss });
};

const wide = blobSet(1, 20, INPUT + 1, OUTPUTS);
const isolated = (m: Any, name: string, ...args: unknown[]) =>
  name === "steps" ? m.steps(...args).next() : m[name](...args);
const general = ["fit", "steps", "evaluate", "confusionMatrix"].flatMap((name) => [
  [name],
  [name, null],
  [name, { ...train }],
  [name, { x, y, deep: () => {} }],
  [name, wide],
  [name, train, null],
  [name, train, 5],
  [name, train, [1]],
  [name, train, { batchsize: 3 }],
  [name, train, { signal: new AbortController() }],
  [name, train, { signal: "now" }],
]);
const calls = [
  ...general,
  ["fit", train, { batchSize: 0 }],
  ["fit", train, { epochs: "3" }],
  ["fit", train, { loss: { kind: "hinge" } }],
  ["fit", train, { loss: mse({ reduction: "none" }) }],
  ["fit", train, { optimizer: null }],
  ["fit", train, { metrics: "accuracy" }],
  ["fit", train, { callbacks: { onEpochEnd() {} } }],
  ["fit", train, { callbacks: [() => {}] }],
  ["fit", train, { callbacks: [{}, null] }],
  ["fit", train, { callbacks: [{ onEpochEnd: 5 }] }],
  ["fit", train, { validation: [x, y] }],
  ["fit", train, { validation: wide }],
  ["fit", train, { optimizer: sgd({ lr: 1e30 }), epochs: 50 }],
  ["trainOnBatch", x.subarray(1), y],
  ["trainOnBatch", x, y.map((id) => id - 1)],
  ["trainOnBatch", x, y, { weight: [1] }],
  ["gradients"],
  ["gradients", { x, y, epochs: 3 }],
  ["evaluate", blobSet(1, 20, INPUT, OUTPUTS + 3)],
  ["predict"],
  ["predict", train],
  ["predict", Float64Array.of(1)],
  ["predict", [[1, 2, 3, 4, 5, Number.NaN]]],
  ["predictClass", "x"],
  ["logits", new Float32Array(0)],
  ["plan", { batchSize: 1.5 }],
  ["plan"],
  ["loadStateDict", {}],
  ["loadStateDict", { "0.weight": { shape: [1], data: new Float32Array(3).subarray(1) } }],
] as [string, ...unknown[]][];
const title = (arg: unknown): string =>
  inspect(arg, { depth: 0, maxArrayLength: 1, breakLength: 1e9 }).replace(/CheckedRows .*/, "a data set");
const named = calls.map(([name, ...args]) => [`${name}(${args.map(title).join(", ")})`, name, args] as const);
it.each(named)("%s", async (_, name, args) => {
  const [a, b] = [local(), await remote()];
  const error = (await thrown(() => isolated(a, name, ...args))) as Any;
  expect(error.code ?? error.name).toMatch(/./);
  const got = (await thrown(() => isolated(b, name, ...args))) as Any;
  const parts = ({ name, code, message, hint }: Any) => ({ name, code, message, hint });
  expect(parts(got)).toEqual(parts(error));
  expect(got).toBeInstanceOf(error.constructor.name === "XentError" ? error.constructor : Error);
  await expectUsable(b);
});

it.each([
  ["input", { input: 0 }, layers],
  ["a name", { input: 3, inputs: 3 }, layers],
  ["layers", known, [relu()]],
  ["a loss that does not fit", known, [dense(4), sigmoid()]],
])("of sequential: %s", async (_, options, list) => {
  const error = (await thrown(() => here.sequential(options as Any, list))) as Any;
  await refuses(() => there.sequential(options as Any, list), error.code, error.message);
});

it.each([
  ["precision", { precision: "quick" }],
  ["a name", { Wide: true }],
  ["null", null],
])("of the options: %s, and the worker has ended", async (_, options) => {
  const error = (await thrown(() => init(options as Any))) as Any;
  const [worker] = await workersMade(() => refuses(() => hosted(options as Any), error.code, error.message));
  expect(worker?.sent.length).toBe(1);
  await expect.poll(() => worker?.threadId).toBe(-1);
});

it("of the options: wasm, before there is a worker", async () => {
  const options = { wasm: new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]) };
  const error = (await thrown(() => init(options))) as Any;
  expect(await workersMade(() => refuses(() => hosted(options), error.code, error.message))).toEqual([]);
});

it("other errors keep name, message and stack", () => {
  const error = new RangeError("out of it");
  const got = errorOf(structuredClone(failureOf(error)), undefined);
  expect(got).toBeInstanceOf(Error);
  const { name, message, stack } = got as Error;
  expect({ name, message, stack }).toEqual({
    name: "RangeError",
    message: "out of it",
    stack: error.stack,
  });
  expect(errorOf(failureOf("text"), undefined)).toMatchObject({ name: "Error", message: '"text"' });
});

it.each([
  ["fit: options.loss is a function", (m) => m.fit(train, { loss: crossEntropy })],
  ["fit: options.metrics[0] is a function", (m) => m.fit(train, { metrics: [() => {}] })],
  ["steps: options.optimizer.lr is a function", (m) => m.steps(train, { optimizer: { lr: sgd } }).next()],
  ["fit: options.loss.loss is a function", (m) => m.fit(train, { loss: squares() })],
  ["evaluate: options.loss.loss is a function", (m) => m.evaluate(train, { loss: squares() })],
  ["gradients: batch.loss.loss is a function", (m) => m.gradients({ x, y, loss: squares() })],
  [
    "sequential: options.loss.loss is a function",
    () => there.sequential({ ...known, loss: squares() }, [dense(3)]),
  ],
  ["predict: x is a function", (m) => m.predict(() => x)],
  ["predict: x[1][0] is a function", (m) => m.predict([[1], [Math.sin]])],
  ["gradients: batch.x[0] is a function", (m) => m.gradients({ x: [Math.sin], y })],
  ["trainOnBatch: options.weight is a function", (m) => m.trainOnBatch(x, y, { weight: Math.sin })],
  ["sequential: layers[1] is a function", () => there.sequential(known, [dense(3), relu as Any])],
  ["sequential: options.seed is a function", () => there.sequential({ input: 3, seed: Math.sin as Any }, [])],
  ["hosted: options.tune is a function", () => hosted({ tune: Math.sin as Any })],
] as [string, (m: Any) => unknown][])("%s", async (problem, call) => {
  const model = await remote();
  await refuses(() => call(model), "HOSTED_FUNCTION", problem);
  await expectUsable(model);
});

it("what cannot be cloned for another reason", async () => {
  const model = await remote();
  await refuses(() => model.predict(Promise.resolve(x) as Any), "OPTION", "predict: x is an object");
  const circle: Any = { loss: { kind: Symbol("loss") } };
  circle.self = circle;
  await refuses(() => model.fit(train, circle), "OPTION", "fit: options.loss.kind is Symbol(loss)");
  await expectUsable(model);
});

it("gradCheck wants a model of this thread", async () => {
  const model = (await remote()) as Any;
  await refuses(() => gradCheck(model, { x, y }), "OPTION", "gradCheck", "init");
});
