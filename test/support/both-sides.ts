// The same model and data for a runtime on this thread and for a hosted one; the file that imports it ends the worker.

import { afterAll } from "vitest";
import type { HostedSequential } from "../../src/model/hosted.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "./blobs.ts";

export const here = await init({ precision: "strict" });
export const there = await hosted({ precision: "strict" });
afterAll(() => there.dispose());

export const [INPUT, OUTPUTS] = [6, 4] as const;
export const known = { input: INPUT, seed: 7, loss: crossEntropy(), optimizer: sgd({ lr: 0.2 }) };
export const layers = [dense(9), relu(), dense(OUTPUTS)];
export const local = (more: object = {}): Sequential => here.sequential({ ...known, ...more }, layers);
export const remote = (more: object = {}): Promise<HostedSequential> =>
  there.sequential({ ...known, ...more }, layers);

export const train = blobSet(1, 150, INPUT, OUTPUTS);
export const validation = blobSet(2, 40, INPUT, OUTPUTS);
export const { x } = validation;
export const y = validation.y as Int32Array;
