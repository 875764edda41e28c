// Ends a run that cannot come to its end: nobody waits at its barriers any more.

import { CREW_GENERATION, CREW_POISONED } from "../base/abi.ts";
import type { WasmMemory } from "../base/platform.ts";

/** Whoever waits at the barrier of this program, or comes to it, leaves. The program cannot be shared again. */
export function poison(memory: WasmMemory, hyper: number): void {
  const words = new Int32Array(memory.buffer, hyper);
  Atomics.store(words, CREW_POISONED / 4, 1);
  Atomics.add(words, CREW_GENERATION / 4, 1);
  Atomics.notify(words, CREW_GENERATION / 4);
}
