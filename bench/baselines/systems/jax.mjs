// jax-js as a system: `jit` of a loss, its gradient and the update, on its WebAssembly backend. Its
// WebGPU and WebGL backends do not exist in Node.

import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
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
    run: () => probabilities(tree.ref(parameters), rows.ref).data(),
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
      const found = await classify(tree.ref(training.parameters()), testRows.ref).data();
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

function logits({ activation }, parameters, x) {
  return parameters.reduce((a, { w, b }, l) => {
    const z = np.matmul(a, w.transpose()).add(b);
    return l === parameters.length - 1 ? z : nn[activation](z);
  }, x);
}

/**
 * For each optimiser what it keeps beside the parameters, the factors of a step, and what a step makes of an array: of
 * the factors, its gradient, itself and what is kept for it, which it takes.
 */
const RULES = {
  sgd: {
    slots: 0,
    factors: (lr) => ({ rate: lr }),
    update: ({ rate }, g, p) => [p.sub(g.mul(rate))],
  },
  adam: {
    slots: 2,
    factors: (lr, step) => ({ rate: lr / (1 - 0.9 ** step), scale: 1 / (1 - 0.999 ** step) }),
    update({ rate, scale }, g, p, m, v) {
      const mean = m.mul(0.9).add(g.ref.mul(0.1));
      const square = v.mul(0.999).add(np.square(g).mul(0.001));
      const root = np.sqrt(square.ref.mul(scale)).add(1e-8);
      return [p.sub(mean.ref.mul(rate).div(root)), mean, square];
    },
  },
};

function trainingOf(net, layers) {
  const { slots, factors, update } = RULES[net.optimizer];
  const parameters = parametersOf(net, layers);
  const zeros = () => tree.map(({ shape }) => np.zeros(shape), parameters);
  let state = [parameters, ...Array.from({ length: slots }, zeros)];
  let lr = 0;
  let count = 0;
  const loss = (parameters, x, t) => {
    const z = logits(net, parameters, x);
    return nn.logsumexp(z.ref, -1).sub(z.mul(t).sum(-1)).mean();
  };
  const step = jit((state, x, t, factors) => {
    const [value, gradients] = valueAndGrad(loss)(tree.ref(state[0]), x, t);
    const kept = state.map((part) => tree.leaves(part));
    const made = tree
      .leaves(gradients)
      .map((g, i) => update(tree.ref(factors), g, ...kept.map((part) => part[i])));
    tree.dispose(factors);
    const next = state.map((part, k) =>
      tree.unflatten(
        tree.structure(part),
        made.map((of) => of[k]),
      ),
    );
    return [value, next];
  });
  return {
    parameters: () => state[0],
    setLearningRate(rate) {
      lr = rate;
    },
    /** Takes `x` and `t`; the loss is the caller's. */
    async step(x, t) {
      count++;
      const scalars = tree.map((factor) => np.array(factor), factors(lr, count));
      const [value, next] = step(state, x, t, scalars);
      state = next;
      return blockUntilReady(value); // all kernels of the step are run for it
    },
    done: () => blockUntilReady(state),
  };
}
