// Bad input: an XentError with a code and words, before a kernel runs, and the model is as it was.

import { describe, expect, it } from "vitest";
import type { XentErrorCode } from "../../src/base/errors.ts";
import { dataset } from "../../src/data/dataset.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { adam } from "../../src/train/adaptive.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import { memoriesMade, memoriesRefused } from "../support/memories.ts";
import { type Any, type Refusal, refusals as refusalsOf } from "../support/refusals.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const learn = { loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const [INPUT, OUTPUTS] = [3, 4] as const;
const model = (known: object = learn): Sequential =>
  xent.sequential({ input: INPUT, seed: 1, ...known }, [dense(5), relu(), dense(OUTPUTS)]);

const good = blobSet(1, 20, INPUT, OUTPUTS);
const goodX = new Float32Array(6).fill(1);
const goodY = Int32Array.of(0, 3);
/** Row 2 has a class id that the model does not know. */
const unknownClass = dataset({ x: new Float32Array(9), y: [0, 1, 4], features: INPUT });
const otherWidth = blobSet(1, 20, 2, OUTPUTS);
const nan = goodX.slice();
nan[4] = Number.NaN;
const infinite = goodX.slice();
infinite[5] = Number.NEGATIVE_INFINITY;

const refusals = (list: readonly Refusal[]): void => refusalsOf(model, good, list);

describe.each(["fit", "steps"] as const)("%s", (name) => {
  const run = (m: Any, data: unknown, options?: unknown): unknown =>
    name === "fit" ? m.fit(data, options) : m.steps(data, options).next();
  const option = (what: string, options: Any, ...pieces: string[]): Refusal => [
    what,
    (m) => run(m, good, options),
    "OPTION",
    name,
    ...pieces,
  ];
  refusals([
    ["no data", (m) => run(m, undefined), "OPTION", name, "undefined", "dataset("],
    ["null for data", (m) => run(m, null), "OPTION", name, "null", "dataset("],
    ["features without dataset()", (m) => run(m, { x: goodX, y: goodY }), "OPTION", "an object", "dataset("],
    ["a copy of a data set", (m) => run(m, { ...good }), "OPTION", "an object", "dataset("],
    ["an array", (m) => run(m, goodX), "OPTION", "a Float32Array", "dataset("],
    ["another width", (m) => run(m, otherWidth), "SHAPE", name, "2 features", "takes 3"],
    ["a class too many", (m) => run(m, unknownClass), "LABEL", name, "row 2", "is 4", "4 outputs", "5 units"],
    option("batchSize 0", { batchSize: 0 }, "batchSize is 0", "at least 1"),
    option("batchSize −1", { batchSize: -1 }, "batchSize is -1", "at least 1"),
    option("batchSize 1.5", { batchSize: 1.5 }, "batchSize is 1.5", "integer"),
    option("batchSize NaN", { batchSize: Number.NaN }, "batchSize is NaN", "integer"),
    option("batchSize ∞", { batchSize: Number.POSITIVE_INFINITY }, "batchSize is Infinity", "integer"),
    option("batchSize '32'", { batchSize: "32" }, 'batchSize is "32"', "integer"),
    option("epochs 0", { epochs: 0 }, "epochs is 0", "at least 1"),
    option("epochs −1", { epochs: -1 }, "epochs is -1", "at least 1"),
    option("epochs 0.5", { epochs: 0.5 }, "epochs is 0.5", "integer"),
    option("epochs NaN", { epochs: Number.NaN }, "epochs is NaN", "integer"),
    option("epochs '3'", { epochs: "3" }, 'epochs is "3"', "integer"),
    option("a mistyped name", { batchsize: 8 }, '"batchsize"', "batchSize"),
    option("the learning rate in the wrong place", { lr: 0.1 }, '"lr"', "optimizer"),
    option("null for options", null, "null", "epochs"),
    option("a number for options", 5, "5", "epochs"),
    option("the loss's maker for the loss", { loss: crossEntropy }, "loss is a function", "crossEntropy()"),
    option("the loss's name", { loss: "crossEntropy" }, 'loss is "crossEntropy"', "crossEntropy()"),
    option("another loss", { loss: { kind: "hinge" } }, 'an object of kind "hinge"', "crossEntropy()"),
    option("a name that every object has", { loss: { kind: "toString" } }, 'of kind "toString"', "huber()"),
    option("the optimiser's maker", { optimizer: sgd }, "optimizer is a function", "sgd({ lr })"),
    option("null for the optimiser", { optimizer: null }, "optimizer is null", "sgd({ lr })"),
    option("another optimiser", { optimizer: { kind: "lion" } }, 'an object of kind "lion"', "sgd({ lr })"),
    [
      "a made-up β",
      (m) => run(m, good, { optimizer: { ...adam(), betas: [1, 0] } } as Any),
      "OPTION",
      "adam: betas[0] is 1",
      "below 1",
    ],
    [
      "a made-up lr",
      (m) => run(m, good, { optimizer: { ...sgd({ lr: 1 }), lr: Number.NaN } } as Any),
      "OPTION",
      "sgd: lr is NaN",
    ],
    option("shuffle 'no'", { shuffle: "no" }, 'shuffle is "no"'),
    option("an AbortController for its signal", { signal: new AbortController() }, "signal is an object"),
  ]);
});

