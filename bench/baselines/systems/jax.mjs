// jax-js as a system: `jit` of a loss, its gradient and the SGD update, on its WebAssembly backend. Its
// WebGPU and WebGL backends do not exist in Node.

import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { batchesOf, gather, oneHot } from "./batches.mjs";
import { versionOf } from "./version.mjs";

/** @typedef {import("./system.d.ts").Net} Net */
/** @typedef {import("./system.d.ts").Layer} Layer */
/** @typedef {import("./system.d.ts").Rows} Rows */
/** @typedef {{ w: np.Array, b: np.Array }[]} Parameters   `w` is [out, in] */

// Ownership: a function consumes the arrays that it is given, `.ref` keeps one for later. What is not given
// away is disposed of.
//
// Ways compared on a shared machine, best ms per step:
//
//                                     784-128-10  784-512-256-10  4-16-3  784-30-10
//   weights [in, out]                        1.9              12    0.13       0.51
//   weights [out, in], this file             1.8              11    0.13       0.20
//   this file without jit                    8.2               –     9.1          –
//
// Reading the loss by `dataSync` instead of waiting for it, several steps before one wait, and `logSoftmax`
// instead of `logsumexp` are within 10 % of this file. `np.matmul` is as fast with `jit` as without.

/**
 * @param {import("./system.d.ts").OpenOptions} options
 * @returns {Promise<import("./system.d.ts").System>}
 */
export async function open({ backend = "wasm" }) {
  const devices = await init(backend);
  if (!devices.includes(backend)) throw new Error(`jax-js has no ${backend} here`);
  defaultDevice(backend);
  return { version: versionOf("@jax-js/jax"), backend: describe(), gemm, step, predict, learn };
}

/** A module with `f32x4.relaxed_madd`, the one that the library tests with. */
const RELAXED_MADD = "0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b";

/**
 * The library says which device it uses. Relaxed SIMD and workers are decided by tests that it does not
 * export; they are repeated here, and there is no setting for them. Workers need a global `Worker`, which
 * Node lacks: the kernels then run where they are called, one by one, on memory that is not shared.
 */
function describe() {
  const device = defaultDevice();
  if (device !== "wasm") return `${device}, 1 thread`;
  const relaxed = WebAssembly.validate(Buffer.from(RELAXED_MADD, "hex"));
  const workers = typeof SharedArrayBuffer !== "undefined" && typeof Worker !== "undefined";
  const threads = workers ? `${navigator.hardwareConcurrency} workers` : "1 thread, no workers";
  return `${device}, ${relaxed ? "relaxed SIMD" : "SIMD"}, ${threads}`;
}

/**
 * @param {number} n
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @returns {import("./system.d.ts").Product}
 */
function gemm(n, a, b) {
  const left = np.array(a, { shape: [n, n] });
  const right = np.array(b, { shape: [n, n] });
  let product;
  return {
    async run() {
      product?.dispose();
      product = np.matmul(left.ref, right.ref);
      await blockUntilReady(product);
    },
    result: () => product.ref.data(),
  };
}

/**
 * @param {Net} net
 * @param {readonly Layer[]} layers
 * @param {Rows} data
 * @returns {import("./system.d.ts").Training}
 */
function step(net, layers, data) {
  const training = trainingOf(net, layers);
  const batches = batchesOf(net, data, (values, shape) => np.array(values, { shape }));
  let next = 0;
  let loss;
  return {
    async steps(count, lr) {
      training.setLearningRate(lr);
      for (let i = 0; i < count; i++) {
        const { x, t } = batches[next++ % batches.length];
        loss?.dispose();
        loss = await training.step(x.ref, t.ref);
      }
      await training.done();
    },
    loss: async () => (await loss.ref.data())[0],
  };
}

/**
 * @param {Net} net
 * @param {readonly Layer[]} layers
 * @param {Float32Array} x
 * @returns {import("./system.d.ts").Prediction}
 */
function predict(net, layers, x) {
  const parameters = parametersOf(net, layers);
  const rows = np.array(x, { shape: [net.batch, net.widths[0]] });
  const probabilities = jit((parameters, x) => nn.softmax(logits(net, parameters, x), -1));
  return {
    run: () => probabilities(refs(parameters), rows.ref).data(),
  };
}

/**
 * The batches are gathered in JavaScript: `np.take` of rows that the library holds is slower, `jit` or not.
 *
 * @param {Net} net
 * @param {readonly Layer[]} layers
 * @param {Rows} train
 * @param {Rows} test
 * @returns {import("./system.d.ts").Learning}
 */
function learn(net, layers, train, test) {
  const [features, classes] = [net.widths[0], net.widths.at(-1)];
  const training = trainingOf(net, layers);
  const targets = oneHot(train.y, classes);
  const testRows = np.array(test.x, { shape: [test.y.length, features] });
  const classify = jit((parameters, x) => np.argmax(logits(net, parameters, x), -1));
  const xs = new Float32Array(net.batch * features);
  const ts = new Float32Array(net.batch * classes);
  return {
    async epoch(order, lr) {
      training.setLearningRate(lr);
      for (let start = 0; start < order.length; start += net.batch) {
        const part = order.subarray(start, start + net.batch);
        const x = rowsOf(train.x, features, part, xs);
        const t = rowsOf(targets, classes, part, ts);
        (await training.step(x, t)).dispose();
      }
      await training.done();
    },
    async accuracy() {
      const found = await classify(refs(training.parameters()), testRows.ref).data();
      return test.y.reduce((right, y, row) => right + Number(found[row] === y), 0) / test.y.length;
    },
  };
}

function rowsOf(source, width, order, into) {
  return np.array(gather(source, width, order, into), { shape: [order.length, width] });
}

/** @returns {Parameters} */
function parametersOf({ widths, loss }, layers) {
  if (loss !== "crossEntropy") throw new Error("no other loss than the cross entropy is written here");
  return layers.map(({ weight, bias }, l) => ({
    w: np.array(weight, { shape: [widths[l + 1], widths[l]] }),
    b: np.array(bias),
  }));
}

const refs = (parameters) => parameters.map(({ w, b }) => ({ w: w.ref, b: b.ref }));

function logits({ activation }, parameters, x) {
  return parameters.reduce((a, { w, b }, l) => {
    const z = np.matmul(a, w.transpose()).add(b);
    return l === parameters.length - 1 ? z : nn[activation](z);
  }, x);
}

function trainingOf(net, layers) {
  let parameters = parametersOf(net, layers);
  let rate = np.array(0);
  const loss = (parameters, x, t) => {
    const z = logits(net, parameters, x);
    return nn.logsumexp(z.ref, -1).sub(z.mul(t).sum(-1)).mean();
  };
  const update = jit((parameters, x, t, rate) => {
    const [value, gradients] = valueAndGrad(loss)(refs(parameters), x, t);
    const next = parameters.map(({ w, b }, l) => ({
      w: w.sub(gradients[l].w.mul(rate.ref)),
      b: b.sub(gradients[l].b.mul(rate.ref)),
    }));
    rate.dispose();
    return [value, next];
  });
  return {
    parameters: () => parameters,
    setLearningRate(lr) {
      rate.dispose();
      rate = np.array(lr);
    },
    /** Takes `x` and `t`; the loss is the caller's. */
    async step(x, t) {
      const [value, next] = update(parameters, x, t, rate.ref);
      parameters = next;
      return blockUntilReady(value); // all kernels of the step are run for it
    },
    done: () => blockUntilReady(parameters),
  };
}
