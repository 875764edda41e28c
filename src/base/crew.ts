// What a crew of threads offers, and what is said of programs for it: all that the library knows of src/threads, which is loaded where
// there are threads. No code.

import type { WasmMemory } from "./platform.ts";

/** Where the file of a worker is, if it is not the package's, and whether it is started through a Blob. */
export interface WorkerFrom {
  readonly url?: string;
  readonly blob?: boolean;
}

/** Nanoseconds of a program's records for a full batch, those before each and at last of all; and how many rows that is. */
export interface Costs {
  readonly before: Float64Array;
  readonly rows: number;
}

/** Says what threads share of a program: src/program/sharing.ts, which is loaded with a crew. */
export interface Sharing {
  mark(words: Int32Array, worthNs?: number): void;
  placeBarriers(words: Int32Array): void;
  costs(words: Int32Array): Costs;
}

/** Other threads that run their share of programs; all that the rest of the library knows of src/threads. */
export interface Crew {
  /** threads that it is for, the caller's among them */
  readonly size: number;
  /** nanoseconds of work, by `cost`, from which a run is handed to it, and a record is shared among its threads */
  readonly runNs: number;
  readonly recordNs: number;
  /** threads of the next run, the caller's among them: `size`, or 1 while the others are not up or not free */
  readonly threads: number;
  /** why there will be no others */
  readonly failed: string | undefined;
  /** why another thread is no more; known once the event loop had its turn, or the thread could say it itself */
  readonly lost: string | undefined;
  /**
   * Says how much work there is that threads could share, in nanoseconds. Once it adds up the others are started: resolves when
   * they are up, or when it is known that they will not be. Undefined: nothing to wait for.
   */
  want(ns: number): Promise<void> | undefined;
  /** Has the others run records first … last − 1 of a program; the caller runs its share next, as thread 0. */
  hand(memory: WasmMemory, program: number, hyper: number, first: number, last: number): void;
  /** The run that was handed out is over. */
  done(): void;
  /** The memory is not used any more; without a word, when its object is collected. */
  forget(memory: WasmMemory): void;
  /** Ends the others, wherever they are. New ones are started when there is work. */
  scrap(): void;
  /** Ends the others for good. */
  end(reason: string): void;
}
