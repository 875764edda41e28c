// Fuzzing of readers: draws a target's inputs, has a thread read them, and watches it from outside, so that an endless loop is
// seen. What is watched inside the thread is watch.ts.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type fc from "fast-check";
import { XentError } from "../../src/base/errors.ts";

/** A reader and the inputs that it is given. A file test/fuzz/<format>.ts exports one as `target`. */
export interface Target {
  readonly name: string;
  /** what the reader does, in order; a file that is accepted passed all */
  readonly stages: readonly string[];
  /** valid files with fields changed, and with bytes changed, cut off and put in */
  readonly inputs: fc.Arbitrary<Uint8Array>;
  /** Reads an input: how many stages it has passed, all where it was accepted. What is no XentError is thrown on. */
  read(input: Uint8Array): number | Promise<number>;
  /** bytes of arrays that an input may cost in all and at once; {@link most} where it is left out */
  most?(input: Uint8Array): number;
}

/** What became of the inputs of a target. */
export interface Counts {
  readonly name: string;
  readonly stages: readonly string[];
  readonly inputs: number;
  /** inputs that passed each stage; the last are those that were accepted */
  readonly passed: readonly number[];
  readonly seconds: number;
}

export interface FuzzOptions {
  /** number of inputs */
  readonly runs: number;
  /** the same seed gives the same inputs; any integer of 32 bits */
  readonly seed: number;
  /** told some times a second how far it is */
  readonly onProgress?: (counts: Counts) => void;
  /** milliseconds that one input may take; default 10,000 */
  readonly patience?: number;
  /** the name under which the file exports its target; default `target` */
  readonly exported?: string;
}

/** Bytes of arrays that a reader may allocate for an input: 64 a byte, for what is kept as f64, with copies, and 1 MiB. */
export const most = (input: Uint8Array): number => 64 * input.length + 2 ** 20;

/** An input that a reader did not read as it must. */
export class FuzzFailure extends Error {
  override readonly name = "FuzzFailure";
  readonly input: Uint8Array;

  constructor(problem: string, input: Uint8Array) {
    super(problem);
    this.input = input;
  }
}

/** What a thread begins with. */
export interface Job extends Pick<FuzzOptions, "runs" | "seed"> {
  readonly file: string;
  readonly exported: string;
  /** {@link PULSE} and its fellows, and after them the bytes of the input that is being read */
  readonly shared: SharedArrayBuffer;
}

/** What it says: how far it is, or what was wrong with the input that is in the shared memory. */
export type Word = { readonly counts: Counts; readonly done: boolean } | { readonly problem: string };

/** Words of the shared memory: one that changes while the thread lives, the number of the input, its bytes. */
export const [PULSE, INDEX, LENGTH] = [0, 1, 2];
/** Where the input begins in it, in bytes. */
export const INPUT = 16;
/** Longer inputs are errors of the target. */
export const LONGEST = 2 ** 20;

const HEAP_MB = 256;
const LOOK_MS = 100;
/** Until the target is imported, on a machine that is busy. */
const START_MS = 60_000;

/**
 * Has the target of a file read `runs` inputs.
 *
 * @param file  of a module that exports a {@link Target}
 * @throws {FuzzFailure} a reader threw what is no XentError, did not end, allocated more than it may, changed a prototype or its input,
 *         or took its thread along. The message has the seed and the input, which is also written to a file.
 */
export function fuzz(file: URL, options: FuzzOptions): Promise<Counts> {
  const { runs, seed, onProgress, patience = 10_000, exported = "target" } = options;
  const shared = new SharedArrayBuffer(INPUT + LONGEST);
  const words = new Int32Array(shared, 0, INPUT / 4);
  const worker = new Worker(new URL("begin.mjs", import.meta.url), {
    workerData: { file: file.href, exported, runs, seed, shared } satisfies Job,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise<Counts>((resolve, reject) => {
    let over = false;
    const fail = (problem: string): void => {
      // a thread that has said all ends too, and the input stays in its file
      if (!over) reject(failure(problem, options, words));
      over = true;
    };
    let [pulse, since] = [0, performance.now()];
    const watchdog = setInterval(() => {
      const now = performance.now();
      const beat = Atomics.load(words, PULSE);
      if (beat !== pulse) [pulse, since] = [beat, now];
      const left = beat === 0 ? START_MS : patience;
      if (now - since > left) fail(beat === 0 ? "the target did not load" : `not read after ${left} ms`);
    }, LOOK_MS);
    const end = (): void => clearInterval(watchdog);
    worker.on("message", (word: Word) => {
      if ("problem" in word) fail(word.problem);
      else if (word.done) {
        over = true;
        resolve(word.counts);
      } else onProgress?.(word.counts);
    });
    worker.on("error", (error) => fail(`its thread ended: ${error}`));
    worker.on("exit", () => {
      end();
      fail("its thread ended, and the reader had not: it waits for what never comes");
    });
  }).finally(() => worker.terminate());
}

/** Whether a third of the inputs at least came past the first stage; the others say little of the later ones. */
export function farEnough({ inputs, passed }: Counts): boolean {
  return 3 * (passed[0] ?? 0) >= inputs;
}

/**
 * How many stages an input had passed that was refused.
 *
 * @param refusals  for each stage, in order, the messages of the errors that it ends with
 * @throws what is no XentError, as it is; {Error} a message that no stage has
 */
export function stagesPassed(error: unknown, refusals: readonly (readonly RegExp[])[]): number {
  if (!(error instanceof XentError)) throw error;
  const stage = refusals.findIndex((messages) => messages.some((message) => message.test(error.message)));
  if (stage < 0) throw new Error(`no stage of the target has this refusal: ${error.code} ${error.message}`);
  return stage;
}

function failure(problem: string, { seed, exported }: FuzzOptions, words: Int32Array): FuzzFailure {
  const length = Math.min(Atomics.load(words, LENGTH), LONGEST);
  const input = new Uint8Array(new Uint8Array(words.buffer, INPUT, length));
  const file = join(mkdtempSync(join(tmpdir(), "fuzz-")), exported ?? "input");
  writeFileSync(file, input);
  const hex = Buffer.from(input.subarray(0, 48)).toString("hex");
  return new FuzzFailure(
    `${problem}\n  seed ${seed}, input ${Atomics.load(words, INDEX)} of ${length} bytes, in ${file}\n  ${hex}${length > 48 ? "…" : ""}`,
    input,
  );
}
