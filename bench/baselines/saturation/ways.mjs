// The ways in which users of three other libraries get at a cross entropy. Each one is run on given logits and gives
// loss and gradient with respect to them. Only what a library exports or keeps in plain sight is used, and nothing of
// it is changed.

import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers, metrics, sequential } from "@tensorflow/tfjs-layers";
import brain from "brain.js";
import convnetjs from "convnetjs";
import { versionOf } from "../systems/version.mjs";

/**
 * @typedef {object} Way
 * @property {string} system
 * @property {string} version   from the package.json of what is installed
 * @property {"softmax" | "binary"} kind   logits of all classes and a class id, or one logit and a target of 0 or 1
 * @property {string} writes    what the user writes
 * @property {boolean} [quadratic]   the library has no cross entropy there; this is its quadratic cost
 * @property {(logits: number[], target: number) => Promise<Result> | Result} run
 *
 * @typedef {{ loss: number, gradient: number[] }} Result
 */

/** @returns {Way[]} */
export function tfjsRows() {
  tf.enableProdMode(); // without it the CPU backend prints advice to install another one
  const system = "tfjs";
  const version = versionOf("@tensorflow/tfjs-core");
  const { softmaxCrossEntropy, sigmoidCrossEntropy, logLoss } = tf.losses;
  const oneHot = (target, classes) =>
    tf.tensor2d([Array.from({ length: classes }, (_, j) => Number(j === target))]);
  const softmax = (writes, run) => ({ system, version, kind: "softmax", writes, run });
  const binary = (writes, run) => ({ system, version, kind: "binary", writes, run });
  return [
    softmax('activation: "softmax", loss: "categoricalCrossentropy"', (logits, target) =>
      trainingStep(logits, "softmax", "categoricalCrossentropy", oneHot(target, logits.length)),
    ),
    softmax('activation: "softmax", loss: "sparseCategoricalCrossentropy"', (logits, target) =>
      trainingStep(logits, "softmax", "sparseCategoricalCrossentropy", tf.tensor2d([[target]])),
    ),
    softmax("tf.metrics.categoricalCrossentropy(t, tf.softmax(z))", (logits, target) => {
      const t = oneHot(target, logits.length);
      return valueAndGrad(logits, (z) => metrics.categoricalCrossentropy(t, tf.softmax(z)));
    }),
    softmax("compile({ loss: tf.losses.softmaxCrossEntropy })", (logits, target) =>
      trainingStep(logits, "linear", softmaxCrossEntropy, oneHot(target, logits.length)),
    ),
    softmax("tf.losses.softmaxCrossEntropy(t, z)", (logits, target) => {
      const t = oneHot(target, logits.length);
      return valueAndGrad(logits, (z) => softmaxCrossEntropy(t, z));
    }),
    binary('activation: "sigmoid", loss: "binaryCrossentropy"', (logits, target) =>
      trainingStep(logits, "sigmoid", "binaryCrossentropy", tf.tensor2d([[target]])),
    ),
    binary("tf.metrics.binaryCrossentropy(y, tf.sigmoid(z))", (logits, target) =>
      valueAndGrad(logits, (z) => metrics.binaryCrossentropy(tf.tensor2d([[target]]), tf.sigmoid(z))),
    ),
    binary("tf.losses.logLoss(y, tf.sigmoid(z))", (logits, target) =>
      valueAndGrad(logits, (z) => logLoss(tf.tensor2d([[target]]), tf.sigmoid(z))),
    ),
    binary("compile({ loss: tf.losses.sigmoidCrossEntropy })", (logits, target) =>
      trainingStep(logits, "linear", sigmoidCrossEntropy, tf.tensor2d([[target]])),
    ),
    binary("tf.losses.sigmoidCrossEntropy(y, z)", (logits, target) =>
      valueAndGrad(logits, (z) => sigmoidCrossEntropy(tf.tensor2d([[target]]), z)),
    ),
  ];
}

