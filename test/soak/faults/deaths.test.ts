// Threads of a crew that die at a random moment of a run: ended from outside, by an error of their own or by an exit. Each time the call ends
// as documented, with the weights of a step of the undisturbed run, and the run can be gone on with.

import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { expect, it } from "vitest";
import type { LossSpec } from "../../../src/base/spec.ts";
import type { FitOptions } from "../../../src/model/options.ts";
import { init } from "../../../src/model/runtime.ts";
import { Sequential } from "../../../src/model/sequential.ts";
import { checkpoint, loadModel } from "../../../src/node.ts";
import { blobSet } from "../../support/blobs.ts";
import { type Crewed, crewed } from "../../support/crew.ts";
import {
  below,
  chance,
  count,
  doomNext,
  keptBy,
  living,
  one,
  outcome,
  rounds,
  told,
  workers,
} from "../../support/doomed.ts";
import { timeFlies } from "../../support/flying.ts";
import { folders } from "../../support/folders.ts";
import { within } from "../../support/seconds.ts";
import { data, how, layers } from "../../support/six-epochs.ts";
import { hash } from "../../support/state.ts";
import { Undisturbed } from "../../support/undisturbed.ts";
import { times } from "../counts.ts";

timeFlies();
/** Two thirds of all; the others are in hosted-deaths.test.ts. */
const DEATHS = Math.ceil((2 * times("deaths")) / 3);
const { empty } = folders("deaths");
const known = { input: data.features, seed: 9 };
const alone = await init({ precision: "strict", threads: 1 });
/** Of three hundred steps, for what is kept of the 256th. */
const long = (more: FitOptions = {}): FitOptions => how({ epochs: 45, ...more });
const runs = [how, long].map((options) => ({
  options,
  undisturbed: new Undisturbed(alone, { known, layers, data, rows: data.rows, how: options }),
}));
type Run = (typeof runs)[0];
const few = runs[0] as Run;

/** Evaluated, and asked for its outputs: work of some chunks. */
const others = blobSet(5, 600, known.input, 4);
const loss = how().loss as LossSpec;
const expected = runs[0]?.undisturbed.model() as Sequential;
const measured = await expected.evaluate(others, { loss });
const predicted = expected.predict(others.x);

/** Crews that live through many deaths, by their size. */
const crews = new Map<number, Crewed>();
async function crewOf(threads: number): Promise<Crewed> {
  const crew = crews.get(threads) ?? (await crewed("simd-threads", threads));
  crews.set(threads, crew);
  await crew.pool.start();
  expect(crew.pool.threads).toBe(threads);
  return crew;
}

/** A model with a thread that will die: by itself, or when it is killed. */
interface Round {
  readonly what: string;
  readonly model: Sequential;
  readonly run: Run;
  readonly kill: () => Promise<unknown>;
  readonly own: boolean;
}

/** Ends a call at the moment that is its own, or one of the undisturbed run's epochs. */
async function fits({ what, model, run, kill, own }: Round, pausing = false): Promise<void> {
  const { options, undisturbed } = run;
  const file = join(empty(), "model.safetensors");
  const saving = checkpoint({ path: file, model });
  let saved = model.save();
  let resume = false;
  const when = below(options().epochs as number);
  const onEpochEnd = ({ epoch }: { epoch: number }): unknown => {
    saved = model.save();
    resume = true;
    if (own || epoch !== when) return undefined;
    const gone = kill();
    return pausing ? gone : undefined;
  };
  const { value, lost } = await outcome(what, () =>
    model.fit(data, options({ callbacks: [{ onEpochEnd }, saving] })),
  );
  await saving.flush();
  const whole = await undisturbed.whole();
  if (pausing) expect(lost).toBeUndefined();
  if (lost === undefined) {
    expect(value).toEqual(whole);
    expect(hash(model.stateDict())).toBe(await undisturbed.after(undisturbed.steps));
  } else {
    const kept = keptBy(lost);
    count(kept === 0 ? "weights of the beginning" : "weights of a step in between");
    expect(hash(model.stateDict())).toBe(await undisturbed.after(kept));
    // from what was saved last, and from the file, which is whole
    await model.load(saved);
    const rest = await within(20, `${what}, gone on with`, model.fit(data, options({ resume })));
    expect(rest).toEqual(whole);
    expect(hash(model.stateDict())).toBe(await undisturbed.after(undisturbed.steps));
  }
  const onDisk = await loadModel(alone, file).catch((error: unknown) => {
    // it died before the first epoch was over
    expect(error).toMatchObject({ code: "FILE" });
  });
  if (onDisk === undefined) return;
  if (lost !== undefined) expect(await onDisk.fit(data, options({ resume: true }))).toEqual(whole);
  expect(hash(onDisk.stateDict())).toBe(await undisturbed.after(undisturbed.steps));
}

async function loops({ what, model, run, kill, own }: Round): Promise<void> {
  const { options, undisturbed } = run;
  const when = below(undisturbed.steps);
  let done = 0;
  const { lost } = await outcome(what, async () => {
    for await (const { step } of model.steps(data, options())) {
      done = step + 1;
      if (step === when && !own) void kill();
    }
  });
  const steps = lost === undefined ? done : keptBy(lost, done);
  expect(done - steps).toBeLessThanOrEqual(256);
  expect(hash(model.stateDict())).toBe(await undisturbed.after(steps));
  if (lost === undefined) expect(done).toBe(undisturbed.steps);
}

