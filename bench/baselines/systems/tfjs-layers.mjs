// tfjs as most of its users write it: a sequential model of tfjs-layers, `trainOnBatch`, and the gradients that tfjs itself has.
// `tfjs.mjs` says why those are slow on its WebAssembly backend, and goes around them.

import * as tf from "@tensorflow/tfjs-core";
import { layers as kinds, sequential } from "@tensorflow/tfjs-layers";
import { batchesOf } from "./batches.mjs";
import { begin, optimizerOf } from "./tfjs.mjs";
import { versionOf } from "./version.mjs";

/** @typedef {import("./system.d.ts").Net} Net */
/** @typedef {import("./system.d.ts").Layer} Layer */
/** @typedef {import("./system.d.ts").Rows} Rows */

/**
 * @param {import("./system.d.ts").OpenOptions} options
 * @returns {Promise<import("./system.d.ts").System>}
 */
export async function open({ threads, backend = "wasm" }) {
  tf.enableProdMode();
  const description = await begin(backend, threads);
  return { version: versionOf("@tensorflow/tfjs-layers"), backend: description, step };
}

/**
 * @param {Net} net
 * @param {readonly Layer[]} layers
 * @param {Rows} data
 * @returns {import("./system.d.ts").Training}
 */
function step(net, layers, data) {
  const model = modelOf(net, layers);
  const { optimizer, setLearningRate } = optimizerOf(net);
  // of the losses that can be named it is the fastest, and takes logits
  model.compile({ optimizer, loss: (t, z) => tf.losses.softmaxCrossEntropy(t, z) });
  const batches = batchesOf(net, data, tf.tensor2d);
  let next = 0;
  let loss = Number.NaN;
  return {
    async steps(count, lr) {
      setLearningRate(lr);
      for (let i = 0; i < count; i++) {
        const { x, t } = batches[next++ % batches.length];
        loss = /** @type {number} */ (await model.trainOnBatch(x, t));
      }
    },
    loss: () => loss,
  };
}

function modelOf({ widths, activation, loss }, layers) {
  if (loss !== "crossEntropy") throw new Error("no other loss than the cross entropy is written here");
  const model = sequential();
  for (const [l, { bias }] of layers.entries()) {
    const last = l === layers.length - 1;
    model.add(
      kinds.dense({
        units: bias.length,
        activation: last ? "linear" : activation,
        ...(l === 0 ? { inputShape: [widths[0]] } : {}),
      }),
    );
  }
  model.setWeights(
    layers.flatMap(({ weight, bias }, l) => [
      tf.transpose(tf.tensor2d(weight, [widths[l + 1], widths[l]])),
      tf.tensor1d(bias),
    ]),
  );
  return model;
}
