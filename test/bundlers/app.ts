// What every app under test does, on the page itself and in a hosted runtime; Node does the same. Of xent it imports "xent" alone,
// and tables.ts the other entries.

import {
  adam,
  crossEntropy,
  dataset,
  dense,
  dropout,
  type HostedXent,
  hosted,
  type InitOptions,
  init,
  relu,
  type Xent,
} from "xent";
import { sha256 } from "../support/sha256.ts";
import { type Tabled, trainOnTable } from "./tables.ts";

/** SHA-256 of all weights and of the saved model, as hex. */
export interface Trained {
  readonly weights: string;
  readonly saved: string;
}

const [ROWS, FEATURES, CLASSES] = [600, 64, 10] as const;

/** Steps of this size are shared among threads where there are some. */
export async function train(xent: Xent | HostedXent): Promise<Trained> {
  const model = await xent.sequential({ input: FEATURES, seed: 42 }, [
    dense(128),
    relu(),
    dropout(0.2),
    dense(CLASSES),
  ]);
  const data = dataset({
    x: Float32Array.from({ length: ROWS * FEATURES }, (_, i) => ((i * 7919) % 1009) / 1009),
    y: Int32Array.from({ length: ROWS }, (_, i) => (i * i) % CLASSES),
    features: FEATURES,
  });
  await model.fit(data, { loss: crossEntropy(), optimizer: adam({ lr: 0.01 }), epochs: 3, batchSize: 128 });
  const weights = Object.values(await model.stateDict()).map(({ data }) => data);
  return { weights: await sha256(...weights), saved: await sha256(await model.save()) };
}

/** @param options  a build in a file of its own, perhaps */
export async function onPage(options: InitOptions = {}): Promise<Trained> {
  return train(await init({ precision: "strict", ...options }));
}

/** @param options  where the worker's file is, if the bundler must be told */
export async function inWorker(options: InitOptions = {}): Promise<Trained & { threads: number }> {
  const threads = crossOriginIsolated ? 2 : 1;
  const xent = await hosted({ precision: "strict", threads, ...options });
  const trained = await train(xent);
  await xent.dispose();
  return { ...trained, threads: xent.info.threads };
}

export async function tablesOnPage(): Promise<Tabled> {
  const xent = await init({ precision: "strict" });
  return trainOnTable(xent, xent);
}

/** @param options  as of {@link inWorker} */
export async function tablesInWorker(options: InitOptions = {}): Promise<Tabled> {
  const xent = await hosted({ precision: "strict", threads: 1, ...options });
  const tabled = await trainOnTable(xent, await init({ precision: "strict" }));
  await xent.dispose();
  return tabled;
}