/** Calls that change nothing, whether they lose a thread or not. */
async function measures({ what, model, run, kill, own }: Round): Promise<void> {
  const gone = own ? undefined : kill();
  const { value, lost } = await outcome(what, () => model.evaluate(others, { loss }));
  if (lost === undefined) expect(value).toEqual(measured);
  expect(hash(model.stateDict())).toBe(await run.undisturbed.after(0));
  await gone;
  if (!own || lost !== undefined) expect(await model.evaluate(others)).toEqual(measured);
}

/** The same of one that cannot let the event loop turn: a trap it learns of at once. */
async function predicts({ what, model, run, kill, own }: Round): Promise<void> {
  await outcome(what, () => model.evaluate(others, { loss }));
  if (!own) await kill();
  for (let call = 0; call < 20; call++) {
    const { value, lost } = await outcome(what, () => model.predict(others.x));
    if (lost === undefined) expect(value).toEqual(predicted);
    else await model.evaluate(others);
  }
  expect(hash(model.stateDict())).toBe(await run.undisturbed.after(0));
}

/** Nothing is under way: calls that follow have new threads, or do without. */
async function idles({ what, model, run, kill }: Round): Promise<void> {
  await kill();
  const { value, lost } = await outcome(what, () => model.fit(data, run.options()));
  expect(lost).toBeUndefined();
  expect(value).toEqual(await run.undisturbed.whole());
}

const CALLS = {
  fit: fits,
  steps: loops,
  evaluate: measures,
  predict: predicts,
  "a fit that waits": (round: Round) => fits(round, true),
  "between calls": idles,
};
const OWN = ["woken", "falling asleep", "before its share", "after its share"];

/** A thread of a crew dies. */
async function inCrew(i: number): Promise<void> {
  // in the midst of a run for sure: soon, or late enough for the second snapshot of the weights
  const [soon, late] = [i % 20 === 0, i % 20 === 6];
  const sure = soon || late;
  const threads = sure ? 2 : 2 + below(3);
  const name = sure ? "fit" : (one(Object.keys(CALLS)) as keyof typeof CALLS);
  const waits = name === "a fit that waits" || name === "between calls";
  const own = sure || (!waits && (i % 4 === 0 || chance(0.5)));
  const run = late ? (runs[1] as Run) : few;
  const { pool, core } = await crewOf(threads);
  let how = "ended from outside";
  if (own) {
    // one that cannot be told of an end in time waits for it for 10 s
    const traps = name === "predict";
    const moment = traps || sure ? "before its share" : one(OWN);
    const left = late ? 262 + below(40) : 1 + below(name === "fit" || name === "steps" ? 45 : 6);
    const end = traps ? "throw" : one(["exit", "throw"] as const);
    doomNext("threads/worker.js", { moment, left, how: end });
    how = `${end} ${moment}, ${left}`;
    pool.scrap();
    await pool.start();
  }
  const what = `${i}: ${name} with ${threads} threads, ${how}`;
  const model = new Sequential(core, known, layers);
  const kill = (): Promise<unknown> => (one(living()) ?? one(workers)).terminate();
  await told(what, () => CALLS[name]({ what, model, run, kill, own }));
  // some have not come to their moment
  pool.scrap();
  // whatever has happened, there are threads again
  await model.evaluate(others, { loss });
  expect(pool.threads, what).toBe(threads);
  model.dispose();
  pool.scrap();
  count(own ? "by themselves" : "from outside");
}

/** A thread dies while it is started: there will be one, and the same bits. */
async function starting(i: number): Promise<void> {
  const threads = 2 + below(3);
  const way = one(["exit", "throw", "ended from outside"] as const);
  if (way !== "ended from outside") {
    doomNext("threads/worker.js", { moment: "starting", left: 1, how: way });
  }
  const before = workers.length;
  const starts = init({ precision: "strict", threads });
  if (way === "ended from outside") {
    while (workers.length === before) await new Promise((resolve) => setImmediate(resolve));
    await (workers.at(-1) as Worker).terminate();
  }
  const what = `${i}: ${threads} threads are started, ${way}`;
  await told(what, async () => {
    const xent = await within(20, what, starts);
    if (way !== "ended from outside") {
      expect(xent.info.threads).toBe(1);
      expect(xent.info.reasons.at(-1)).toContain("the others could not be started");
    }
    const model = xent.sequential(known, layers);
    expect(await model.fit(data, few.options())).toEqual(await few.undisturbed.whole());
    expect(hash(model.stateDict())).toBe(await few.undisturbed.after(few.undisturbed.steps));
    model.dispose();
    xent.dispose();
  });
  count("while they were started");
}

it(`${DEATHS} deaths`, { timeout: 1_200_000 }, async () => {
  await rounds(DEATHS, [inCrew, inCrew, inCrew, starting]);
  for (const { pool } of crews.values()) pool.end("the tests are over");
});
