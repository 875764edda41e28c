// What a crew and its workers say to each other through shared memory, in 32-bit words. Names alone, no code.

import type { WasmMemory, WasmModule } from "../base/platform.ts";

/** raised by every job, once its words are written; they stay until all workers have done it */
export const JOBS = 0;
/** workers that sleep */
export const SLEEPERS = 1;
/** the job: a memory's number, then what `run` takes */
export const MEMORY = 16;
export const PROGRAM = 17;
export const HYPER = 18;
export const FIRST = 19;
export const LAST = 20;
/** what a worker has to say of its end: bytes of UTF-16, as many as the word says */
export const LENGTH = 31;
export const TEXT = 32;
export const TEXT_BYTES = 512;
export const CONTROL_BYTES: number = 4 * TEXT + TEXT_BYTES;

/** What a worker says when it has begun. */
export const READY = "ready";

/** The first message to a worker. */
export interface Start {
  readonly module: WasmModule;
  readonly control: Int32Array;
  readonly thread: number;
  readonly threads: number;
}

/** Later ones: a memory to know. */
export interface News {
  readonly number: number;
  readonly memory: WasmMemory;
}
