// Threads of a crew, and workers of hosted runtimes, that die at a random moment of a run: ended from outside, by an error of their own or
// by an exit. Each time the call ends as documented, with the weights of a step of the undisturbed run, and the run can be gone on with.

import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, expect, it } from "vitest";
import { XentError } from "../../../src/base/errors.ts";
import type { HostedSequential, HostedXent } from "../../../src/model/hosted.ts";
import type { FitOptions } from "../../../src/model/options.ts";
import { hosted, init } from "../../../src/model/runtime.ts";
import { Sequential } from "../../../src/model/sequential.ts";
import { dense, relu } from "../../../src/nn/layers.ts";
import { checkpoint, loadModel } from "../../../src/node.ts";
import { source } from "../../oracle/data.ts";
import { blobSet } from "../../support/blobs.ts";
import { type Crewed, crewed, watchWorkers } from "../../support/crew.ts";
import { expectFlat, inUse, type Sample } from "../../support/flat.ts";
import { timeFlies } from "../../support/flying.ts";
import { folders } from "../../support/folders.ts";
import { expectHeld, type Held, held } from "../../support/held.ts";
import { within } from "../../support/seconds.ts";
import { data, how, layers } from "../../support/six-epochs.ts";
import { hash } from "../../support/state.ts";
import { Undisturbed } from "../../support/undisturbed.ts";
import { ended } from "../../support/workers.ts";
import { times } from "../counts.ts";

timeFlies();
const DEATHS = times("deaths");
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

const random = source(3);
const below = (n: number): number => Math.floor(n * random());
const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;

/** Evaluated, and asked for its outputs: work of some chunks. */
const others = blobSet(5, 600, known.input, 4);
const { loss } = how();
const expected = runs[0]?.undisturbed.model() as Sequential;
const measured = await expected.evaluate(others, { loss } as object);
const predicted = expected.predict(others.x);

/** What a thread that is to die is started with; see dying-thread.mjs. */
interface Doom {
  readonly moment: string;
  readonly left: number;
  readonly how: "exit" | "throw";
}
const DYING = new URL("../../support/dying-thread.mjs", import.meta.url);
/** For the next worker that is started. */
let doom: ({ file: string; inner?: Doom } & Partial<Doom>) | undefined;
const watch = watchWorkers((make) => {
  if (doom === undefined) return make();
  const workerData = doom;
  doom = undefined;
  return new Worker(DYING, { workerData, execArgv: [] });
});
afterAll(() => watch.restore());
const built = (file: string): string => new URL(`../../../dist/${file}`, import.meta.url).href;
const living = (): Worker[] => watch.workers.filter(({ threadId }) => threadId !== -1);

const counts: Record<string, number> = {};
function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** What a call came to: its result, or the loss of a thread, which nothing else may be. */
async function outcome<T>(
  what: string,
  call: () => Promise<T> | T,
): Promise<{ value?: T; lost?: XentError }> {
  try {
    return { value: await within(20, what, (async () => call())()) };
  } catch (error) {
    if (!(error instanceof XentError && error.code === "WORKER_LOST")) throw error;
    count("calls that lost a thread");
    return { lost: error };
  }
}

/** The step of which a run's weights are, by what its error says. */
function keptBy({ message }: XentError, done = 0): number {
  if (message.includes("the weights are those of the last step")) return done;
  return Number(/the weights are those from before step (\d+)/.exec(message)?.[1] ?? 0);
}

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
  if (!own) void kill();
  const { value, lost } = await outcome(what, () => model.evaluate(others, { loss } as object));
  if (lost === undefined) expect(value).toEqual(measured);
  expect(hash(model.stateDict())).toBe(await run.undisturbed.after(0));
  expect(await model.evaluate(others, { loss } as object)).toEqual(measured);
}

