// Weights of a small trained net of tfjs-layers, as `model.getWeights()` gives them, with rows and what it predicts for them: what
// docs/from-tfjs.md moves into xent. `node bench/baselines/tfjs-weights.mjs` writes test/fixtures/tfjs-weights.json; it measures nothing.

import { writeFileSync } from "node:fs";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential, version_layers } from "@tensorflow/tfjs-layers";

const model = sequential();
model.add(layers.dense({ units: 5, activation: "relu", inputShape: [3] }));
model.add(layers.batchNormalization());
model.add(layers.dense({ units: 4, activation: "softmax" }));
model.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy" });

const rows = 40;
const x = Array.from({ length: rows }, (_, i) => [0, 1, 2].map((j) => Math.sin(7 * i + 3 * j)));
const y = Array.from({ length: rows }, (_, i) => i % 4);
await model.fit(tf.tensor2d(x), tf.tensor1d(y), { epochs: 5, batchSize: 8, verbose: 0 });

const weights = model.getWeights().map((tensor) => ({ shape: tensor.shape, values: [...tensor.dataSync()] }));
const asked = x.slice(0, 6);
const predicted = [...model.predict(tf.tensor2d(asked)).dataSync()];
const out = { version: version_layers, weights, x: asked, predicted };
writeFileSync("test/fixtures/tfjs-weights.json", `${JSON.stringify(out)}\n`);