describe("fit alone", () => {
  const option = (what: string, options: Any, ...pieces: string[]): Refusal => [
    what,
    (m) => m.fit(good, options),
    "OPTION",
    "fit",
    ...pieces,
  ];
  refusals([
    option("metrics that are no array", { metrics: "accuracy" }, 'metrics are "accuracy"', '["accuracy"]'),
    option("an unknown metric", { metrics: ["f2"] }, 'unknown metric "f2"', 'Did you mean "f1"?', "accuracy"),
    option("callbacks that are no array", { callbacks: { onEpochEnd() {} } }, "callbacks are an object"),
    option(
      "a function for a callback",
      { callbacks: [() => {}] },
      "callbacks[0] is a function",
      "onProgress",
    ),
    option("null for a callback", { callbacks: [{}, null] }, "callbacks[1] is null"),
    option("no function in one", { callbacks: [{ onEpochEnd: 5 }] }, "callbacks[0].onEpochEnd is 5"),
    option("arrays for validation", { validation: [goodX, goodY] }, "validation", "dataset("),
    [
      "validation of another width",
      (m) => m.fit(good, { validation: otherWidth }),
      "SHAPE",
      "validation",
      "2 features",
    ],
    [
      "validation with a class too many",
      (m) => m.fit(good, { validation: unknownClass }),
      "LABEL",
      "validation",
      "row 2",
    ],
    [
      "bytes scaled in two ways",
      (m) =>
        m.fit(byteSet(1, 9, INPUT, OUTPUTS), {
          validation: byteSet(1, 9, INPUT, OUTPUTS, { scale: 1 }),
        }),
      "OPTION",
      "scale",
      "validation",
    ],
  ]);
});

