// One sigmoid neuron with one input, trained by each cost in the page's runtime. Gives the numbers that the models say; draws
// nothing, and has no formula of its own.

import {
  bceWithLogits,
  type Dataset,
  dataset,
  dense,
  type HostedSequential,
  type HostedXent,
  quadratic,
  type StateDict,
  sgd,
  sigmoid,
} from "xent";

export const COSTS = ["quadratic", "crossEntropy"] as const;
export type Cost = (typeof COSTS)[number];
export type Target = "0" | "1";

/** Where both neurons start, and how they are trained. */
export interface Setup {
  readonly weight: number;
  readonly bias: number;
  readonly target: Target;
  readonly lr: number;
  readonly epochs: number;
}

/** A neuron before a step, or after the last. */
export interface State {
  readonly weight: number;
  readonly bias: number;
  /** z = w·x + b */
  readonly logit: number;
  /** a = σ(z) */
  readonly output: number;
  readonly cost: number;
  /** ∂C/∂w; as x = 1, ∂C/∂b is the same */
  readonly gradient: number;
}

/** epochs + 1 states */
export type Course = readonly State[];

export interface Run {
  readonly setup: Setup;
  readonly courses: Readonly<Record<Cost, Course>>;
  readonly curves: Curves;
}

/** What holds for every start, for neurons with the same logits in turn. */
export interface Curves {
  readonly logits: readonly number[];
  readonly outputs: readonly number[];
  readonly gradients: Readonly<Record<Cost, readonly number[]>>;
}

/** A step of each model before the next of the same; a run is not to be asked for before the last has ended. */
export type Experiment = (setup: Setup) => Promise<Run>;

/** The one input, x. */
export const INPUT = 1;
export const MOST_EPOCHS = 1000;
/** Curves reach so far to both sides of 0. */
export const MOST_LOGIT = 9;
const POINTS = 65;
/** Closer to each other where σ is steep. */
const LOGITS = Array.from({ length: POINTS }, (_, i) => {
  const share = (2 * i) / (POINTS - 1) - 1;
  return MOST_LOGIT * share * Math.abs(share);
});
const X = Float32Array.of(INPUT);
const DATA: Readonly<Record<Target, Dataset>> = {
  "0": dataset({ x: X, y: Float32Array.of(0), features: 1 }),
  "1": dataset({ x: X, y: Float32Array.of(1), features: 1 }),
};

interface Models {
  readonly neurons: Readonly<Record<Cost, HostedSequential>>;
  /** many neurons beside each other, to look at all of them at once */
  readonly layer: HostedSequential;
}

export async function experiment(xent: HostedXent): Promise<Experiment> {
  const [first, second, layer] = await Promise.all([
    // the quadratic cost takes the output of the sigmoid; cross entropy takes its input and has a sigmoid of its own
    xent.sequential({ input: 1, loss: quadratic() }, [dense(1), sigmoid()]),
    xent.sequential({ input: 1, loss: bceWithLogits() }, [dense(1)]),
    xent.sequential({ input: 1 }, [dense(MOST_EPOCHS + 1), sigmoid()]),
  ]);
  const models: Models = { neurons: { quadratic: first, crossEntropy: second }, layer };
  const curves = new Map<Target, Curves>();
  return async (setup) => {
    const { target } = setup;
    const seen = curves.get(target) ?? (await curvesOf(models, target));
    curves.set(target, seen);
    return { setup, courses: await both((cost) => train(models, cost, setup)), curves: seen };
  };
}

async function train(
  { neurons, layer }: Models,
  cost: Cost,
  { weight, bias, target, lr, epochs }: Setup,
): Promise<Course> {
  const model = neurons[cost];
  const optimizer = sgd({ lr });
  await place(model, [weight], [bias]);
  const seen: Omit<State, "logit" | "output">[] = [];
  for (let epoch = 0; epoch <= epochs; epoch++) {
    // calls are answered in their order: a neuron is looked at before its step
    const [{ "0.weight": w, "0.bias": b }, gradient, { loss }] = await Promise.all([
      model.stateDict(),
      gradientOf(model, target),
      epoch < epochs ? model.trainOnBatch(X, DATA[target].y, { optimizer }) : model.evaluate(DATA[target]),
    ]);
    seen.push({ weight: only(w?.data), bias: only(b?.data), gradient, cost: loss });
  }
  const { logits, outputs } = await look(
    layer,
    seen.map(({ weight }) => weight),
    seen.map(({ bias }) => bias),
  );
  return seen.map((state, epoch) => ({
    ...state,
    logit: logits[epoch] ?? Number.NaN,
    output: outputs[epoch] ?? Number.NaN,
  }));
}

async function curvesOf({ neurons, layer }: Models, target: Target): Promise<Curves> {
  const gradients = await both((cost) =>
    Promise.all(
      LOGITS.map(async (logit) => {
        const [, gradient] = await Promise.all([
          place(neurons[cost], [logit], [0]),
          gradientOf(neurons[cost], target),
        ]);
        return gradient;
      }),
    ),
  );
  const zeros = LOGITS.map(() => 0);
  return { ...(await look(layer, LOGITS, zeros)), gradients };
}

async function gradientOf(model: HostedSequential, target: Target): Promise<number> {
  const { "0.weight": weight } = await model.gradients({ x: X, y: DATA[target].y });
  return only(weight?.data);
}

/** z and a of neurons with these parameters. */
async function look(
  layer: HostedSequential,
  weights: readonly number[],
  biases: readonly number[],
): Promise<{ logits: number[]; outputs: number[] }> {
  const [, [dense, sigmoid]] = await Promise.all([place(layer, weights, biases), layer.activations(X)]);
  const of = (data: ArrayLike<number> = []): number[] => Array.from(data).slice(0, weights.length);
  return { logits: of(dense?.data), outputs: of(sigmoid?.data) };
}

/** Neurons that are not spoken of get zeros. */
function place(
  model: HostedSequential,
  weights: readonly number[],
  biases: readonly number[],
): Promise<void> {
  const filled = (values: readonly number[]): Float32Array => {
    const all = new Float32Array(model.outputs);
    all.set(values);
    return all;
  };
  const state: StateDict = {
    "0.weight": { shape: [model.outputs, 1], data: filled(weights) },
    "0.bias": { shape: [model.outputs], data: filled(biases) },
  };
  return model.loadStateDict(state);
}

async function both<T>(of: (cost: Cost) => Promise<T>): Promise<Record<Cost, T>> {
  const [first, second] = await Promise.all([of("quadratic"), of("crossEntropy")]);
  return { quadratic: first, crossEntropy: second };
}

function only(numbers: ArrayLike<number> | undefined): number {
  return numbers?.[0] ?? Number.NaN;
}
