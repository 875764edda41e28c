// What `bench:page` measures, as an app of its users': bundled once, the same file for a page and for Node.

import {
  crossEntropy,
  type Dataset,
  dataset,
  dense,
  type HostedSequential,
  type HostedXent,
  hosted,
  type InitOptions,
  init,
  type LayerSpec,
  relu,
  type Sequential,
  sgd,
  type Xent,
} from "xent";

/** Widths of a net, from the features to the classes. */
export type Net = readonly number[];

const ROWS = 4096;

function dataOf(features: number): Dataset {
  return dataset({
    x: Float32Array.from({ length: ROWS * features }, (_, i) => ((i * 7919) % 1009) / 1009),
    y: Int32Array.from({ length: ROWS }, (_, i) => i % 10),
    features,
  });
}

async function modelOf(
  xent: Xent | HostedXent,
  [input = 1, ...units]: Net,
): Promise<Sequential | HostedSequential> {
  const layers: LayerSpec[] = units.flatMap((width, i) =>
    i === 0 ? [dense(width)] : [relu(), dense(width)],
  );
  return xent.sequential({ input, seed: 1, loss: crossEntropy(), optimizer: sgd({ lr: 1e-4 }) }, layers);
}

/** Milliseconds since the page's navigation began, once one step was done. */
export async function firstStep(): Promise<number> {
  const xent = await init();
  const model = await modelOf(xent, [784, 128, 10]);
  await model.trainOnBatch(new Float32Array(128 * 784).fill(0.5), new Int32Array(128));
  return performance.now();
}

export interface Speed {
  readonly build: string;
  readonly tile: string;
  readonly threads: number;
  /** rows a second in each of several stretches */
  readonly samplesPerSecond: readonly number[];
}

/** Held from one call to the next, as code gets hot once. */
const held = new Map<string, Promise<{ xent: Xent | HostedXent; model: Sequential | HostedSequential }>>();

/**
 * @param threads  1 on the calling thread, more in a hosted runtime
 * @param ms       of a stretch
 */
export async function speed(
  net: Net,
  batchSize: number,
  threads: number,
  ms: number,
  file?: string,
): Promise<Speed> {
  const key = [net, batchSize, threads].join();
  let made = held.get(key);
  if (made === undefined) {
    made = (async () => {
      const options: InitOptions = { threads, ...(file === undefined ? {} : { worker: file }) };
      const xent = threads === 1 ? await init({ threads }) : await hosted(options);
      const model = await modelOf(xent, net);
      await train(model, net, batchSize, 500);
      return { xent, model };
    })();
    held.set(key, made);
  }
  const { xent, model } = await made;
  const { build, tile, threads: had } = xent.info;
  const samplesPerSecond = [];
  for (let i = 0; i < 3; i++) samplesPerSecond.push(await train(model, net, batchSize, ms));
  return { build, tile, threads: had, samplesPerSecond };
}

/** Rows a second of a `fit` that runs for some time. */
async function train(
  model: Sequential | HostedSequential,
  [features = 1]: Net,
  batchSize: number,
  ms: number,
): Promise<number> {
  const data = dataOf(features);
  let [first, last, steps] = [0, 0, 0];
  const onProgress = ({ step }: { step: number }): void => {
    last = performance.now();
    if (first === 0) first = last;
    else steps = step - begun;
    if (steps === 0) begun = step;
  };
  let begun = 0;
  const signal = AbortSignal.timeout(ms);
  await model.fit(data, { epochs: 1e6, batchSize, signal, inspect: false, callbacks: [{ onProgress }] });
  return (1000 * steps * batchSize) / (last - first);
}

/** Milliseconds of the stretches in which this thread was busy, while a model trains on it. */
export async function gaps(net: Net, batchSize: number, ms: number): Promise<number[]> {
  const model = await modelOf(await init({ threads: 1 }), net);
  const data = dataOf(net[0] ?? 1);
  // its code gets hot
  await model.fit(data, { epochs: 1e6, batchSize, signal: AbortSignal.timeout(1000), inspect: false });
  const found: number[] = [];
  const { port1, port2 } = new MessageChannel();
  let last = performance.now();
  let over = false;
  port1.onmessage = () => {
    const now = performance.now();
    found.push(now - last);
    last = now;
    if (!over) port2.postMessage(undefined);
  };
  port2.postMessage(undefined);
  await model.fit(data, { epochs: 1e6, batchSize, signal: AbortSignal.timeout(ms), inspect: false });
  over = true;
  port1.close();
  // shorter ones are turns without a slice of work
  return found.filter((gap) => gap > 1);
}

/** Trains until the page is closed, with all that users add, and makes a model anew every second. */
export async function forever(): Promise<never> {
  const xent = await init();
  const data = dataOf(64);
  for (;;) {
    const model = await modelOf(xent, [64, 128, 10]);
    const signal = AbortSignal.timeout(1000);
    await model.fit(data, { epochs: 1e6, batchSize: 128, signal, validation: data, metrics: ["accuracy"] });
    model.predict(data.x as Float32Array);
    await model.save();
    model.dispose();
  }
}
