// The runtime that learns digits and tables, with as many threads as leave the page a core.

import type { HostedXent } from "xent";
import { runtime } from "../shared/runtime.ts";

/** More threads than these have nothing to do in nets of this size. */
const ENOUGH = 8;

/**
 * Threads wait for each other in every step. With one on each core, the page's drawing takes one of them away in the middle of it: of
 * two threads on two busy cores were seven times fewer digits learnt than of one.
 */
export function engine(): Promise<HostedXent> {
  const threads = crossOriginIsolated ? Math.min(ENOUGH, Math.max(1, navigator.hardwareConcurrency - 1)) : 1;
  return runtime({ threads });
}