describe("trainOnBatch", () => {
  const [x, y] = [goodX, goodY];
  refusals([
    ["a value too many", (m) => m.trainOnBatch(new Float32Array(7), y), "SHAPE", "7 values", "multiple of 3"],
    [
      "ragged rows",
      (m) =>
        m.trainOnBatch(
          [
            [1, 2, 3],
            [4, 5],
          ],
          y,
        ),
      "SHAPE",
      "row 1",
      "2 values",
      "expected 3",
    ],
    [
      "a row too wide",
      (m) => m.trainOnBatch([[1, 2, 3, 4]], [0]),
      "SHAPE",
      "row 0",
      "4 values",
      "expected 3",
    ],
    ["no rows", (m) => m.trainOnBatch(new Float32Array(0), []), "EMPTY", "trainOnBatch"],
    ["no rows, nested", (m) => m.trainOnBatch([], []), "EMPTY", "trainOnBatch"],
    ["NaN", (m) => m.trainOnBatch(nan, y), "NOT_FINITE", "NaN", "row 1", "column 1"],
    ["−∞", (m) => m.trainOnBatch(infinite, y), "NOT_FINITE", "-Infinity", "row 1", "column 2"],
    ["beyond f32", (m) => m.trainOnBatch([[1, 1e39, 1]], [0]), "NOT_FINITE", "Infinity", "row 0", "column 1"],
    ["a hole", (m) => m.trainOnBatch([[1, undefined, 1]], [0]), "NOT_FINITE", "undefined", "column 1"],
    ["f64 features", (m) => m.trainOnBatch(new Float64Array(6), y), "OPTION", "Float64Array", "Float32Array"],
    ["one label for two rows", (m) => m.trainOnBatch(x, [1]), "SHAPE", "1 label", "expected 2"],
    ["a label between two", (m) => m.trainOnBatch(x, [0, 1.5]), "SHAPE", "1 target,", "4 outputs"],
    ["a negative label", (m) => m.trainOnBatch(x, [0, -1]), "LABEL", "row 1", "-1"],
    ["a label beyond the outputs", (m) => m.trainOnBatch(x, [4, 0]), "LABEL", "row 0", "is 4", "4 outputs"],
    ["labels as floats", (m) => m.trainOnBatch(x, Float32Array.of(0, 1)), "SHAPE", "Int32Array.from(y)"],
    ["no labels", (m) => m.trainOnBatch(x), "LABEL", "undefined"],
    ["an option of fit", (m) => m.trainOnBatch(x, y, { epochs: 2 }), "OPTION", '"epochs"', "optimizer"],
    ["another loss", (m) => m.trainOnBatch(x, y, { loss: {} }), "OPTION", "loss is an object"],
  ]);
});

describe.each(["predict", "predictClass", "logits"] as const)("%s", (name) => {
  refusals([
    ["a value too few", (m) => m[name](new Float32Array(5)), "SHAPE", name, "5 values", "multiple of 3"],
    ["ragged rows", (m) => m[name]([[1, 2, 3], [4]]), "SHAPE", name, "row 1", "1 value"],
    ["NaN", (m) => m[name](nan), "NOT_FINITE", name, "row 1", "column 1"],
    ["no rows", (m) => m[name]([]), "EMPTY", name],
    ["a data set", (m) => m[name](good), "OPTION", name, "an object", "Float32Array"],
    ["a single row that is not in an array", (m) => m[name]([1, 2, 3]), "SHAPE", name, "row 0", "[[…]]"],
    ["nothing", (m) => m[name](), "OPTION", name, "undefined"],
  ]);
});

describe.each(["evaluate", "confusionMatrix"] as const)("%s", (name) => {
  refusals([
    ["no data set", (m) => m[name]({ x: goodX, y: goodY }), "OPTION", name, "dataset("],
    ["another width", (m) => m[name](otherWidth), "SHAPE", name, "2 features", "takes 3"],
    ["a class too many", (m) => m[name](unknownClass), "LABEL", name, "row 2", "is 4"],
    ["an unknown option", (m) => m[name](good, { batchSize: 9 }), "OPTION", name, '"batchSize"', "signal"],
    ["no signal", (m) => m[name](good, { signal: true }), "OPTION", name, "signal is true"],
  ]);
});

describe("what is not known", () => {
  const bare = (): Any => model({});
  it("NO_LOSS, with what to do; logits and predictClass need none", async () => {
    const m = bare();
    const optimizer = sgd({ lr: 0.1 });
    for (const [where, call] of [
      ["fit", () => m.fit(good, { optimizer })],
      ["steps", () => m.steps(good, { optimizer }).next()],
      ["trainOnBatch", () => m.trainOnBatch(goodX, goodY, { optimizer })],
      ["evaluate", () => m.evaluate(good)],
    ] as const) {
      await refuses(call, "NO_LOSS", where, "crossEntropy()");
    }
    await refuses(() => m.predict(goodX), "NO_LOSS", "predict", "logits()");
    expect(m.logits(goodX).length).toBe(2 * OUTPUTS);
    expect(m.predictClass(goodX).length).toBe(2);
    await m.confusionMatrix(good);
  });

  it("no optimiser", async () => {
    const m = bare();
    const loss = crossEntropy();
    await refuses(() => m.fit(good, { loss }), "OPTION", "fit", "no optimizer", "sgd(");
    await refuses(() => m.trainOnBatch(goodX, goodY, { loss }), "OPTION", "trainOnBatch", "no optimizer");
    await m.fit(good, { loss, optimizer: sgd({ lr: 0.1 }) });
    await m.fit(good);
  });
});

