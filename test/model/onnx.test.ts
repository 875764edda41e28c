// The file that exportOnnx writes, field by field, as onnx-proto reads it; and what it refuses. onnx-runtime.test.ts runs such files.

import { afterAll, describe, expect, it } from "vitest";
import type { LayerSpec, PreprocessingSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import * as nn from "../../src/index.ts";
import { exportOnnx } from "../../src/onnx.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { decoded, ModelProto } from "../support/onnx.ts";
import { withPreprocessing } from "../support/prepared-model.ts";
import type { Any } from "../support/refusals.ts";

const xent = await nn.init({ precision: "strict" });
const far = await nn.hosted({ precision: "strict" });
afterAll(() => far.dispose());

interface NodeProto {
  readonly opType: string;
  readonly name: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute?: readonly object[];
}
interface TensorProto {
  readonly name: string;
  readonly dims?: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}
interface Model {
  readonly graph: { readonly node: readonly NodeProto[]; readonly initializer: readonly TensorProto[] };
  readonly metadataProps?: readonly { key: string; value: string }[];
}
const read = (file: Uint8Array): Model => decoded(ModelProto, file) as unknown as Model;
const metadata = (file: Uint8Array): Record<string, string> =>
  Object.fromEntries((read(file).metadataProps ?? []).map(({ key, value }) => [key, value]));
const numbers = ({ rawData, dataType }: TensorProto): number[] => {
  const bytes = rawData.slice().buffer;
  return [...(dataType === 11 ? new Float64Array(bytes) : new Float32Array(bytes))];
};
/** Each node in one line: op, name: inputs → outputs. */
const lines = (file: Uint8Array): string[] =>
  read(file).graph.node.map(({ opType, name, input, output }) => `${opType} ${name}: ${input} → ${output}`);
const exported = (layers: readonly LayerSpec[], options?: Parameters<typeof exportOnnx>[1]): Uint8Array =>
  exportOnnx(xent.sequential({ input: 3, seed: 2, loss: nn.crossEntropy() }, layers), options);

describe("the file", () => {
  it("of a net, field by field", () => {
    const model = xent.sequential({ input: 3, seed: 2 }, [
      nn.dense(2),
      nn.leakyRelu({ negativeSlope: 0.25 }),
      nn.dense(2, { bias: false }),
    ]);
    const state = model.stateDict();
    const tensor = (name: string) => ({
      dims: state[name]?.shape,
      dataType: 1,
      name,
      rawData: new Uint8Array(state[name]?.data.buffer as ArrayBuffer),
    });
    const matrix = (name: string, columns: number) => ({
      name,
      type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "N" }, { dimValue: columns }] } } },
    });
    expect(decoded(ModelProto, exportOnnx(model, { name: "small" }))).toEqual({
      irVersion: 8,
      producerName: "xent",
      graph: {
        name: "small",
        node: [
          {
            input: ["input", "0.weight", "0.bias"],
            output: ["0.dense"],
            name: "0.dense",
            opType: "Gemm",
            attribute: [{ name: "transB", i: 1, type: "INT" }],
          },
          {
            input: ["0.dense"],
            output: ["1.leakyRelu"],
            name: "1.leakyRelu",
            opType: "LeakyRelu",
            attribute: [{ name: "alpha", f: 0.25, type: "FLOAT" }],
          },
          {
            input: ["1.leakyRelu", "2.weight"],
            output: ["logits"],
            name: "2.dense",
            opType: "Gemm",
            attribute: [{ name: "transB", i: 1, type: "INT" }],
          },
        ],
        initializer: ["0.weight", "0.bias", "2.weight"].map(tensor),
        input: [matrix("input", 3)],
        output: [matrix("logits", 2)],
      },
      opsetImport: [{ version: 17 }],
    });
  });

  it("parameters and running statistics by the names, shapes and bits of stateDict; blocks name their layers", async () => {
    const model = xent.sequential({ input: 3, loss: nn.crossEntropy(), optimizer: nn.sgd({ lr: 0.1 }) }, [
      nn.dense(4),
      nn.residual([
        nn.dense(4),
        nn.batchNorm1d(),
        nn.residual([nn.prelu({ shared: false }), nn.layerNorm()]),
      ]),
      nn.frozen(nn.dense(2)),
    ]);
    await model.fit(blobSet(1, 40, 3, 2), { epochs: 2 });
    const file = exportOnnx(model);
    const tensors = read(file).graph.initializer.map((each) => [each.name, each.dims, numbers(each)]);
    const state = Object.entries(model.stateDict());
    expect(tensors).toEqual(state.map(([name, { shape, data }]) => [name, shape, [...data]]));
    expect(lines(file)).toEqual([
      "Gemm 0.dense: input,0.weight,0.bias → 0.dense",
      "Gemm 1.0.dense: 0.dense,1.0.weight,1.0.bias → 1.0.dense",
      "BatchNormalization 1.1.batchNorm1d: 1.0.dense,1.1.weight,1.1.bias,1.1.running_mean,1.1.running_var → 1.1.batchNorm1d",
      "PRelu 1.2.0.prelu: 1.1.batchNorm1d,1.2.0.weight → 1.2.0.prelu",
      "LayerNormalization 1.2.1.layerNorm: 1.2.0.prelu,1.2.1.weight,1.2.1.bias → 1.2.1.layerNorm",
      "Add 1.2.residual: 1.1.batchNorm1d,1.2.1.layerNorm → 1.2.residual",
      "Add 1.residual: 0.dense,1.2.residual → 1.residual",
      "Gemm 2.dense: 1.residual,2.weight,2.bias → logits",
    ]);
    expect(exportOnnx(model)).toEqual(file);
  });

  it("dropout leaves nothing, at the end neither", () => {
    const dropped = [nn.dropout(0.5), nn.dense(2), nn.dropout(0.1)];
    expect(lines(exported(dropped))).toEqual(["Gemm 1.dense: input,1.weight,1.bias → logits"]);
  });

  it.each([
    ["crossEntropy", nn.crossEntropy(), "Softmax link.softmax: 0.dense → probabilities", "softmax"],
    ["bceWithLogits", nn.bceWithLogits(), "Sigmoid link.sigmoid: 0.dense → probabilities", "sigmoid"],
    ["mse", nn.mse(), "Gemm 0.dense: input,0.weight,0.bias → output", "none"],
    ["custom", customLink("softmax"), "Softmax link.softmax: 0.dense → probabilities", "softmax"],
    ["custom", customLink("none"), "Gemm 0.dense: input,0.weight,0.bias → output", "none"],
  ])("with the link of %s", (kind, loss, last, link) => {
    const file = exportOnnx(xent.sequential({ input: 3, loss }, [nn.dense(2)]), { link: true });
    expect(lines(file).at(-1)).toBe(last);
    expect(metadata(file)).toEqual({ loss: kind, link });
  });

  it("bytes become numbers by the scale of the data", async () => {
    const model = xent.sequential({ input: 3, loss: nn.crossEntropy() }, [nn.dense(2)]);
    await model.evaluate(byteSet(1, 10, 3, 2, { scale: 0.5, shift: -1 }));
    const file = exportOnnx(model, { input: "u8" });
    expect(lines(file)).toEqual([
      "Cast input.cast: input → input.cast",
      "Mul input.scaled: input.cast,input.scale → input.scaled",
      "Add input.shifted: input.scaled,input.shift → input.shifted",
      "Gemm 0.dense: input.shifted,0.weight,0.bias → logits",
    ]);
    const { graph } = read(file) as unknown as { graph: { input: Any[]; initializer: TensorProto[] } };
    expect(graph.input[0].type.tensorType.elemType).toBe(2);
    expect(graph.initializer.slice(2).map((each) => [each.name, each.dims, ...numbers(each)])).toEqual([
      ["input.scale", undefined, 0.5],
      ["input.shift", undefined, -1],
    ]);
  });

  it("names the classes", async () => {
    const model = xent.sequential({ input: 1, loss: nn.crossEntropy() }, [nn.dense(2)]);
    const data = dataset({ x: [[1], [2]], y: ["dog", "Katze, süß"], classes: ["Katze, süß", "dog"] });
    await model.fit(data, { optimizer: nn.sgd({ lr: 0.1 }) });
    expect(JSON.parse(metadata(exportOnnx(model)).classes as string)).toEqual(model.classes);
    expect(model.classes).toEqual(["Katze, süß", "dog"]);
  });

  it("while a fit is between two epochs it is that of the weights as they are", async () => {
    const model = xent.sequential({ input: 3, loss: nn.crossEntropy() }, [nn.dense(2)]);
    const files: Uint8Array[] = [];
    const onEpochEnd = (): void => void files.push(exportOnnx(model));
    const options = { optimizer: nn.sgd({ lr: 0.1 }), epochs: 2, callbacks: [{ onEpochEnd }] };
    await model.fit(blobSet(1, 20, 3, 2), options);
    expect(files).toHaveLength(2);
    expect(files[0]).not.toEqual(files[1]);
    expect(exportOnnx(model)).toEqual(files[1]);
  });
});

