// brain.js: `NeuralNetwork` on the CPU, whose `trainPattern` makes one step on one row. It has sigmoid
// outputs and a quadratic cost, no softmax, no batches: it is asked for such nets alone and never to `learn`.

import brain from "brain.js";
import { versionOf } from "./version.mjs";

/** @typedef {import("./system.d.ts").Net} Net */

/** @returns {Promise<import("./system.d.ts").System>} */
export async function open() {
  return { version: versionOf("brain.js"), backend: "JavaScript, f32 arrays, 1 thread", step, predict };
}

/** @type {import("./system.d.ts").System["step"]} */
function step(net, layers, data) {
  if (net.batch !== 1) throw new Error("brain.js trains on one row at a time");
  const model = network(net, layers);
  const classes = net.widths[net.widths.length - 1];
  const patterns = rowsOf(data.x, net).map((input, r) => {
    const output = new Float32Array(classes);
    output[data.y[r]] = 1;
    return { input, output };
  });
  let next = 0;
  let error = Number.NaN; // brain's: the mean over outputs of (t − a)², from before the update
  return {
    steps(count, lr) {
      model.trainOpts.learningRate = lr;
      for (let i = 0; i < count; i++) error = model.trainPattern(patterns[next++ % patterns.length], true);
    },
    loss: () => (error * classes) / 2, // ½ Σ (a − t)²
  };
}

/** @type {import("./system.d.ts").System["predict"]} */
function predict(net, layers, x) {
  const model = network(net, layers);
  const rows = rowsOf(x, net);
  const classes = net.widths[net.widths.length - 1];
  return {
    run() {
      const outputs = new Float32Array(rows.length * classes);
      for (let r = 0; r < rows.length; r++) outputs.set(model.runInput(rows[r]), r * classes);
      return outputs;
    },
  };
}

/**
 * @param {Net} net
 * @param {readonly import("./system.d.ts").Layer[]} layers
 */
function network({ widths, activation, loss, optimizer }, layers) {
  if (loss !== "quadratic" || activation !== "sigmoid" || optimizer !== "sgd") {
    throw new Error("brain.js is asked for sigmoids, a quadratic cost and SGD only");
  }
  const [inputSize, ...hiddenLayers] = widths;
  const outputSize = hiddenLayers.pop();
  const model = new brain.NeuralNetwork({ inputSize, hiddenLayers, outputSize, activation });
  model.initialize();
  // Its check of options throws at a momentum or a learning rate of 0, but steps read them here.
  model.trainOpts.momentum = 0;
  for (const [i, { weight, bias }] of layers.entries()) {
    const inputs = widths[i];
    for (const [o, weights] of model.weights[i + 1].entries()) {
      weights.set(weight.subarray(o * inputs, (o + 1) * inputs));
    }
    model.biases[i + 1].set(bias);
  }
  return model;
}

/**
 * @param {Float32Array} x
 * @param {Net} net
 */
function rowsOf(x, { widths: [features] }) {
  return Array.from({ length: x.length / features }, (_, r) => x.slice(r * features, (r + 1) * features));
}
