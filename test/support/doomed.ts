// Threads that die: at a moment that was chosen before they were started (dying-thread.mjs), or ended from outside. And what becomes of the
// calls that lose one.

import { Worker } from "node:worker_threads";
import { afterAll } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { source } from "../oracle/data.ts";
import { watchWorkers } from "./crew.ts";
import { expectFlat, inUse, type Sample } from "./flat.ts";
import { expectHeld, type Held, held } from "./held.ts";
import { within } from "./seconds.ts";
import { ended } from "./workers.ts";

/** What a thread that is to die is started with. */
export interface Doom {
  readonly moment: string;
  readonly left: number;
  readonly how: "exit" | "throw";
}
const DYING = new URL("./dying-thread.mjs", import.meta.url);
let next: object | undefined;
const watch = watchWorkers((make) => {
  if (next === undefined) return make();
  const workerData = next;
  next = undefined;
  return new Worker(DYING, { workerData, execArgv: [] });
});
afterAll(() => watch.restore());

/** The workers that were started in the running round. */
export const { workers } = watch;
export const living = (): Worker[] => workers.filter(({ threadId }) => threadId !== -1);

/**
 * For the next worker that is started.
 *
 * @param file  the one that it would have, in dist/
 * @param doom  its own, or that of the first thread which it starts
 */
export function doomNext(file: string, doom: Doom | { readonly inner: Doom }): void {
  next = { file: new URL(`../../dist/${file}`, import.meta.url).href, ...doom };
}

const random = source(3);
export const chance = (p: number): boolean => random() < p;
export const below = (n: number): number => Math.floor(n * random());
export const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;

const counts: Record<string, number> = {};
export function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** What a call came to: its result, or the loss of a thread, which is its only other end. */
export async function outcome<T>(
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
export function keptBy({ message }: XentError, done = 0): number {
  if (message.includes("the weights are those of the last step")) return done;
  return Number(/the weights are those from before step (\d+)/.exec(message)?.[1] ?? 0);
}

/** The message of what goes wrong says which round it was. */
export async function told(what: string, round: () => Promise<void>): Promise<void> {
  try {
    await round();
  } catch (cause) {
    throw new Error(what, { cause });
  }
}

/** So many rounds, of these kinds in turn: no thread is left, and nothing else. */
export async function rounds(
  times: number,
  kinds: readonly ((round: number) => Promise<void>)[],
): Promise<void> {
  const samples: Sample[] = [];
  let before: Held | undefined;
  for (let i = 0; i < times; i++) {
    await kinds[i % kinds.length]?.(i);
    // those that are over are of no more interest
    await within(20, `${i}: the end of all threads`, Promise.all(workers.splice(0).map(ended)));
    if (i + 1 !== Math.round(((samples.length + 1) * times) / 10)) continue;
    if (before === undefined) before = held();
    else await expectHeld(before);
    samples.push(inUse());
  }
  console.log(
    `${times} deaths: ${Object.entries(counts)
      .map(([what, n]) => `${n} ${what}`)
      .join(", ")}`,
  );
  if (samples.length === 10) expectFlat(samples, 125_000, 16_384);
}
