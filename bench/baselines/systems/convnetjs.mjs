// ConvNetJS: a `Net` of its own layers and a `Trainer`, which takes one row at a time, adds up the gradients
// of `batch_size` rows and divides by that. Plain JavaScript on 64-bit floats; there is nothing to choose.

import convnetjs from "convnetjs";
import { versionOf } from "./version.mjs";

/** @typedef {import("./system.d.ts").Net} Net */

/** @returns {Promise<import("./system.d.ts").System>} */
export async function open() {
  return { version: versionOf("convnetjs"), backend: "JavaScript, f64, 1 thread", step, predict, learn };
}

/** @type {import("./system.d.ts").System["step"]} */
function step(net, layers, data) {
  const { batch } = net;
  const batches = Math.floor(data.y.length / batch);
  const train = trainer(net, network(net, layers), data);
  let next = 0;
  let loss = Number.NaN;
  return {
    steps(count, lr) {
      for (let i = 0; i < count; i++) {
        const first = (next++ % batches) * batch;
        loss = train(batch, lr, (r) => first + r);
      }
    },
    loss: () => loss,
  };
}

/** @type {import("./system.d.ts").System["predict"]} */
function predict(net, layers, x) {
  const [features] = net.widths;
  const classes = net.widths[net.widths.length - 1];
  const model = network(net, layers);
  const rows = Array.from({ length: x.length / features }, (_, r) => volume(features, x, r));
  return {
    run() {
      const probabilities = new Float32Array(rows.length * classes);
      for (let r = 0; r < rows.length; r++) probabilities.set(model.forward(rows[r]).w, r * classes);
      return probabilities;
    },
  };
}

/** @type {import("./system.d.ts").System["learn"]} */
function learn(net, layers, data, test) {
  const model = network(net, layers);
  const train = trainer(net, model, data);
  return {
    epoch(order, lr) {
      for (let first = 0; first < order.length; first += net.batch) {
        train(Math.min(net.batch, order.length - first), lr, (r) => order[first + r]);
      }
    },
    accuracy() {
      let right = 0;
      for (let r = 0; r < test.y.length; r++) {
        model.forward(volume(net.widths[0], test.x, r));
        if (model.getPrediction() === test.y[r]) right++;
      }
      return right / test.y.length;
    },
  };
}

/**
 * A function that makes one step on `count` rows and gives the mean of their losses, from before the update.
 * All rows go through one `Vol`: with one for each, the gradients that ConvNetJS leaves in them outlive the
 * step, and a net of 64-32-10 takes a third longer.
 *
 * @param {Net} net
 * @param {convnetjs.Net} model
 * @param {import("./system.d.ts").Rows} rows
 */
function trainer({ widths: [features], optimizer }, model, { x, y }) {
  if (optimizer !== "sgd") throw new Error("ConvNetJS has no Adam");
  const trainer = new convnetjs.Trainer(model, { method: "sgd", momentum: 0, l1_decay: 0, l2_decay: 0 });
  const input = new convnetjs.Vol(1, 1, features, 0);
  return (count, lr, rowAt) => {
    // It updates whenever the number of rows that it has seen, `k`, is a multiple of `batch_size`: count
    // anew, or a smaller batch after larger ones is cut in two.
    trainer.k = 0;
    trainer.batch_size = count;
    trainer.learning_rate = lr;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const r = rowAt(i);
      input.w.set(x.subarray(r * features, (r + 1) * features));
      sum += trainer.train(input, y[r]).loss;
    }
    return sum / count;
  };
}

/**
 * @param {Net} net
 * @param {readonly import("./system.d.ts").Layer[]} layers
 */
function network({ widths, activation, loss }, layers) {
  if (loss !== "crossEntropy") throw new Error("ConvNetJS is asked for a softmax with cross entropy only");
  const [features, ...hidden] = widths;
  const classes = hidden.pop();
  const model = new convnetjs.Net();
  model.makeLayers([
    { type: "input", out_sx: 1, out_sy: 1, out_depth: features },
    ...hidden.map((width) => ({ type: "fc", num_neurons: width, activation })),
    { type: "softmax", num_classes: classes }, // it puts a dense layer before it
  ]);
  const dense = model.layers.filter((layer) => layer.layer_type === "fc");
  for (const [i, { weight, bias }] of layers.entries()) {
    const inputs = widths[i];
    for (const [o, filter] of dense[i].filters.entries()) {
      filter.w.set(weight.subarray(o * inputs, (o + 1) * inputs));
    }
    dense[i].biases.w.set(bias);
  }
  return model;
}

function volume(features, x, r) {
  const vol = new convnetjs.Vol(1, 1, features, 0);
  vol.w.set(x.subarray(r * features, (r + 1) * features));
  return vol;
}
