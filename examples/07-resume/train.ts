// The process that trains, started and killed by run.ts: `train.ts FILE`. It begins the run, or goes on with the one in the file,
// and tells its parent how far it is.

import { existsSync } from "node:fs";
import {
  adamw,
  batchNorm1d,
  cosine,
  crossEntropy,
  type Dataset,
  dataset,
  dense,
  dropout,
  type FitOptions,
  init,
  relu,
} from "xent";
import { checkpoint, loadModel } from "xent/node";
import { lot } from "../shared/random.ts";
import type { Message } from "./run.ts";

const [, , path] = process.argv;
if (path === undefined) throw new Error("train.ts FILE");

const tell = (message: Message): void => {
  process.send?.(message);
};
const [train, validation] = [spirals(32000, 1), spirals(1000, 2)];
// other processes want the cores too; the weights are the same for any number
const xent = await init({ threads: 1 });
const resume = existsSync(path);
const model = resume
  ? await loadModel(xent, path)
  : xent.sequential({ input: 2, seed: 1 }, [
      dense(96),
      batchNorm1d(),
      relu(),
      dropout(0.1),
      dense(96),
      batchNorm1d(),
      relu(),
      dense(2),
    ]);

const options: FitOptions = {
  loss: crossEntropy(),
  optimizer: adamw({ lr: 0.01, schedule: cosine({ warmup: 100 }) }),
  epochs: 4,
  batchSize: 32,
  metrics: ["accuracy"],
  validation,
  resume,
};
// a signal that is aborted already: no step is done, and the history says where the run stands
const { steps } = resume ? await model.fit(train, { ...options, signal: AbortSignal.abort() }) : { steps: 0 };
tell({ kind: "begun", step: steps });

const saving = checkpoint({ path, model, every: { epochs: 1, steps: 20 } });
const history = await model.fit(train, {
  ...options,
  callbacks: [
    saving,
    {
      // fit waits for what a callback returns: here, until a save is on the disk, which else takes some turns of the event loop
      async onProgress({ step, steps }) {
        await saving.flush();
        tell({ kind: "progress", step, steps });
      },
    },
  ],
});
await saving.flush();
tell({ kind: "done", epochs: history.epochs, accuracy: history.validation?.accuracy?.at(-1) ?? 0 });

/** Points on two arms of a spiral, by turns, a little beside them. */
function spirals(rows: number, seed: number): Dataset {
  const { uniform, normal } = lot(seed);
  const x = Array.from({ length: rows }, (_, i) => {
    const along = Math.sqrt(uniform());
    const angle = 3 * Math.PI * along + Math.PI * (i % 2);
    return [along * Math.cos(angle) + 0.03 * normal(), along * Math.sin(angle) + 0.03 * normal()];
  });
  return dataset({ x, y: x.map((_, i) => i % 2) });
}
