// Calls that are stopped at a random moment: before they begin, by a callback, after some turns of the event loop or looks at the signal,
// twice, too late; with one thread, with two, and in a hosted runtime. Each time the end that is documented, and the model can go on.

import { getEventListeners } from "node:events";
import { afterAll, expect, it } from "vitest";
import { type Dataset, dataset } from "../../../src/data/dataset.ts";
import { type DataStream, datasetStream } from "../../../src/data/stream.ts";
import type { HostedSequential } from "../../../src/model/hosted.ts";
import type { FitOptions } from "../../../src/model/options.ts";
import { hosted, init } from "../../../src/model/runtime.ts";
import { Sequential } from "../../../src/model/sequential.ts";
import type { Callback } from "../../../src/train/fit.ts";
import { source } from "../../oracle/data.ts";
import { blobSet } from "../../support/blobs.ts";
import { crewed } from "../../support/crew.ts";
import { expectFlat, inUse, type Sample } from "../../support/flat.ts";
import { timeFlies } from "../../support/flying.ts";
import { expectHeld, held } from "../../support/held.ts";
import { abortingAt } from "../../support/resumed.ts";
import { within } from "../../support/seconds.ts";
import { data as few, how, layers } from "../../support/six-epochs.ts";
import { hash } from "../../support/state.ts";
import { Undisturbed } from "../../support/undisturbed.ts";
import { times } from "../counts.ts";

const RUNS = times("aborts");
const [EPOCHS, BATCH, FEATURES] = [6, 16, 6];
const known = { input: FEATURES, seed: 9 };

// not in the worker of a hosted runtime, which is given more to do
timeFlies();

const many = blobSet(1, 12_000, FEATURES, 4, 1.2);
/** more than one chunk */
const validation = blobSet(2, 600, FEATURES, 4, 1.2);

let opened = 0;
let closed = 0;
/** Rows in chunks that fill no block. */
function streamed({ x, y, rows }: Dataset): DataStream {
  const chunk = Math.ceil(rows / 7);
  async function* chunks(): AsyncGenerator<Dataset, void> {
    opened++;
    try {
      for (let at = 0; at < rows; at += chunk) {
        const end = Math.min(rows, at + chunk);
        yield dataset({ x: x.slice(at * FEATURES, end * FEATURES), y: y.slice(at, end), features: FEATURES });
      }
    } finally {
      closed++;
    }
  }
  return datasetStream({ chunks, rows, blockRows: 3 * BATCH });
}

const alone = await init({ precision: "strict", threads: 1 });
const { core, pool } = await crewed("simd-threads", 2);
const far = await hosted({ precision: "strict", threads: 1 });
afterAll(async () => {
  pool.end("the tests are over");
  await far.dispose();
});

/** Data, and what becomes of a model that nobody stops. */
class Course extends Undisturbed {
  readonly data: Dataset | DataStream;

  constructor(rows: Dataset, stream: boolean) {
    const data = stream ? streamed(rows) : rows;
    super(alone, { known, layers, data, rows: rows.rows, how });
    this.data = data;
  }
}

const MOMENTS = ["before", "callback", "turns", "twice", "after", "looks"] as const;
type Moment = (typeof MOMENTS)[number];

/** A signal that is aborted at its moment; at what it runs through, it is told of it. */
class Abort {
  readonly controller = new AbortController();
  readonly signal: AbortSignal;
  readonly callbacks: readonly Callback[];
  readonly #moment: Moment;
  /** steps, epochs, turns of the event loop, milliseconds or looks until then */
  readonly #when: number;

