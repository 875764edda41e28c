// tfjs as a system: its tensors, automatic differentiation and optimisers, on its CPU or its WebAssembly backend.
// Only what it exports; not tf.layers, and not the native tfjs-node.

import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { batchesOf, gather, oneHot } from "./batches.mjs";
import { versionOf } from "./version.mjs";

/** @typedef {import("./system.d.ts").Net} Net */
/** @typedef {import("./system.d.ts").Layer} Layer */
/** @typedef {import("./system.d.ts").Rows} Rows */
/** @typedef {{ w: tf.Variable, b: tf.Variable }[]} Variables   `w` is [in, out] */

// The gradients of a dense layer and of the loss are written here, by tf.customGrad. Those that tfjs
// registers come, in Node, with tfjs-layers only. They multiply with `transposeA` and `transposeB`, which the
// wasm backend does in a plain loop (`slow_batch_matmul`); a product without them, after tf.transpose, is
// XNNPACK's. The cpu backend has one loop for all, and there the flags save the copy. No kernel that is used
// here is missing or wrong on wasm.
//
// Ways compared on a shared machine, best ms per step:
//
//                                                 wasm                            cpu
//                                784-128-10  784-512-256-10  4-16-3  784-128-10  784-512-256-10  4-16-3
//   tf.layers, trainOnBatch              13             230    0.42          48               –    0.33
//   registered gradients and
//   tf.losses.softmaxCrossEntropy        12         160–250    0.23          47             300    0.23
//   this file                           2.5              14    0.19          49             290    0.18
//   ops alone: no tape, no SGD          2.4              14    0.13          49               –    0.15
//
// The last is faster for tiny nets only, and does without the automatic differentiation that users come for.

/**
 * @param {import("./system.d.ts").OpenOptions} options
 * @returns {Promise<import("./system.d.ts").System>}
 */
export async function open({ threads, backend = "wasm" }) {
  tf.enableProdMode();
  const description = await begin(backend, threads);
  return { version: versionOf("@tensorflow/tfjs-core"), backend: description, gemm, step, predict, learn };
}

