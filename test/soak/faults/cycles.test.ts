// A week of a service that trains a new model every minute: made, fitted, asked, saved, loaded and disposed of, 10,080 times; some with
// threads, some in runtimes of their own. Memory, threads, files and listeners stay as many as they were, and the bits what they were.

import { createHash } from "node:crypto";
import { queryObjects } from "node:v8";
import { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import {
  adamw,
  batchNorm1d,
  crossEntropy,
  type Dataset,
  dense,
  dropout,
  type HostedXent,
  hosted,
  init,
  relu,
  type Xent,
} from "../../../src/index.ts";
import { Network } from "../../../src/nn/network.ts";
import { blobSet } from "../../support/blobs.ts";
import { expectFlat, inUse, type Sample } from "../../support/flat.ts";
import { expectHeld, type Held, held } from "../../support/held.ts";
import { times } from "../counts.ts";

const CYCLES = times("cycles");
/** Of different models. */
const [SEEDS, FEATURES, CLASSES] = [7, 16, 4];
const strict = { precision: "strict" } as const;
const alone = await init({ ...strict, threads: 1 });
const together = await init({ ...strict, threads: 2 });

/** What is trained: with few rows, or so much in a step that threads share it. */
interface Work {
  readonly width: number;
  readonly rows: number;
  readonly batchSize: number;
}
const small: Work = { width: 16, rows: 60, batchSize: 20 };
const large: Work = { width: 256, rows: 512, batchSize: 256 };

/** Objects that are there after a full collection, by what a model and a runtime are made of. */
const counted = (): Record<string, number> =>
  Object.fromEntries(
    [Network, WebAssembly.Memory, WebAssembly.Instance, Worker].map((kind) => [
      kind.name,
      queryObjects(kind, { format: "count" }),
    ]),
  );

/** A model's life. */
async function cycle(
  xent: Xent | HostedXent,
  { width, rows, batchSize }: Work,
  seed: number,
): Promise<string> {
  const data: Dataset = blobSet(seed, rows, FEATURES, CLASSES);
  const layers = [dense(width), batchNorm1d(), relu(), dropout(0.1), dense(CLASSES)];
  const model = await xent.sequential({ input: FEATURES, seed }, layers);
  await model.fit(data, { loss: crossEntropy(), optimizer: adamw({ lr: 0.01 }), epochs: 2, batchSize });
  const predicted = await model.predict(data.x);
  const file = await model.save();
  const loaded = await xent.load(file);
  expect(await loaded.predict(data.x)).toEqual(predicted);
  await model.dispose();
  await loaded.dispose();
  return createHash("sha256").update(file).digest("hex");
}

/** The runtimes of a cycle, with what is trained in it: the last two are begun and ended in it. */
async function inTurn(i: number, seed: number, count: (kind: string) => void): Promise<[string, string]> {
  const own = async (kind: string, xent: Xent | HostedXent, work: Work): Promise<[string, string]> => {
    count(kind);
    try {
      return [`${work.width} ${seed}`, await cycle(xent, work, seed)];
    } finally {
      if (xent !== alone && xent !== together) await xent.dispose();
    }
  };
  if (i % 50 === 7)
    return own("in hosted runtimes of their own", await hosted({ ...strict, threads: 1 }), small);
  if (i % 100 === 32)
    return own("in runtimes of two threads of their own", await init({ ...strict, threads: 2 }), large);
  return i % 25 === 0 ? own("by two threads", together, large) : own("by one", alone, small);
}

it(`${CYCLES} models, one after the other: nothing is left of them`, { timeout: 1_200_000 }, async () => {
  // one that stays, so that what counts objects is seen to find them
  const lasting = alone.sequential({ input: FEATURES }, [dense(CLASSES)]);
  lasting.logits(new Float32Array(FEATURES));
  const files = new Map<string, string>();
  const counts: Record<string, number> = {};
  const samples: Sample[] = [];
  let before: Held | undefined;
  let objects: Record<string, number> = {};
  for (let i = 0; i < CYCLES; i++) {
    const [what, file] = await inTurn(i, i % SEEDS, (kind) => {
      counts[kind] = (counts[kind] ?? 0) + 1;
    });
    const first = files.get(what) ?? file;
    files.set(what, first);
    expect(file, `cycle ${i}: ${what}`).toBe(first);
    if ((i + 1) % (CYCLES / 10) !== 0) continue;
    if (before === undefined) [before, objects] = [held(), counted()];
    else {
      await expectHeld(before);
      expect(counted(), `after ${i + 1} models`).toEqual(objects);
    }
    samples.push(inUse());
  }
  console.log(
    Object.entries(counts)
      .map(([kind, n]) => `${n} ${kind}`)
      .join(", "),
  );
  console.log(JSON.stringify({ ...before, ...objects }));
  expect(objects).toMatchObject({ Network: 1, Memory: 1, Instance: 1 });
  lasting.dispose();
  // of each size and seed one, whatever it ran on
  expect(files.size).toBe(2 * SEEDS);
  // 400 KB, which V8's code and weak lists may take; 100 bytes of each model would show
  expectFlat(samples, 125_000, 16_384);
  const residents = samples.map(({ resident }) => resident / 2 ** 20);
  console.log(residents.map((mib) => mib.toFixed(0)).join(" "), "MiB resident");
  expect((residents.at(-1) as number) - (residents[3] as number)).toBeLessThan(64);
});