  constructor(moment: Moment, when: number) {
    this.#moment = moment;
    this.#when = when;
    this.signal = moment === "looks" ? abortingAt(when) : this.controller.signal;
    if (moment === "before") this.now();
    this.callbacks = [{ onEpochEnd: ({ epoch }) => this.#at("callback", epoch) }];
  }

  now(): void {
    this.controller.abort(new Error("enough"));
  }

  /** A call has begun; of one in a worker, time counts. */
  begun(there: boolean): void {
    if (this.#moment !== "turns" && this.#moment !== "twice") return;
    let left = this.#when;
    const turn = (): void => {
      if (!there && left-- > 0) {
        setImmediate(turn);
        return;
      }
      this.now();
      if (this.#moment === "twice") this.now();
    };
    if (there) setTimeout(turn, this.#when);
    else turn();
  }

  step(step: number): void {
    this.#at("callback", step);
  }

  ended(): void {
    if (this.#moment === "after") this.now();
  }

  #at(moment: Moment, count: number): void {
    if (this.#moment === moment && count === this.#when) this.now();
  }
}

type Model = Sequential | HostedSequential;
interface Round {
  readonly model: Model;
  readonly course: Course;
  readonly abort: Abort;
  readonly moment: Moment;
  readonly when: number;
  readonly there: boolean;
  readonly random: () => number;
}

/** A fit that is stopped, and gone on with. @returns whether it was stopped */
async function fits({ model, course, abort, moment, when, there, random }: Round): Promise<boolean> {
  const checked: FitOptions = random() < 0.3 ? { validation, metrics: ["accuracy"] } : {};
  const { signal, callbacks } = abort;
  abort.begun(there);
  const history = await model.fit(course.data, how({ ...checked, signal, callbacks }));
  abort.ended();
  const { steps, epochs, stopped, loss } = history;
  const whole = await course.whole();
  // an epoch whose validation was stopped is not over
  const full = Math.floor(steps / course.stepsPerEpoch);
  const least = checked.validation === undefined || steps % course.stepsPerEpoch > 0 ? full : full - 1;
  expect([full, least]).toContain(epochs);
  expect(loss).toEqual(whole.loss.slice(0, epochs));
  expect(history.validation?.loss.length ?? epochs).toBe(epochs);
  expect(stopped).toBe(epochs === EPOCHS ? "done" : "signal");
  if (moment === "before") expect(steps).toBe(0);
  if (moment === "callback") expect(epochs).toBe(when + 1);
  if (moment === "after") expect(stopped).toBe("done");
  expect(hash(await model.stateDict())).toBe(await course.after(steps));
  if (stopped === "done") return false;
  const rest = await model.fit(course.data, how({ ...checked, resume: true }));
  expect(rest).toMatchObject({ loss: whole.loss, epochs: EPOCHS, steps: course.steps, stopped: "done" });
  return true;
}

/** A loop over steps that ends early, by its signal or by itself; `fit` goes on with the run. */
async function loops({ model, course, abort, moment, when, there, random }: Round): Promise<boolean> {
  const leaves = random() < 0.3 ? 1 + Math.floor(course.steps * random() ** 2) : Number.POSITIVE_INFINITY;
  const throws = random() < 0.5;
  let steps = 0;
  abort.begun(there);
  try {
    for await (const { step } of model.steps(course.data, { ...how(), signal: abort.signal })) {
      expect(step).toBe(steps);
      steps++;
      abort.step(step);
      if (steps === leaves && throws) throw new Error("out of the loop");
      if (steps === leaves) break;
    }
  } catch (error) {
    expect(error).toEqual(new Error("out of the loop"));
  }
  abort.ended();
  expect(steps).toBeLessThanOrEqual(Math.min(leaves, course.steps));
  if (moment === "before") expect(steps).toBe(0);
  // it ends after the step at hand; one that a worker has been asked for is that
  if (moment === "callback") expect(steps).toBeLessThanOrEqual(when + 2);
  if (moment === "after") expect(steps).toBe(Math.min(leaves, course.steps));
  expect(hash(await model.stateDict())).toBe(await course.after(steps));
  if (steps === course.steps) return false;
  const whole = await course.whole();
  expect(await model.fit(course.data, how({ resume: true }))).toEqual(whole);
  return true;
}

/** An evaluation: all of it, or the signal's reason. */
async function measures({ model, course, abort, moment, there }: Round): Promise<boolean> {
  const { loss } = how();
  const { signal } = abort;
  abort.begun(there);
  let reason: unknown;
  const got = await model.evaluate(course.data, { loss, signal } as object).catch((error: unknown) => {
    reason = error;
  });
  abort.ended();
  if (moment === "before") expect(got).toBeUndefined();
  if (moment === "after") expect(reason).toBeUndefined();
  if (got === undefined) {
    if (moment === "looks") expect(reason).toMatchObject({ name: "AbortError" });
    else expect(reason).toBe(signal.reason);
  }
  expect(await model.evaluate(course.data, { loss } as object)).toEqual(
    await course.model().evaluate(course.data, { loss } as object),
  );
  expect(hash(await model.stateDict())).toBe(await course.after(0));
  await model.fit(course.data, how());
  return got === undefined;
}

const CALLS = { fit: fits, steps: loops, evaluate: measures };

it(`${RUNS} calls, each stopped at some moment`, { timeout: 1_200_000 }, async () => {
  const random = source(2);
  const below = (n: number): number => Math.floor(n * random());
  const courses = [new Course(few, false), new Course(few, true)];
  const farCourses = [new Course(many, false), new Course(many, true)];
  const counts: Record<string, number> = {};
  const samples: Sample[] = [];
  let before: ReturnType<typeof held> | undefined;
  let stopped = 0;
  for (let i = 0; i < RUNS; i++) {
    const where = i % 10 === 9 ? "hosted" : random() < 0.3 ? "two threads" : "one thread";
    const there = where === "hosted";
    const name = (["fit", "fit", "steps", "evaluate"] as const)[below(4)] as keyof typeof CALLS;
    const streams = below(2);
    const course = (there && name !== "steps" ? farCourses : courses)[streams] as Course;
    // nobody sees how a worker looks at the signal
    const moment = MOMENTS[below(MOMENTS.length - (there ? 1 : 0))] as Moment;
    const turns = there ? (name === "steps" ? 10 : 150) : 60;
    const most = { before: 1, callback: name === "fit" ? EPOCHS : course.steps, turns, twice: turns };
    const when = below({ ...most, after: 1, looks: 60 }[moment]);
    const abort = new Abort(moment, when);
    const what = `${i}: ${name} of ${streams ? "a stream" : "a data set"}, ${where}, ${moment} ${when}`;
    const model: Model = there
      ? await far.sequential(known, layers)
      : where === "one thread"
        ? alone.sequential(known, layers)
        : new Sequential(core, known, layers);
    try {
      const round = { model, course, abort, moment, when, there, random };
      if (await within(30, what, CALLS[name](round))) stopped++;
    } catch (cause) {
      throw new Error(what, { cause });
    }
    expect(hash(await model.stateDict()), what).toBe(await course.after(course.steps));
    expect(getEventListeners(abort.controller.signal, "abort"), what).toEqual([]);
    // those of a hosted runtime are told of it by a message
    for (let ms = 0; closed < opened && ms < 2000; ms++)
      await new Promise((resolve) => setTimeout(resolve, 1));
    expect(closed, what).toBe(opened);
    await model.dispose();
    counts[where] = (counts[where] ?? 0) + 1;
    if ((i + 1) % (RUNS / 10) !== 0) continue;
    if (before === undefined) before = held();
    else await expectHeld(before);
    samples.push(inUse());
  }
  console.log(
    `${RUNS} calls (${JSON.stringify(counts)}), ${stopped} of them stopped; ${opened} passes over streams`,
  );
  expect(stopped).toBeGreaterThan(RUNS / 3);
  expectFlat(samples, 125_000, 16_384);
});
