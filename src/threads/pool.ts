// A crew: workers that run the same programs as their host, each its share. Hands out jobs; where the threads meet inside a
// job is assembly/barrier.ts.

import type { Crew, WorkerFrom } from "../base/crew.ts";
import type { WasmMemory, WasmModule } from "../base/platform.ts";
import * as control from "./control.ts";
import { spawn, type Thread } from "./spawn.ts";

/**
 * By the cost at the reference's pace. Handing out takes 0.3 µs, a barrier as much, and shares are never quite even: `npm run bench
 * -- threads` shows what is gained.
 */
const RUN_NS = 40_000;
const RECORD_NS = 1_000;
/** Work that could be shared, from which it is worth to start workers: they take some 30 ms. */
const WANTED_NS = 50e6;
/** A worker that is not ready by then never will be. */
const START_MS = 10_000;

/** The workers that are up, or come up; what their listeners hold, so that they do not hold the pool. */
interface Gang {
  readonly workers: Thread[];
  /** numbers of memories that they were sent */
  readonly known: Set<number>;
  readonly words: Int32Array;
  ready: number;
  lost: string | undefined;
  /** called when all are ready or one is lost */
  settled: () => void;
}

/**
 * A worker sleeps and never collects its garbage: what it was sent stays until it is ended. Above so many bytes of no use all
 * workers are, and new ones are started when there is work.
 */
const FORGOTTEN_BYTES = 64 * 2 ** 20;

/** A memory that the workers were sent. */
interface Known {
  readonly number: number;
  readonly bytes: number;
}

/** Ends the workers of pools that nobody can call any more. */
const forgotten = new FinalizationRegistry<{ gang: Gang | undefined }>(({ gang }) => endAll(gang));

function endAll(gang: Gang | undefined): void {
  for (const worker of gang?.workers ?? []) worker.end();
}

export class Pool implements Crew {
  readonly size: number;
  readonly runNs: number;
  readonly recordNs: number;
  readonly #module: WasmModule;
  readonly #from: WorkerFrom | undefined;
  readonly #own: { gang: Gang | undefined } = { gang: undefined };
  /** by which the workers know each memory */
  readonly #numbers = new WeakMap<WasmMemory, number>();
  readonly #dropped: FinalizationRegistry<Known>;
  #number = 0;
  /** bytes of memories that the workers know and nobody uses */
  #forgotten = 0;
  /** bytes of memories that were sent since the event loop last had a turn from here */
  #sent = 0;
  #starting: Promise<void> | undefined;
  #up = false;
  /** a job is out */
  #out = false;
  #wanted = 0;
  /** there were workers before: whoever lost them has them again */
  #began = false;
  /** why there will be no workers any more */
  failed: string | undefined;

