// onnxruntime-web: its WebAssembly backend, for inference alone. The models are written here, by the ONNX
// schema, with fixed shapes; each run copies its input into the runtime's memory and its output out of it.

import proto from "onnx-proto";
import * as ort from "onnxruntime-web";
import { versionOf } from "./version.mjs";

const { onnx } = proto;
const float = onnx.TensorProto.DataType.FLOAT;

/**
 * @param {Pick<import("./system.d.ts").OpenOptions, "threads">} options
 * @returns {Promise<import("./system.d.ts").System>}
 */
export async function open({ threads }) {
  ort.env.wasm.numThreads = threads;
  await (await gemm(1, Float32Array.of(1), Float32Array.of(1))).run(); // decides the rest of `env.wasm`
  const { simd, numThreads } = ort.env.wasm;
  // It has one build, with SIMD, and refuses to start without it unless `simd` is false.
  const parts = [
    "wasm",
    ...(simd === false ? [] : ["SIMD"]),
    `${numThreads} thread${numThreads === 1 ? "" : "s"}`,
  ];
  return { version: versionOf("onnxruntime-web"), backend: parts.join(", "), gemm, predict };
}

/**
 * `MatMul`: no slower than `Gemm`, which may add a third matrix.
 *
 * @param {number} n
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @returns {Promise<import("./system.d.ts").Product>}
 */
async function gemm(n, a, b) {
  const shape = [n, n];
  const session = await load({
    node: [{ opType: "MatMul", input: ["a", "b"], output: ["c"] }],
    input: [value("a", shape), value("b", shape)],
    output: [value("c", shape)],
  });
  const feeds = { a: new ort.Tensor("float32", a, shape), b: new ort.Tensor("float32", b, shape) };
  let product = new Float32Array(n * n);
  return {
    async run() {
      const { c } = await session.run(feeds);
      product = /** @type {Float32Array<ArrayBuffer>} */ (c.data);
    },
    result: () => product,
  };
}

/**
 * @param {import("./system.d.ts").Net} net
 * @param {readonly import("./system.d.ts").Layer[]} layers
 * @param {Float32Array} x
 * @returns {Promise<import("./system.d.ts").Prediction>}
 */
async function predict({ widths, batch, activation, loss }, layers, x) {
  const between = activation === "relu" ? "Relu" : "Sigmoid";
  const atTheEnd = loss === "crossEntropy" ? "Softmax" : "Sigmoid";
  const node = [];
  const initializer = [];
  let last = "x";
  for (const [i, { weight, bias }] of layers.entries()) {
    const [w, b, z, a] = [`w${i}`, `b${i}`, `z${i}`, `a${i}`];
    const [inputs, outputs] = [widths[i], widths[i + 1]];
    initializer.push(constant(w, [outputs, inputs], weight), constant(b, [outputs], bias));
    const transB = { name: "transB", type: onnx.AttributeProto.AttributeType.INT, i: 1 };
    node.push({ opType: "Gemm", input: [last, w, b], output: [z], attribute: [transB] });
    node.push({ opType: i === layers.length - 1 ? atTheEnd : between, input: [z], output: [a] });
    last = a;
  }
  const [features, classes] = [widths[0], widths[widths.length - 1]];
  const session = await load({
    node,
    initializer,
    input: [value("x", [batch, features])],
    output: [value(last, [batch, classes])],
  });
  const feeds = { x: new ort.Tensor("float32", x, [batch, features]) };
  return {
    async run() {
      const output = (await session.run(feeds))[last];
      return /** @type {Float32Array} */ (output.data);
    },
  };
}

function load(graph) {
  const model = onnx.ModelProto.fromObject({
    irVersion: 9,
    opsetImport: [{ domain: "", version: 17 }],
    graph: { name: "net", ...graph },
  });
  const bytes = onnx.ModelProto.encode(model).finish();
  return ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
}

function value(name, shape) {
  const dim = shape.map((dimValue) => ({ dimValue }));
  return { name, type: { tensorType: { elemType: float, shape: { dim } } } };
}

/** Raw data are little-endian, as the machines are that have such a runtime. */
function constant(name, dims, { buffer, byteOffset, byteLength }) {
  return { name, dims, dataType: float, rawData: new Uint8Array(buffer, byteOffset, byteLength) };
}