describe("sequential", () => {
  const layers = [dense(2)];
  const cases: readonly (readonly [string, Any, Any, XentErrorCode, ...string[]])[] = [
    ["no options", undefined, layers, "OPTION", "sequential", "undefined"],
    ["no input", {}, layers, "OPTION", "input is undefined", "integer"],
    ["input 0", { input: 0 }, layers, "OPTION", "input is 0", "at least 1"],
    ["input 2.5", { input: 2.5 }, layers, "OPTION", "input is 2.5"],
    ["input '2'", { input: "2" }, layers, "OPTION", 'input is "2"'],
    ["seed −1", { input: 2, seed: -1 }, layers, "OPTION", "seed is -1", "4294967295"],
    ["seed 2³²", { input: 2, seed: 2 ** 32 }, layers, "OPTION", "seed is 4294967296"],
    ["seed 0.5", { input: 2, seed: 0.5 }, layers, "OPTION", "seed is 0.5"],
    ["an unknown option", { inputs: 2 }, layers, "OPTION", '"inputs"', "input"],
    ["a loss that is none", { input: 2, loss: "mse" }, layers, "OPTION", 'loss is "mse"'],
    ["an optimiser that is none", { input: 2, optimizer: 0.1 }, layers, "OPTION", "optimizer is 0.1"],
    ["no layers", { input: 2 }, undefined, "OPTION", "layers", "undefined"],
    ["a layer for the layers", { input: 2 }, dense(3), "OPTION", "layers", "an object"],
    ["an empty list", { input: 2 }, [], "OPTION", "nothing to train", "dense("],
    ["activations alone", { input: 2 }, [relu(), sigmoid()], "OPTION", "nothing to train", "dense("],
    ["a layer's maker", { input: 2 }, [dense(3), relu], "OPTION", "layers[1] is a function", "relu()"],
    ["null for a layer", { input: 2 }, [null], "OPTION", "layers[0] is null"],
    ["an unknown layer", { input: 2 }, [{ kind: "conv" }], "OPTION", 'layers[0] is an object of kind "conv"'],
    ["a name that every object has", { input: 2 }, [{ kind: "toString" }], "OPTION", 'of kind "toString"'],
    ["a made-up width", { input: 2 }, [{ ...dense(1), units: 0 }], "OPTION", "layers[0]", "units is 0"],
    ["a width of 10⁹", { input: 2 }, [dense(1e9)], "TOO_LARGE", "GiB", "4 GiB", "narrower"],
    ["an input of 10¹²", { input: 1e12 }, [dense(1)], "TOO_LARGE", "GiB", "4 GiB"],
    ["the widest of all", { input: 2 }, [dense(Number.MAX_SAFE_INTEGER)], "TOO_LARGE", "GiB"],
  ];
  it.each(cases)("refuses %s", async (_, options, list, code, ...pieces) => {
    const call = (): unknown => xent.sequential(options, list);
    expect(await memoriesMade(() => refuses(call, code, ...pieces))).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "8", undefined, null])(
    "dense(%s)",
    async (units) => {
      await refuses(() => dense(units as number), "OPTION", "dense", "units is", String(units), "integer");
    },
  );

  it("is not touched by later changes of the caller's list", () => {
    const list = [dense(2), relu(), dense(3)];
    const m = xent.sequential({ input: 2, ...learn }, list);
    list.pop();
    expect(m.outputs).toBe(3);
    expect(Object.keys(m.stateDict())).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
  });
});