/** An optimiser that writes the gradients down and leaves the weights alone. */
class Recorder extends tf.Optimizer {
  gradients = {};
  applyGradients(gradients) {
    for (const { name, tensor } of gradients) this.gradients[name] = [...tensor.dataSync()];
  }
  getConfig() {
    return {};
  }
}

/** `trainOnBatch` of one dense layer without input: its bias is the logits, the bias's gradient is theirs. */
async function trainingStep(logits, activation, loss, target) {
  const dense = layers.dense({
    units: logits.length,
    inputShape: [1],
    activation,
    kernelInitializer: "zeros",
  });
  const model = sequential({ layers: [dense] });
  const optimizer = new Recorder();
  model.compile({ optimizer, loss });
  dense.setWeights([tf.zeros([1, logits.length]), tf.tensor1d(logits)]);
  const value = await model.trainOnBatch(tf.zeros([1, 1]), target);
  return { loss: value, gradient: optimizer.gradients[dense.bias.name] };
}

function valueAndGrad(logits, loss) {
  const { value, grad } = tf.valueAndGrad((z) => tf.sum(loss(z)))(tf.tensor2d([logits]));
  return { loss: value.dataSync()[0], gradient: [...grad.dataSync()] };
}

/**
 * brain.js has no softmax and no cross entropy: its outputs are sigmoids with a quadratic cost, whose training error
 * is (y − a)². `deltas` is what its training adds to the bias, per learning rate: minus the gradient of ½(y − a)².
 *
 * @returns {Way[]}
 */
export function brainRows() {
  return [
    {
      system: "brain.js",
      version: versionOf("brain.js"),
      kind: "binary",
      quadratic: true,
      writes: "new NeuralNetwork()",
      run([logit], target) {
        const net = new brain.NeuralNetwork({ inputSize: 1, hiddenLayers: [], outputSize: 1 });
        net.initialize();
        const output = net.outputLayer;
        net.weights[output][0][0] = 0;
        net.biases[output][0] = logit;
        const loss = net.trainPattern({ input: [0], output: [target] }, true);
        return { loss, gradient: [-net.deltas[output][0]] };
      },
    },
  ];
}

/**
 * A net that ends in `type: "regression"` gets a linear layer before it, so its builder cannot join a sigmoid and
 * that cost; the two layers can be called one after the other. The cost whose gradient they take is ½(a − y)², the
 * loss that they give is 2(a − y)².
 *
 * @returns {Way[]}
 */
export function convnetjsRows() {
  const system = "ConvNetJS";
  const version = versionOf("convnetjs");
  const row = (depth) => ({ in_sx: 1, in_sy: 1, in_depth: depth });
  const softmax = (logits, target) => {
    const z = new convnetjs.Vol(logits);
    const layer = new convnetjs.SoftmaxLayer(row(logits.length));
    layer.forward(z, true);
    return { loss: layer.backward(target), gradient: [...z.dw] };
  };
  return [
    { system, version, kind: "softmax", writes: '{ type: "softmax", num_classes: 2 }', run: softmax },
    {
      system,
      version,
      kind: "binary",
      writes: '{ type: "softmax", num_classes: 2 }, logits [0, z]',
      run([logit], target) {
        const { loss, gradient } = softmax([0, logit], target);
        return { loss, gradient: [gradient[1]] };
      },
    },
    {
      system,
      version,
      kind: "binary",
      quadratic: true,
      writes: "SigmoidLayer, RegressionLayer",
      run(logits, target) {
        const z = new convnetjs.Vol(logits);
        const sigmoid = new convnetjs.SigmoidLayer(row(1));
        const regression = new convnetjs.RegressionLayer(row(1));
        regression.forward(sigmoid.forward(z, true), true);
        const loss = regression.backward([target]);
        sigmoid.backward();
        return { loss, gradient: [...z.dw] };
      },
    },
  ];
}
