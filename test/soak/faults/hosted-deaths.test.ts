// Workers of hosted runtimes, and threads of these, that die at a random moment. Each time the call says so, a new runtime goes on with what
// was saved, and a thread of a hosted runtime is replaced.

import type { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import type { XentError } from "../../../src/base/errors.ts";
import type { HostedSequential, HostedXent } from "../../../src/model/hosted.ts";
import type { FitOptions } from "../../../src/model/options.ts";
import { hosted, init } from "../../../src/model/runtime.ts";
import { dense, relu } from "../../../src/nn/layers.ts";
import { blobSet } from "../../support/blobs.ts";
import {
  below,
  count,
  type Doom,
  doomNext,
  keptBy,
  one,
  outcome,
  rounds,
  told,
  workers,
} from "../../support/doomed.ts";
import { data, how, layers } from "../../support/six-epochs.ts";
import { hash } from "../../support/state.ts";
import { Undisturbed } from "../../support/undisturbed.ts";
import { ended } from "../../support/workers.ts";
import { times } from "../counts.ts";

/** A third of all; the others are in deaths.test.ts. */
const DEATHS = Math.floor(times("deaths") / 3);
const known = { input: data.features, seed: 9 };
const { loss } = how();
const alone = await init({ precision: "strict", threads: 1 });
const few = new Undisturbed(alone, { known, layers, data, rows: data.rows, how });
const others = blobSet(5, 600, known.input, 4);
const strict = { precision: "strict", threads: 1 } as const;

/** Calls to a hosted runtime whose worker dies. */
const FAR_CALLS: Record<
  string,
  (model: HostedSequential, callbacks: NonNullable<FitOptions["callbacks"]>) => Promise<unknown>
> = {
  fit: (model, callbacks) => model.fit(data, how({ callbacks })),
  async steps(model) {
    for await (const _ of model.steps(data, how()));
  },
  evaluate: (model) => model.evaluate(others, { loss } as object),
  predict: (model) => model.predict(others.x),
  save: (model) => model.save(),
};

/** The worker of a hosted runtime dies: all calls say so, and a new one goes on with what was saved. */
async function inHosted(i: number): Promise<void> {
  const way = one(["exit", "throw", "ended from outside", "an error of its own"] as const);
  const name = one(["starting", "between calls", ...Object.keys(FAR_CALLS)]);
  const dies = (way === "exit" || way === "throw") && name !== "between calls" && name !== "save";
  const what = `${i}: hosted, ${name}, ${way}`;
  await told(what, async () => {
    if (dies) {
      // a kernel that throws is the call's error, not the worker's end
      const moment = name === "starting" ? name : "before its share";
      const end = name === "starting" ? way : "exit";
      doomNext("worker.js", { moment, left: name === "starting" ? 1 : 4 + below(40), how: end });
    }
    const before = workers.length;
    const starts = outcome(what, () => hosted(strict));
    while (workers.length === before) await new Promise((resolve) => setImmediate(resolve));
    const worker = workers[before] as Worker;
    const kill = (): void => {
      if (way === "an error of its own") worker.postMessage(null);
      else void worker.terminate();
    };
    if (name === "starting" && !dies) setTimeout(kill, below(100));
    const { value: xent, lost } = await starts;
    if (xent === undefined) {
      expect(lost?.message).toContain("hosted: the worker of the hosted runtime ended");
    } else await ends(what, xent, worker, name, kill, dies);
    await ended(worker);
  });
  count("of hosted runtimes");
}

async function ends(
  what: string,
  xent: HostedXent,
  worker: Worker,
  name: string,
  kill: () => void,
  dies: boolean,
): Promise<void> {
  let saved: Uint8Array | undefined;
  const { value: model } = await outcome(what, () =>
    xent.sequential({ ...known, ...(loss && { loss }) }, layers),
  );
  if (model !== undefined) {
    const when = below(6);
    const onEpochEnd = async ({ epoch }: { epoch: number }): Promise<void> => {
      saved = await model.save();
      if (!dies && epoch === when) kill();
    };
    const call = FAR_CALLS[name];
    if (call !== undefined) {
      const pending = outcome(what, () => call(model, [{ onEpochEnd }]));
      if (!dies && name !== "fit") setTimeout(kill, below(20));
      await pending;
    }
  }
  if (worker.threadId !== -1) kill();
  await ended(worker);
  for (const call of Object.values(FAR_CALLS)) {
    if (model === undefined) continue;
    const { lost } = await outcome(what, () => call(model, []));
    expect(lost?.message).toContain("Make a new one: await hosted()");
  }
  expect((await outcome(what, () => xent.sequential(known, layers))).lost).toBeDefined();
  await xent.dispose();
  // from the last epoch that was saved, or from the beginning
  const next = await hosted(strict);
  const again = await (saved === undefined ? next.sequential(known, layers) : next.load(saved));
  const history = await again.fit(data, how({ resume: saved !== undefined }));
  expect(history).toEqual(await few.whole());
  expect(hash(await again.stateDict())).toBe(await few.after(few.steps));
  await next.dispose();
}

/** So much in a step that the threads of a hosted runtime share it. */
const large = (more: FitOptions = {}): FitOptions => how({ batchSize: 256, ...more });
const wide = [dense(256), relu(), dense(4)];
const rows = blobSet(6, 1024, known.input, 4);
const undisturbed = new Undisturbed(alone, { known, layers: wide, data: rows, rows: 1024, how: large });

/** A thread of a hosted runtime dies: a single call says so, and the next has threads again. */
async function insideHosted(i: number): Promise<void> {
  const inner: Doom = { moment: "before its share", left: 1 + below(20), how: one(["exit", "throw"]) };
  const what = `${i}: a thread of a hosted runtime, ${inner.how} before its ${inner.left}. share`;
  await told(what, async () => {
    doomNext("worker.js", { inner });
    const xent = await hosted({ precision: "strict", threads: 2 });
    const model = await xent.sequential(known, wide);
    const { lost } = await outcome(what, () => model.fit(rows, large()));
    expect(lost).toBeDefined();
    expect(hash(await model.stateDict())).toBe(await undisturbed.after(keptBy(lost as XentError)));
    const again = await xent.sequential(known, wide);
    expect(await again.fit(rows, large())).toEqual(await undisturbed.whole());
    await xent.dispose();
  });
  count("of threads of hosted runtimes");
}

it(`${DEATHS} deaths`, { timeout: 1_200_000 }, () => rounds(DEATHS, [inHosted, insideHosted]));