  /**
   * @param size   threads, the caller's among them; at least 2
   * @param worth  what is shared, see `Crew`
   * @param from   where the workers' file is, if it is not the package's
   */
  constructor(
    module: WasmModule,
    size: number,
    worth: Partial<Pick<Crew, "runNs" | "recordNs">> = {},
    from?: WorkerFrom,
  ) {
    this.size = size;
    this.runNs = worth.runNs ?? RUN_NS;
    this.recordNs = worth.recordNs ?? RECORD_NS;
    this.#module = module;
    this.#from = from;
    const self = new WeakRef(this);
    this.#dropped = new FinalizationRegistry((known) => {
      const pool = self.deref();
      if (pool !== undefined) pool.#forget(known);
    });
    forgotten.register(this, this.#own);
  }

  get threads(): number {
    const free = this.#up && !this.#out && this.#own.gang?.lost === undefined;
    return free ? this.size : 1;
  }

  get lost(): string | undefined {
    const { gang } = this.#own;
    return gang === undefined ? (this.failed ?? "it was ended") : (gang.lost ?? said(gang.words));
  }

  want(ns: number): Promise<void> | undefined {
    this.#wanted += ns;
    if (this.#wanted < WANTED_NS && !this.#began) return undefined;
    // only then does the engine tell of memories that were collected
    if (this.#sent > FORGOTTEN_BYTES) return this.#turn();
    return this.start();
  }

  /** Starts the workers if they are not up; see `Crew.want`. */
  start(): Promise<void> | undefined {
    // one that ended while it was idle
    if (this.#up && !this.#out && this.lost !== undefined) this.scrap();
    if (this.#up || this.failed !== undefined) return undefined;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #turn(): Promise<void> {
    this.#sent = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
    await this.start();
  }

  async #start(): Promise<void> {
    this.#began = true;
    const words = new Int32Array(new SharedArrayBuffer(control.CONTROL_BYTES));
    const gang: Gang = { workers: [], known: new Set(), words, ready: 0, lost: undefined, settled: () => {} };
    this.#own.gang = gang;
    const settled = new Promise<void>((resolve) => {
      gang.settled = resolve;
    });
    const others = this.size - 1;
    const giveUp = (): void => {
      gang.lost ??= `only ${gang.ready} of ${others} were ready after ${START_MS / 1000} s`;
      gang.settled();
    };
    // their messages may lie here, unread, because this thread was busy for so long: they come before the second timer
    let timer = setTimeout(() => {
      timer = setTimeout(giveUp, 100);
    }, START_MS);
    try {
      for (let thread = 1; thread <= others; thread++) gang.workers.push(this.#startWorker(gang, thread));
    } catch (error) {
      gang.lost = String(error);
      gang.settled();
    }
    await settled;
    clearTimeout(timer);
    for (const worker of gang.workers) worker.hold(false);
    // scrapped meanwhile
    if (this.#own.gang !== gang) return;
    if (gang.lost === undefined) this.#up = true;
    else this.end(`the others could not be started: ${gang.lost}`);
  }

  #startWorker(gang: Gang, thread: number): Thread {
    const here = import.meta.url;
    const worker = spawn(
      new URL("./worker.ts", here),
      () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
      {
        message(what) {
          if (what !== control.READY) {
            gang.lost ??= "its file is another worker's";
            gang.settled();
          }
          gang.ready++;
          if (gang.ready === gang.workers.length) gang.settled();
        },
        lost(reason) {
          gang.lost ??= reason;
          gang.settled();
        },
      },
      this.#from,
    );
    const start: control.Start = { module: this.#module, control: gang.words, thread, threads: this.size };
    worker.post(start);
    return worker;
  }

  hand(memory: WasmMemory, program: number, hyper: number, first: number, last: number): void {
    this.#out = true;
    const gang = this.#own.gang as Gang;
    const { words } = gang;
    const number = this.#numbers.get(memory) ?? this.#meet(memory);
    if (!gang.known.has(number)) {
      gang.known.add(number);
      this.#sent += memory.buffer.byteLength;
      for (const worker of gang.workers) worker.post({ number, memory } satisfies control.News);
    }
    words[control.MEMORY] = number;
    words[control.PROGRAM] = program;
    words[control.HYPER] = hyper;
    words[control.FIRST] = first;
    words[control.LAST] = last;
    Atomics.add(words, control.JOBS, 1);
    // one that is about to sleep has counted itself before it looks at the jobs for the last time
    if (Atomics.load(words, control.SLEEPERS) !== 0) Atomics.notify(words, control.JOBS);
  }

  /** Gives a memory its number. */
  #meet(memory: WasmMemory): number {
    const number = ++this.#number;
    this.#numbers.set(memory, number);
    this.#dropped.register(memory, { number, bytes: memory.buffer.byteLength });
    return number;
  }

  forget(memory: WasmMemory): void {
    const number = this.#numbers.get(memory);
    if (number !== undefined) this.#forget({ number, bytes: memory.buffer.byteLength });
  }

  #forget({ number, bytes }: Known): void {
    if (this.#own.gang?.known.delete(number)) this.#forgotten += bytes;
    if (!this.#out) this.done();
  }

  done(): void {
    this.#out = false;
    if (this.#forgotten > FORGOTTEN_BYTES && this.#up) this.scrap();
  }

  end(reason: string): void {
    this.failed ??= reason;
    this.scrap();
  }

  scrap(): void {
    const { gang } = this.#own;
    this.#own.gang = undefined;
    this.#up = false;
    this.#out = false;
    this.#forgotten = 0;
    endAll(gang);
    gang?.settled();
  }
}

/** What a worker left word of before it was over. */
function said(words: Int32Array): string | undefined {
  const length = Atomics.load(words, control.LENGTH);
  if (length === 0) return undefined;
  const units = new Uint16Array(words.buffer, words.byteOffset + 4 * control.TEXT, length);
  return String.fromCharCode(...units);
}
