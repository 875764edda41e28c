// A run that is saved from onProgress at the end of an epoch, when the epoch's figures are known and the next has not begun.

import { expect, it } from "vitest";
import {
  dataset,
  dense,
  dropout,
  init,
  mse,
  relu,
  type Sequential,
  sgd,
  type Xent,
} from "../../src/index.ts";

const EPOCHS = 3;
const x = Array.from({ length: 70 }, (_, i) => [Math.sin(i), Math.cos(3 * i)]);
const data = dataset({ x, y: Float32Array.from(x, ([a = 0, b = 0]) => a * b) });

const make = (xent: Xent): Sequential =>
  xent.sequential({ input: 2, seed: 4, loss: mse(), optimizer: sgd({ lr: 0.1 }) }, [
    dense(6),
    relu(),
    dropout(0.2),
    dense(1),
  ]);

it("what is saved there goes on with the sums of the next epoch alone", async () => {
  const xent = await init();
  const model = make(xent);
  const saved: Uint8Array[] = [];
  const reported: number[] = [];
  const history = await model.fit(data, {
    epochs: EPOCHS,
    callbacks: [
      {
        onProgress({ step, steps, loss }) {
          // at 50 ms it may be called within an epoch too
          if (step % (steps / EPOCHS) !== 0) return;
          saved.push(model.save());
          reported.push(loss);
        },
      },
    ],
  });
  expect(saved).toHaveLength(EPOCHS);
  expect(reported).toEqual(history.loss);
  expect(new Set(history.loss).size).toBe(EPOCHS);
  for (const bytes of saved) {
    const again = await xent.load(bytes);
    expect((await again.fit(data, { epochs: EPOCHS, resume: true })).loss).toEqual(history.loss);
    expect(again.save()).toEqual(model.save());
  }
  // the last of them is the finished model
  expect(saved.at(-1)).toEqual(model.save());
});
