// The experiment: one neuron, two costs, the same start and the same learning rate. Returns numbers; prints nothing.

import { bceWithLogits, dataset, dense, init, quadratic, type Sequential, sgd, sigmoid } from "xent";
import type { Options } from "./options.ts";

/** Training by one cost. */
export interface Course {
  /** before each step, and after the last: epochs + 1 numbers */
  readonly costs: readonly number[];
  /** ∂C/∂w at the start */
  readonly firstGradient: number;
  /** a at the start and at the end */
  readonly outputs: readonly [first: number, last: number];
}

/** First gradients of both costs from one starting logit. */
export interface FirstGradients {
  readonly logit: number;
  readonly output: number;
  readonly quadratic: number;
  readonly crossEntropy: number;
}

export interface Result {
  readonly quadratic: Course;
  readonly crossEntropy: Course;
  /** by ascending logit; the run's own start is among them */
  readonly gradients: readonly FirstGradients[];
}

/** The one sample: x = 1, and what a should be. */
const SAMPLE = { x: Float32Array.of(1), y: Float32Array.of(0) };
const LOGITS = [0, 2, 4, 8, 16, 32];

/** Trains the neuron by each cost, and looks at its first gradient from other starts. */
export async function run({ epochs, lr, weight, bias }: Options): Promise<Result> {
  const xent = await init();
  const optimizer = sgd({ lr });
  // the quadratic cost takes the output of the sigmoid; cross entropy takes its input and has a sigmoid of its own
  const byQuadratic = xent.sequential({ input: 1, loss: quadratic(), optimizer }, [dense(1), sigmoid()]);
  const byCrossEntropy = xent.sequential({ input: 1, loss: bceWithLogits(), optimizer }, [dense(1)]);
  try {
    return {
      quadratic: await train(byQuadratic, weight, bias, epochs),
      crossEntropy: await train(byCrossEntropy, weight, bias, epochs),
      gradients: [...new Set([...LOGITS, weight + bias])]
        .sort((a, b) => a - b)
        .map((logit) => {
          start(byQuadratic, logit, 0);
          start(byCrossEntropy, logit, 0);
          return {
            logit,
            output: output(byQuadratic),
            quadratic: gradient(byQuadratic),
            crossEntropy: gradient(byCrossEntropy),
          };
        }),
    };
  } finally {
    byQuadratic.dispose();
    byCrossEntropy.dispose();
  }
}

async function train(model: Sequential, weight: number, bias: number, epochs: number): Promise<Course> {
  start(model, weight, bias);
  const firstGradient = gradient(model);
  const first = output(model);
  const costs: number[] = [];
  for (let epoch = 0; epoch < epochs; epoch++)
    costs.push((await model.trainOnBatch(SAMPLE.x, SAMPLE.y)).loss);
  costs.push((await model.evaluate(dataset({ ...SAMPLE, features: 1 }))).loss);
  return { costs, firstGradient, outputs: [first, output(model)] };
}

/** Puts the neuron at a weight and a bias. */
function start(model: Sequential, weight: number, bias: number): void {
  model.loadStateDict({
    "0.weight": { shape: [1, 1], data: Float32Array.of(weight) },
    "0.bias": { shape: [1], data: Float32Array.of(bias) },
  });
}

/** ∂C/∂w; as x = 1, ∂C/∂b is the same. */
function gradient(model: Sequential): number {
  return model.gradients(SAMPLE)["0.weight"]?.data[0] ?? Number.NaN;
}

/** a = σ(w·x + b): predict() applies the sigmoid where the cost has it. */
function output(model: Sequential): number {
  return model.predict(SAMPLE.x)[0] ?? Number.NaN;
}