describe("preprocessing", () => {
  const column = { kind: "number", name: "a", center: 3, scale: 2, offset: 1 } as const;
  const spec: PreprocessingSpec = {
    columns: [column, { ...column, name: "b", center: 1 / 3, fill: 7 }],
    target: { kind: "numbers", columns: [{ ...column, name: "price", scale: 1 / 3 }] },
  };
  const model = (given: PreprocessingSpec | undefined): nn.Sequential =>
    withPreprocessing(xent.sequential({ input: 2, loss: nn.mse() }, [nn.dense(1)]), given);

  it("of numbers stands before the layers, and its way back behind them", () => {
    const file = exportOnnx(model(spec), { preprocessing: true, link: true });
    expect(lines(file)).toEqual([
      "Cast preprocessing.cast: input → preprocessing.cast",
      "IsNaN preprocessing.missing: preprocessing.cast → preprocessing.missing",
      "Where preprocessing.filled: preprocessing.missing,preprocessing.fill,preprocessing.cast → preprocessing.filled",
      "Sub preprocessing.centered: preprocessing.filled,preprocessing.center → preprocessing.centered",
      "Mul preprocessing.scaled: preprocessing.centered,preprocessing.scale → preprocessing.scaled",
      "Add preprocessing.shifted: preprocessing.scaled,preprocessing.offset → preprocessing.shifted",
      "Cast preprocessing.features: preprocessing.shifted → preprocessing.features",
      "Gemm 0.dense: preprocessing.features,0.weight,0.bias → 0.dense",
      "Cast target.cast: 0.dense → target.cast",
      "Sub target.unshifted: target.cast,target.offset → target.unshifted",
      "Div target.unscaled: target.unshifted,target.scale → target.unscaled",
      "Add target.uncentered: target.unscaled,target.center → target.uncentered",
      "Cast target.value: target.uncentered → output",
    ]);
    const constants = read(file).graph.initializer.slice(2);
    // in f64: 1/3 as it is
    expect(constants.map((each) => [each.name, each.dims, each.dataType, numbers(each)])).toEqual([
      ["preprocessing.fill", [2], 11, [Number.NaN, 7]],
      ["preprocessing.center", [2], 11, [3, 1 / 3]],
      ["preprocessing.scale", [2], 11, [2, 2]],
      ["preprocessing.offset", [2], 11, [1, 1]],
      ["target.offset", [1], 11, [1]],
      ["target.scale", [1], 11, [1 / 3]],
      ["target.center", [1], 11, [3]],
    ]);
    expect(JSON.parse(metadata(file).preprocessing as string)).toEqual(spec);
  });

  it("is left out where it is not asked for, but told", () => {
    const file = exportOnnx(model(spec));
    expect(lines(file)).toEqual(["Gemm 0.dense: input,0.weight,0.bias → logits"]);
    expect(JSON.parse(metadata(file).preprocessing as string)).toEqual(spec);
  });

  it("with no column to fill has nothing that fills, and without a link no way back", () => {
    const file = exportOnnx(model({ ...spec, columns: [column, { ...column, name: "c" }] }), {
      preprocessing: true,
    });
    const ops = lines(file).map((line) => line.split(" ")[0]);
    expect(ops).toEqual(["Cast", "Sub", "Mul", "Add", "Cast", "Gemm"]);
  });

  it("of classes has no way back", () => {
    const target = { kind: "classes", name: "kind", classes: ["a", "b"] } as const;
    const classifier = withPreprocessing(
      xent.sequential({ input: 2, loss: nn.crossEntropy() }, [nn.dense(2)]),
      {
        ...spec,
        target,
      },
    );
    expect(lines(exportOnnx(classifier, { link: true })).at(-1)).toMatch(/^Softmax .* → probabilities$/);
  });

  it("of categories is refused, and what cannot be", async () => {
    const colour = { kind: "oneHot", name: "colour", categories: ["red"], unknown: "error" } as const;
    const mixed = model({ columns: [column, colour] });
    const options = { preprocessing: true };
    await refuses(() => exportOnnx(mixed, options), "EXPORT", '"colour"', "categories", "transform()");
    expect(lines(exportOnnx(mixed))).toHaveLength(1);
    await refuses(() => exportOnnx(model(undefined), options), "PREPROCESSING", "without one");
    await refuses(() => exportOnnx(model(spec), { ...options, input: "u8" }), "OPTION", '"u8"');
  });
});