/** The same of one that cannot let the event loop turn: a trap it learns of at once. */
async function predicts({ what, model, run, kill, own }: Round): Promise<void> {
  await model.evaluate(others, { loss } as object);
  if (!own) await kill();
  for (let call = 0; call < 20; call++) {
    const { value, lost } = await outcome(what, () => model.predict(others.x));
    if (lost === undefined) expect(value).toEqual(predicted);
    else await model.evaluate(others, { loss } as object);
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
  const threads = 2 + below(3);
  const name = one(Object.keys(CALLS)) as keyof typeof CALLS;
  const waits = name === "a fit that waits" || name === "between calls";
  const own = !waits && (i % 4 === 0 || random() < 0.5);
  const run = threads === 2 && random() < 0.1 ? (runs[1] as Run) : few;
  const { pool, core } = await crewOf(threads);
  let how = "ended from outside";
  if (own) {
    // one that cannot be told of an end in time waits for it for 10 s
    const traps = name === "predict";
    const moment = traps ? "before its share" : one(OWN);
    const left = 1 + below(name === "fit" || name === "steps" ? (run === few ? 45 : 330) : 6);
    doom = { file: built("threads/worker.js"), moment, left, how: traps ? "throw" : one(["exit", "throw"]) };
    how = `${doom.how} ${moment}, ${left}`;
    pool.scrap();
    await pool.start();
  }
  const what = `${i}: ${name} with ${threads} threads, ${how}`;
  const model = new Sequential(core, known, layers);
  const kill = (): Promise<unknown> => (one(living()) ?? one(watch.workers)).terminate();
  await told(what, () => CALLS[name]({ what, model, run, kill, own }));
  // whatever has happened, there are threads again
  await model.evaluate(others, { loss } as object);
  await pool.start();
  expect(pool.threads, what).toBe(threads);
  model.dispose();
  // one that has not come to its moment
  pool.scrap();
  count(own ? "by themselves" : "from outside");
}

/** A thread dies while it is started: there will be one, and the same bits. */
async function starting(i: number): Promise<void> {
  const threads = 2 + below(3);
  const way = one(["exit", "throw", "ended from outside"] as const);
  if (way !== "ended from outside") {
    doom = { file: built("threads/worker.js"), moment: "starting", left: 1, how: way };
  }
  const before = watch.workers.length;
  const starts = init({ precision: "strict", threads });
  if (way === "ended from outside") {
    while (watch.workers.length === before) await new Promise((resolve) => setImmediate(resolve));
    await (watch.workers.at(-1) as Worker).terminate();
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

/** The message of what goes wrong says which round it was. */
async function told(what: string, round: () => Promise<void>): Promise<void> {
  try {
    await round();
  } catch (cause) {
    throw new Error(what, { cause });
  }
}

const strict = { precision: "strict", threads: 1 } as const;

/** Calls to a hosted runtime whose worker dies. */
const FAR_CALLS: Record<
  string,
  (model: HostedSequential, callbacks: NonNullable<FitOptions["callbacks"]>) => Promise<unknown>
> = {
  fit: (model, callbacks) => model.fit(data, few.options({ callbacks })),
  async steps(model) {
    for await (const _ of model.steps(data, few.options()));
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
      const how = name === "starting" ? way : "exit";
      doom = { file: built("worker.js"), moment, left: name === "starting" ? 1 : 4 + below(40), how };
    }
    const before = watch.workers.length;
    const starts = outcome(what, () => hosted(strict));
    while (watch.workers.length === before) await new Promise((resolve) => setImmediate(resolve));
    const worker = watch.workers[before] as Worker;
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
  const { value: model } = await outcome(what, () => xent.sequential(known, layers));
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
  const history = await again.fit(data, few.options({ resume: saved !== undefined }));
  expect(history).toEqual(await few.undisturbed.whole());
  expect(hash(await again.stateDict())).toBe(await few.undisturbed.after(few.undisturbed.steps));
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
    doom = { file: built("worker.js"), inner };
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

it(`${DEATHS} deaths`, { timeout: 1_200_000 }, async () => {
  const samples: Sample[] = [];
  let before: Held | undefined;
  const kinds = [inCrew, inHosted, inCrew, insideHosted, inCrew, starting];
  for (let i = 0; i < DEATHS; i++) {
    await (kinds[i % kinds.length] as typeof inCrew)(i);
    // those that are over are of no more interest
    await Promise.all(watch.workers.splice(0).map(ended));
    if (i + 1 !== Math.round(((samples.length + 1) * DEATHS) / 10)) continue;
    if (before === undefined) before = held();
    else await expectHeld(before);
    samples.push(inUse());
  }
  for (const { pool } of crews.values()) pool.end("the tests are over");
  console.log(
    `${DEATHS} deaths: ${Object.entries(counts)
      .map(([what, n]) => `${n} ${what}`)
      .join(", ")}`,
  );
  if (samples.length === 10) expectFlat(samples, 125_000, 16_384);
});
