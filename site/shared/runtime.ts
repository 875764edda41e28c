// The one runtime of a page: a worker that trains while the page goes on drawing.

import { type HostedXent, hosted, type Info, type InitOptions } from "xent";

let started: Promise<HostedXent> | undefined;

/**
 * Starts the worker, or gives the one that there is. After a failure, or once that has ended by itself, it starts another.
 *
 * @param options  of the first call
 */
export function runtime(options?: InitOptions): Promise<HostedXent> {
  started = started?.then(alive).catch(() => hosted(options)) ?? hosted(options);
  return started;
}

/** Any call is refused once the worker has ended; of no arrays it does nothing. */
async function alive(xent: HostedXent): Promise<HostedXent> {
  await xent.alloc([]);
  return xent;
}

/** Such as "relaxed build, 6x8 tile, 1 thread". */
export function inShort({ build, tile, threads, wide }: Info): string {
  return `${build} build, ${tile} tile, ${threads} ${threads === 1 ? "thread" : "threads"}${wide ? ", widened to 256 bits" : ""}`;
}
