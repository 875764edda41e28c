// Runs records that stand in a memory, on this thread alone or with the crew; knows what to do when a thread does not come.

import { RUN_LOST } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import type { Arena } from "../memory/arena.ts";
import type { Hosted } from "./host.ts";

/** A call that cannot let the event loop turn waits so often, a tenth of a second each time. */
const MOST_STALLS = 100;

/** Asked after each record of a run whether the event loop is to have its turn before the next. */
export interface Pause {
  ran(record: number, ms: number): boolean;
}

export class Runner {
  readonly #arena: Arena;
  readonly #program: number;
  readonly #hyper: number;
  /** what is left of a run that stalled or paused */
  #next = 0;
  #last = 0;
  /** it is this thread's alone */
  #alone = false;
  readonly #hosted: Hosted | undefined;
  /** where the whole of it ends, host records and all */
  #end = 0;
  /** what a host record threw at somebody who only needed the memory */
  #thrown: { readonly error: unknown } | undefined;

  /**
   * @param program  address of the records, as `hyper` of the hyper region
   * @param hosted   the records among them that are done in JavaScript, if there are any
   */
  constructor(arena: Arena, program: number, hyper: number, hosted?: Hosted) {
    this.#arena = arena;
    this.#program = program;
    this.#hyper = hyper;
    this.#hosted = hosted;
  }

  /**
   * Runs records first … last − 1; one crossing into WASM, and one more behind each host record.
   *
   * @param ns  how much work that is: much of it is shared by all threads, if they are up and free
   * @throws {XentError} `WORKER_LOST` another thread is no more, or did not come within 10 s
   * @throws what a host record throws
   */
  run(first: number, last: number, ns: number): void {
    if (!this.begin(first, last, ns)) this.#wait();
  }

  /** As `run`, but false when another thread is late, or at a pause: let the event loop turn, and call `resume`. */
  begin(first: number, last: number, ns: number, pause?: Pause): boolean {
    this.#arena.pending?.finish();
    this.#thrown = undefined;
    if (this.#hosted === undefined) return this.#part(first, last, ns, pause);
    this.#end = last;
    return this.#parts(this.#hosted, first, pause);
  }

  /** Host records from `first` to the end, and the runs between them: all threads are at the end of each. */
  #parts(hosted: Hosted, first: number, pause: Pause | undefined): boolean {
    const end = this.#end;
    for (let at = first; ; at++) {
      const stop = hosted.next(at, end);
      if (stop > at && !this.#part(at, stop, hosted.ns(at, stop), pause)) return false;
      if (stop === end) return true;
      hosted.call(stop);
      at = stop;
    }
  }

  /** Records first … last − 1, none of them a host record. */
  #part(first: number, last: number, ns: number, pause: Pause | undefined): boolean {
    const arena = this.#arena;
    const { crew } = arena;
    this.#alone = crew === undefined || ns < crew.runNs || crew.threads === 1 || arena.spoilt;
    if (this.#alone) {
      if (pause !== undefined) {
        this.#next = first;
        this.#last = last;
        return this.#runAlone(pause);
      }
      arena.kernels.run(this.#program, this.#hyper, first, last, 0, 1);
      return true;
    }
    arena.hand(this.#program, this.#hyper, first, last);
    arena.pending = this;
    this.#last = last;
    return this.#runShare(first);
  }

  /** What is left, on this thread, up to a pause. */
  #runAlone(pause?: Pause): boolean {
    const arena = this.#arena;
    const last = this.#last;
    // a trap is to leave nothing behind that others would go on with
    arena.pending = undefined;
    let start = performance.now();
    while (this.#next < last) {
      const record = this.#next++;
      arena.kernels.run(this.#program, this.#hyper, record, record + 1, 0, 1);
      const end = performance.now();
      const pauses = pause?.ran(record, end - start) ?? false;
      if (pauses && this.#next < last) {
        arena.pending = this;
        return false;
      }
      start = end;
    }
    return true;
  }

  /** Whether all threads are at the end of a run that stalled or paused; waits for a tenth of a second at most. */
  resume(pause?: Pause): boolean {
    const { crew, spoilt, pending } = this.#arena;
    // somebody else needed the memory, and had it finished
    if (pending !== this && !spoilt) {
      if (this.#thrown !== undefined) throw this.#thrown.error;
      return true;
    }
    const lost = crew?.lost;
    if (spoilt || lost !== undefined) this.#lose(lost);
    if (!(this.#alone ? this.#runAlone(pause) : this.#runShare(this.#next))) return false;
    if (this.#hosted === undefined || this.#last === this.#end) return true;
    this.#hosted.call(this.#last);
    return this.#parts(this.#hosted, this.#last + 1, pause);
  }

  /**
   * For whoever else needs the memory: waits for a run that stalled, or ends one that paused, without a turn of the event loop. What a host record of it
   * throws is for the run's own caller.
   *
   * @throws {XentError} `WORKER_LOST`
   */
  finish(): void {
    try {
      this.#wait();
    } catch (error) {
      if (this.#arena.spoilt) throw error;
      this.#thrown = { error };
    }
  }

  #wait(): void {
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