describe("sgd", () => {
  it.each([0, -0.1, Number.NaN, Number.POSITIVE_INFINITY, "0.1", undefined, null])("lr %s", async (lr) => {
    await refuses(() => sgd({ lr: lr as number }), "OPTION", "sgd", "lr is", String(lr), "above 0");
  });

  it("no options, or others", async () => {
    await refuses(() => sgd(undefined as Any), "OPTION", "sgd", "undefined", "lr");
    await refuses(() => sgd(0.1 as Any), "OPTION", "sgd", "0.1", "lr");
    await refuses(() => sgd({} as Any), "OPTION", "sgd", "lr is undefined");
    await refuses(() => sgd({ lr: 1e39 }), "OPTION", "1e+39", "lr");
    await refuses(() => sgd({ lr: 1e-50 }), "OPTION", "1e-50", "lr");
    await refuses(
      () => sgd({ lr: 0.1, momentun: 0.9 } as Any),
      "OPTION",
      '"momentun"',
      "Did you mean momentum?",
    );
  });
});

describe("init", () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const cases: readonly (readonly [string, Any, XentErrorCode, ...string[]])[] = [
    ["bytes that are no WebAssembly", { wasm: Uint8Array.of(1, 2, 3) }, "UNSUPPORTED", "init"],
    ["no bytes", { wasm: new Uint8Array(0) }, "UNSUPPORTED", "init"],
    ["a file cut short", { wasm: empty.subarray(0, 6) }, "UNSUPPORTED", "init"],
    ["somebody else's module", { wasm: empty }, "UNSUPPORTED", "init", "exports nothing"],
    ["the same, compiled", { wasm: new WebAssembly.Module(empty) }, "UNSUPPORTED", "init", "exports nothing"],
    ["a path", { wasm: "xent/wasm/simd.wasm" }, "OPTION", "init", '"xent/wasm/simd.wasm"', "bytes"],
    ["null", { wasm: null }, "OPTION", "init", "null"],
    ["an unknown option", { cores: 4 }, "OPTION", "init", '"cores"', "threads"],
    ["no object", 5, "OPTION", "init", "5"],
  ];
  it.each(cases)("refuses %s", async (_, options, code, ...pieces) => {
    await refuses(() => init(options), code, ...pieces);
  });
});

describe("a model that does not fit", () => {
  it("TOO_LARGE: the plan of a batch is beyond 4 GiB, and nothing is allocated", async () => {
    const m = xent.sequential({ input: 1, ...learn }, [dense(20_000), relu(), dense(2)]);
    const rows = 60_000;
    const data = dataset({ x: new Float32Array(rows), y: new Int32Array(rows), features: 1 });
    const call = () => m.fit(data, { batchSize: rows });
    expect(await memoriesMade(() => refuses(call, "TOO_LARGE", "GiB", "activations", "batchSize"))).toEqual(
      [],
    );
    await m.fit(blobSet(1, 64, 1, 2), { batchSize: 64 });
  });

  it("MEMORY: the host refuses, the model keeps what it had", async () => {
    const m = model();
    await m.fit(good);
    const before = weights(m);
    const large = () => m.fit(blobSet(1, 40_000, INPUT, OUTPUTS));
    await memoriesRefused(() => refuses(large, "MEMORY", "MiB", "out of memory"));
    expect(weights(m)).toBe(before);
    await m.fit(blobSet(1, 40_000, INPUT, OUTPUTS), { batchSize: 4000 });
    expect(weights(m)).not.toBe(before);
  });
});

it("nothing of all this is thrown where a promise is promised", async () => {
  const m: Any = model();
  for (const call of [m.fit, m.trainOnBatch, m.evaluate, m.confusionMatrix]) {
    const promise = call.call(m);
    expect(promise).toBeInstanceOf(Promise);
    expect(await thrown(() => promise)).toBeInstanceOf(Error);
  }
});
