// Ten million steps of a small net without a pause, by two routes: memory stays as it is, so does the time of a step, and both routes end
// with the same bits. The net fits its data after a hundredth of them; from there on the optimiser works on what decays.

import { expect, it } from "vitest";
import { adam, crossEntropy, dense, type FitOptions, init, relu } from "../../../src/index.ts";
import { blobSet } from "../../support/blobs.ts";
import { expectFlat, inUse, type Sample, sampling } from "../../support/flat.ts";
import { memoriesMade } from "../../support/memories.ts";
import { weights } from "../../support/state.ts";
import { times } from "../counts.ts";

const STEPS = times("steps");
const [FEATURES, CLASSES, BATCH, EPOCH_STEPS] = [4, 3, 4, 1000];
const EPOCHS = STEPS / EPOCH_STEPS;
const data = blobSet(1, EPOCH_STEPS * BATCH, FEATURES, CLASSES);
const xent = await init({ precision: "strict", threads: 1 });
const small = () => xent.sequential({ input: FEATURES, seed: 1 }, [dense(16), relu(), dense(CLASSES)]);
const learn = (more: FitOptions = {}): FitOptions => ({
  loss: crossEntropy(),
  optimizer: adam({ lr: 1e-3 }),
  epochs: EPOCHS,
  batchSize: BATCH,
  ...more,
});

/** Of the processor's time, for which a machine that is busy with others counts little, between one epoch and the next so many. */
function timing(microseconds: number[], every: number) {
  let before = process.cpuUsage();
  return {
    onEpochEnd({ epoch }: { epoch: number }) {
      if (epoch % every !== every - 1) return;
      const { user, system } = process.cpuUsage(before);
      microseconds.push((user + system) / (every * EPOCH_STEPS));
      before = process.cpuUsage();
    },
  };
}

it(`${STEPS} steps by fit, and by fit, a file, steps and fit: flat, as fast at the end, the same bits`, {
  timeout: 1_200_000,
}, async () => {
  const samples: Sample[] = [];
  const microseconds: number[] = [];
  const one = small();
  const callbacks = [timing(microseconds, EPOCHS / 100), sampling(samples, EPOCHS / 10)];
  const made = await memoriesMade(async () => {
    expect(await one.fit(data, learn({ callbacks }))).toMatchObject({ steps: STEPS, stopped: "done" });
  });
  expect(made.length).toBe(1);
  // a figure an epoch is kept for `history`
  expectFlat(samples, EPOCHS + 10_000);
  const { resident } = samples[3] as Sample;
  expect(inUse().resident - resident).toBeLessThan(32 * 2 ** 20);

  let two = small();
  await two.fit(data, learn({ stopAfterEpoch: EPOCHS / 2 }));
  two = await xent.load(two.save());
  let left = STEPS / 10 + 7;
  for await (const _ of two.steps(data, learn({ resume: true }))) if (--left === 0) break;
  two = await xent.load(two.save());
  expect(await two.fit(data, learn({ resume: true }))).toMatchObject({ steps: STEPS, stopped: "done" });
  expect(weights(two)).toBe(weights(one));

  const third = Math.floor(microseconds.length / 3);
  const [first, last] = [microseconds.slice(0, third), microseconds.slice(-third)].map((part) =>
    Math.min(...part),
  ) as [number, number];
  console.log(
    `${STEPS} steps twice; of the processor, the least time a step: ${first.toFixed(2)} µs at first, ${last.toFixed(2)} µs at last`,
  );
  if (process.env.XENT_FAULTS !== "short") expect(last).toBeLessThan(1.5 * first);
});
