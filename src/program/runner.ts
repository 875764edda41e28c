// Runs records that stand in a memory, on this thread alone or with the crew; knows what to do when a thread does not come.

import { RUN_LOST } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import type { Arena } from "../memory/arena.ts";

/** A call that cannot let the event loop turn waits so often, a tenth of a second each time. */
const MOST_STALLS = 100;

export class Runner {
  readonly #arena: Arena;
  readonly #program: number;
  readonly #hyper: number;
  /** what is left of a run that stalled */
  #next = 0;
  #last = 0;

  /** @param program  address of the records, as `hyper` of the hyper region */
  constructor(arena: Arena, program: number, hyper: number) {
    this.#arena = arena;
    this.#program = program;
    this.#hyper = hyper;
  }

  /**
   * Runs records first … last − 1; one crossing into WASM.
   *
   * @param ns  how much work that is: much of it is shared by all threads, if they are up and free
   * @throws {XentError} `WORKER_LOST` another thread is no more, or did not come within 10 s
   */
  run(first: number, last: number, ns: number): void {
    if (!this.begin(first, last, ns)) this.finish();
  }

  /** As `run`, but false when another thread is late: let the event loop turn, and call `resume`. */
  begin(first: number, last: number, ns: number): boolean {
    const arena = this.#arena;
    const { crew } = arena;
    arena.pending?.finish();
    if (crew === undefined || ns < crew.runNs || crew.threads === 1 || arena.spoilt) {
      arena.kernels.run(this.#program, this.#hyper, first, last, 0, 1);
      return true;
    }
    arena.hand(this.#program, this.#hyper, first, last);
    arena.pending = this;
    this.#last = last;
    return this.#runShare(first);
  }

  /** Whether all threads are at the end of a run that stalled; waits for a tenth of a second at most. */
  resume(): boolean {
    const { crew, spoilt, pending } = this.#arena;
    // somebody else needed the memory, and had it finished
    if (pending !== this && !spoilt) return true;
    const lost = crew?.lost;
    if (spoilt || lost !== undefined) this.#lose(lost);
    return this.#runShare(this.#next);
  }

  /** Waits for a run that stalled, without a turn of the event loop. */
  finish(): void {
    for (let stalls = 1; stalls < MOST_STALLS; stalls++) if (this.resume()) return;
    this.#lose("it did not finish its share within 10 s");
  }

  /** Leaves a run that stalled as it is, for ever. */
  abandon(): void {
    if (this.#arena.pending === this) this.#spoil();
  }

  #runShare(first: number): boolean {
    const { kernels, crew } = this.#arena;
    try {
      this.#next = kernels.run(this.#program, this.#hyper, first, this.#last, 0, crew?.size ?? 1);
    } catch (error) {
      this.#spoil();
      throw error;
    }
    if (this.#next === RUN_LOST) this.#lose(crew?.lost);
    if (this.#next !== this.#last) return false;
    this.#arena.pending = undefined;
    crew?.done();
    return true;
  }

  #lose(reason = "it ended"): never {
    this.#spoil();
    throw new XentError(
      "WORKER_LOST",
      `a thread was lost in the midst of a computation: ${reason}`,
      this.#arena.crew?.failed === undefined
        ? "Call again, and new threads are started; if it happens again, do without: threads: 1."
        : "Call again: one thread does all.",
    );
  }

  #spoil(): void {
    this.#arena.pending = undefined;
    this.#arena.spoil(this.#hyper);
  }
}