describe("refused", () => {
  const model = xent.sequential({ input: 3 }, [nn.dense(2)]);

  it.each([
    ["no model", undefined, "undefined"],
    ["a state dict", model.stateDict(), "an object"],
    ["a saved model", model.save(), "a Uint8Array"],
  ])("%s", async (_, given, shown) => {
    await refuses(() => exportOnnx(given as Any), "OPTION", `the model is ${shown}`, "sequential()");
  });

  it.each([
    [{ links: true }, 'unknown option "links". Did you mean link?'],
    [{ link: 1 }, "link is 1"],
    [{ input: "f64" }, 'input is "f64"'],
    [{ preprocessing: "yes" }, 'preprocessing is "yes"'],
    [{ name: "" }, 'name is ""'],
    [{ name: 3 }, "name is 3"],
    [null, "got null"],
  ])("the options %o", async (options, piece) => {
    await refuses(() => exportOnnx(model, options as Any), "OPTION", "exportOnnx: ", piece);
  });

  it("a link where no loss is known", async () => {
    await refuses(() => exportOnnx(model, { link: true }), "NO_LOSS", "logits");
    expect(metadata(exportOnnx(model))).toEqual({});
  });

  it("a model that was disposed", async () => {
    const gone = xent.sequential({ input: 3 }, [nn.dense(2)]);
    gone.dispose();
    await refuses(() => exportOnnx(gone), "DISPOSED", "exportOnnx");
  });

  it("a hosted model, which can be brought here", async () => {
    const options = { input: 3, seed: 5, loss: nn.crossEntropy() };
    const layers = [nn.dense(2)];
    const hosted = await far.sequential(options, layers);
    await refuses(() => exportOnnx(hosted as Any), "OPTION", "hosted", "await xent.load(await model.save())");
    const brought = await xent.load(await hosted.save());
    expect(exportOnnx(brought)).toEqual(exportOnnx(xent.sequential(options, layers)));
  });
});

function customLink(link: "none" | "softmax"): nn.CustomLossSpec {
  return nn.customLoss({ name: "zero", link, loss: () => 0, gradient: () => {} });
}
