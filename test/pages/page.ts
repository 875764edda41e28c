// What the pages under test do, in their own thread; a test calls it by name. Of xent it imports "xent" alone.

import {
  crossEntropy,
  dataset,
  dense,
  type HostedXent,
  hosted,
  type InitOptions,
  init,
  relu,
  sgd,
  type Xent,
  XentError,
} from "xent";
import { sha256 } from "../support/sha256.ts";

const [ROWS, FEATURES, CLASSES] = [2000, 64, 10] as const;

const data = dataset({
  x: Float32Array.from({ length: ROWS * FEATURES }, (_, i) => ((i * 7919) % 1009) / 1009),
  y: Int32Array.from({ length: ROWS }, (_, i) => (i * i) % CLASSES),
  features: FEATURES,
});

/** A model file after three epochs, as hex of its SHA-256. */
export async function saved(xent: Xent | HostedXent): Promise<string> {
  const known = { input: FEATURES, seed: 1, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
  const model = await xent.sequential(known, [dense(256), relu(), dense(CLASSES)]);
  await model.fit(data, { epochs: 3, batchSize: 200 });
  return sha256(await model.save());
}

export const onPage = async (options: InitOptions = {}): Promise<string> =>
  saved(await init({ precision: "strict", ...options }));

export async function inWorker(options: InitOptions = {}): Promise<{ file: string; threads: number }> {
  const xent = await hosted({ precision: "strict", ...options });
  const file = await saved(xent);
  const { threads } = xent.info;
  await xent.dispose();
  return { file, threads };
}

/** The build by its address, and as it was fetched, on the page and in a worker. */
export async function broughtAlong(): Promise<string[]> {
  const url = new URL("dist/wasm/simd.wasm", location.href);
  return [
    await onPage({ wasm: url }),
    await onPage({ wasm: "dist/wasm/simd.wasm" }),
    await onPage({ wasm: await fetch(url) }),
    (await inWorker({ wasm: "dist/wasm/simd.wasm" })).file,
  ];
}

/** A worker's file by its address, which serves the runtime and its threads. */
export const ownFile = (threads: number): ReturnType<typeof inWorker> =>
  inWorker({ worker: "dist/worker.js", threads });

/** What a call that fails says: its code, or the error. */
export async function refused(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
    return "nothing";
  } catch (error) {
    return error instanceof XentError ? `${error.code} ${error.message}` : String(error);
  }
}

/** Milliseconds between two pictures of the page while a model trains, sorted. */
export async function pictures(where: "page" | "worker", ms: number): Promise<number[]> {
  const xent = where === "page" ? await init() : await hosted();
  const known = { input: FEATURES, loss: crossEntropy(), optimizer: sgd({ lr: 0.01 }) };
  const model = await xent.sequential(known, [dense(256), relu(), dense(256), relu(), dense(CLASSES)]);
  const gaps: number[] = [];
  let last = performance.now();
  let over = false;
  const draw = (): void => {
    if (over) return;
    const now = performance.now();
    gaps.push(now - last);
    last = now;
    requestAnimationFrame(draw);
  };
  requestAnimationFrame(draw);
  const signal = AbortSignal.timeout(ms);
  const { stopped } = await model.fit(data, { epochs: 1_000_000, batchSize: 500, signal });
  over = true;
  if (stopped !== "signal") throw new Error(stopped);
  return gaps.sort((a, b) => a - b);
}

/** Steps whose longest kernels take longer than a picture. */
export async function slowRecords(): Promise<void> {
  const known = { input: FEATURES, loss: crossEntropy(), optimizer: sgd({ lr: 1e-4 }) };
  const model = (await init()).sequential(known, [dense(1024), relu(), dense(1024), dense(CLASSES)]);
  await model.fit(data, { epochs: 4, batchSize: ROWS });
}