/** Of the two backends only the one that is asked for is loaded. */
export async function begin(/** @type {string} */ backend, /** @type {number} */ threads) {
  if (backend === "cpu") {
    await import("@tensorflow/tfjs-backend-cpu");
    await tf.setBackend("cpu");
    return `${tf.getBackend()}, JavaScript, 1 thread`;
  }
  if (backend !== "wasm") throw new Error(`tfjs has no backend "${backend}" here`);
  const { getThreadsCount, setThreadsCount, setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  setThreadsCount(threads); // in vain in Node: its flag for threads is false there, and set to true it fails
  await tf.setBackend("wasm");
  const simd = tf.env().getBool("WASM_HAS_SIMD_SUPPORT") ? "SIMD" : "no SIMD";
  const count = getThreadsCount();
  return `${tf.getBackend()}, ${simd}, ${count} thread${count === 1 ? "" : "s"}`;
}

/**
 * On wasm XNNPACK packs `right` at the first run and keeps that for the others.
 *
 * @param {number} n
 * @param {Float32Array} a
 * @param {Float32Array} b
 * @returns {import("./system.d.ts").Product}
 */
function gemm(n, a, b) {
  const left = tf.tensor2d(a, [n, n]);
  const right = tf.tensor2d(b, [n, n]);
  /** @type {tf.Tensor | undefined} */
  let product;
  return {
    run() {
      product?.dispose();
      product = tf.matMul(left, right);
    },
    result: () => product.dataSync(),
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
  const batches = batchesOf(net, data, tf.tensor2d);
  let next = 0;
  /** @type {tf.Tensor | undefined} */
  let loss;
  return {
    steps(count, lr) {
      training.setLearningRate(lr);
      for (let i = 1; i <= count; i++) {
        const { x, t } = batches[next++ % batches.length];
        const value = training.step(x, t, i === count);
        if (!value) continue;
        loss?.dispose();
        loss = value;
      }
    },
    loss: () => loss.dataSync()[0],
  };
}

/**
 * @param {Net} net
 * @param {readonly Layer[]} layers
 * @param {Float32Array} x
 * @returns {import("./system.d.ts").Prediction}
 */
function predict(net, layers, x) {
  const variables = variablesOf(net, layers);
  const rows = tf.tensor2d(x, [net.batch, net.widths[0]]);
  return {
    run: () => tf.tidy(() => tf.softmax(logits(net, variables, rows)).dataSync()),
  };
}

/**
 * The batches are gathered in JavaScript, 128 rows of 784 in 0.1 ms; tf.gather takes 2.5 ms on wasm and 6.4
 * on cpu.
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
  const testRows = tf.tensor2d(test.x, [test.y.length, features]);
  const xs = new Float32Array(net.batch * features);
  const ts = new Float32Array(net.batch * classes);
  return {
    epoch(order, lr) {
      training.setLearningRate(lr);
      for (let start = 0; start < order.length; start += net.batch) {
        const part = order.subarray(start, start + net.batch);
        const x = rowsOf(train.x, features, part, xs);
        const t = rowsOf(targets, classes, part, ts);
        training.step(x, t, false);
        tf.dispose([x, t]);
      }
    },
    accuracy() {
      const found = tf.tidy(() => tf.argMax(logits(net, training.variables, testRows), 1).dataSync());
      return test.y.reduce((right, y, row) => right + Number(found[row] === y), 0) / test.y.length;
    },
  };
}

function rowsOf(source, width, order, into) {
  return tf.tensor2d(gather(source, width, order, into), [order.length, width]);
}

/** @returns {Variables} */
function variablesOf({ widths, loss }, layers) {
  if (loss !== "crossEntropy") throw new Error("no other loss than the cross entropy is written here");
  return tf.tidy(() =>
    layers.map(({ weight, bias }, l) => ({
      w: tf.variable(tf.transpose(tf.tensor2d(weight, [widths[l + 1], widths[l]]))),
      b: tf.variable(tf.tensor1d(bias)),
    })),
  );
}

/** Without gradients: one kernel does product, bias and activation. */
function logits({ activation }, /** @type {Variables} */ variables, x) {
  return variables.reduce((a, { w, b }, l) => {
    const last = l === variables.length - 1;
    return tf.fused.matMul({ a, b: w, bias: b, activation: last ? "linear" : activation });
  }, x);
}

/**
 * An optimiser of tfjs, and a function that sets its learning rate, for which its Adam has none.
 *
 * @param {Net} net
 */
export function optimizerOf(net) {
  if (net.optimizer === "sgd") {
    const sgd = tf.train.sgd(0);
    return { optimizer: sgd, setLearningRate: (/** @type {number} */ lr) => sgd.setLearningRate(lr) };
  }
  const adam = tf.train.adam(0, 0.9, 0.999, 1e-8);
  const setLearningRate = (/** @type {number} */ lr) => Object.assign(adam, { learningRate: lr });
  return { optimizer: adam, setLearningRate };
}

/** Variables, and an optimiser on them. */
function trainingOf(net, layers) {
  const variables = variablesOf(net, layers);
  const list = variables.flatMap(({ w, b }) => [w, b]);
  const { optimizer, setLearningRate } = optimizerOf(net);
  return {
    variables,
    setLearningRate,
    /** Gives the loss if it is wanted, for the caller to dispose of. */
    step(x, t, wanted) {
      const loss = () => {
        const z = variables.reduce((a, { w, b }, l) => dense(net, l, a, w, b), x);
        return crossEntropy(z, t);
      };
      return optimizer.minimize(loss, wanted, list);
    },
  };
}

const ACTIVATIONS = { relu: tf.relu, sigmoid: tf.sigmoid };

/** Layer `l` with its activation. */
function dense(net, l, x, w, b) {
  const first = l === 0;
  const last = l === net.widths.length - 2;
  const layer = (x, w, b, save) => {
    const z = tf.add(tf.matMul(x, w), b);
    const value = last ? z : ACTIVATIONS[net.activation](z);
    save([x, w, value]);
    const gradFunc = (dy, [x, w, a]) => {
      const dz = last ? dy : tf.mul(dy, slope(net, a));
      const gradients = [transposedTimes(x, dz), tf.sum(dz, 0)];
      return first ? gradients : [timesTransposed(dz, w), ...gradients];
    };
    return { value, gradFunc };
  };
  // the gradients of all arguments are computed, wanted or not: so the net's input is not one
  if (first) return tf.customGrad((w, b, save) => layer(x, w, b, save))(w, b);
  return tf.customGrad(layer)(x, w, b);
}

/** The activation's derivative, from its value. */
function slope({ activation }, a) {
  return activation === "relu" ? tf.step(a) : tf.mul(a, tf.sub(1, a));
}

/** The mean over the rows. */
function crossEntropy(z, t) {
  const rows = z.shape[0];
  return tf.customGrad((z, save) => {
    const logs = tf.logSoftmax(z);
    save([logs]);
    const value = tf.div(tf.sum(tf.mul(t, logs)), -rows);
    const gradFunc = (dy, [logs]) => tf.mul(tf.sub(tf.exp(logs), t), tf.div(dy, rows));
    return { value, gradFunc };
  })(z);
}

function transposedTimes(a, b) {
  return tf.getBackend() === "cpu" ? tf.matMul(a, b, true) : tf.matMul(tf.transpose(a), b);
}

function timesTransposed(a, b) {
  return tf.getBackend() === "cpu" ? tf.matMul(a, b, false, true) : tf.matMul(a, tf.transpose(b));
}
