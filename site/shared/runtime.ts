// The one runtime of a page: a worker that trains while the page goes on drawing.

import { type HostedXent, hosted, type Info, type InitOptions } from "xent";

let started: Promise<HostedXent> | undefined;

/**
 * Starts the worker, or gives the one that there is. After a failure the next call tries again.
 *
 * @param options  of the first call
 */
export function runtime(options?: InitOptions): Promise<HostedXent> {
  started ??= hosted(options).catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  return started;
}

/** Such as "relaxed build, 6x8 tile, 1 thread". */
export function inShort({ build, tile, threads, wide }: Info): string {
  return `${build} build, ${tile} tile, ${threads} ${threads === 1 ? "thread" : "threads"}${wide ? ", widened to 256 bits" : ""}`;
}
