// On a shared machine a virtual core may be half of one, for seconds at a time. What several threads give is measured in short
// windows, of which those count in which threads that never wait gained what so many cores give.

import type { Case } from "./case.ts";

/** What they gain, least and most, within the noise of a window. */
export const gains = (threads: number): [number, number] => [0.925 * threads, 1.05 * threads];

export function hasCores(threads: number, gain: number): boolean {
  const [least, most] = gains(threads);
  return gain >= least && gain <= most;
}

/** Milliseconds of each run of a case, as many as fit. */
export function turn(item: Pick<Case, "run">, ms: number): number[] {
  const times: number[] = [];
  const end = performance.now() + ms;
  for (let start = performance.now(); start < end; ) {
    item.run();
    const now = performance.now();
    times.push(now - start);
    start = now;
  }
  return times;
}
