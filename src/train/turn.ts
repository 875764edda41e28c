// Gives the event loop its turn during long work, and while another thread is late.

import type { Network } from "../nn/network.ts";
import type { Program } from "../program/program.ts";
import type { Pause } from "../program/runner.ts";
import { page, warn } from "../wasm/engine.ts";

/** Milliseconds of work between two turns of the event loop: half a frame on a page, 50 elsewhere. */
const SLICE_MS = page ? 8 : 50;
/** Of a step above it a page may have its turn between two records; before one with which it would take longer than MOST_MS. */
const [LONG_MS, MOST_MS] = [2, 12];
/** What a page has for a picture, and how often a record is to take longer before anything is said: by then its code is hot. */
const [FRAME_MS, OFTEN] = [16, 3];

/** Resolves after the event loop has handled what was waiting. */
export function turn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // a page clamps nested timers to 4 ms; a message port does not
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
}

/** Models whose long records were spoken of. */
const warned = new WeakSet<Network>();

/** A stretch of work up to the next turn of the event loop. */
export class Slice implements Pause {
  /** when it began, and when it was last asked after a piece of work */
  #begin = performance.now();
  #last = this.#begin;
  #long = true;
  /** the piece has paused since: it was long, however little was left of it, and whoever waits for its end wants to hear of it */
  #paused = false;
  /** what each record took last, and how often longer than a picture */
  readonly #ms: number[] = [];
  readonly #slow: number[] = [];
  readonly #about: { readonly network: Network; readonly program: Program } | undefined;

  /** @param about  whose records are spoken of when one takes longer than a picture */
  constructor(about?: { readonly network: Network; readonly program: Program }) {
    this.#about = about;
  }

  /** Whether it is time for a turn; asked between two pieces of work, such as steps. */
  over(): boolean {
    const now = performance.now();
    const paused = this.#paused;
    this.#long = paused || now - this.#last > LONG_MS;
    this.#last = now;
    this.#paused = false;
    return paused || now >= this.#begin + SLICE_MS;
  }

  /** For a run that a page may interrupt: elsewhere, and where pieces are short, there is nothing to gain. */
  get inside(): Slice | undefined {
    return page && this.#long ? this : undefined;
  }

  ran(record: number, ms: number): boolean {
    if (ms > FRAME_MS) this.#speakOf(record, ms);
    this.#ms[record] = ms;
    const now = performance.now();
    const pauses =
      now >= this.#begin + SLICE_MS || now + (this.#ms[record + 1] ?? 0) >= this.#begin + MOST_MS;
    this.#paused ||= pauses;
    return pauses;
  }

  async turn(): Promise<void> {
    await turn();
    this.#begin = performance.now();
    this.#last = this.#begin;
  }

  #speakOf(record: number, ms: number): void {
    const times = (this.#slow[record] ?? 0) + 1;
    this.#slow[record] = times;
    if (times < OFTEN || this.#about === undefined || warned.has(this.#about.network)) return;
    const { network, program } = this.#about;
    warned.add(network);
    warn(
      `fit: ${program.drafts[record]?.label} takes ${ms.toFixed(0)} ms at a stretch, in which the page stands still; ` +
        "train in a hosted runtime (await hosted()), or with a smaller batchSize",
    );
  }
}

/** Goes on with a run that stalled or paused, after each turn of the event loop that its taker gives. */
export function* late(network: Network, program: Program, pause?: Pause): Generator<undefined, void> {
  let over = false;
  try {
    while (!over) {
      yield undefined;
      // disposed meanwhile
      network.check();
      over = program.resume(pause);
    }
  } finally {
    // whoever takes the steps does not want to wait any longer
    if (!over) program.abandon();
  }
}

/** What a promise comes to, after turns of the event loop that the taker gives. */
export function* loaded<T>(network: Network, promise: Promise<T>): Generator<undefined, T> {
  let settled: (() => T) | undefined;
  promise.then(
    (value) => {
      settled = () => value;
    },
    (error) => {
      settled = () => {
        throw error;
      };
    },
  );
  while (settled === undefined) {
    yield undefined;
    network.check();
  }
  return settled();
}
