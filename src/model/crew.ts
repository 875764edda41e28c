// How many threads there will be where there may be some, and the crew that they are. Imported where there may be.

import type { WorkerFrom } from "../base/crew.ts";
import * as sharing from "../program/sharing.ts";
import { cores, warn } from "../wasm/engine.ts";
import type { Core } from "../wasm/runtime.ts";
import type { Threads } from "./choose.ts";

/** Of more threads the nets that this is for have nothing: a batch of 128 rows is some twenty tiles. */
const ENOUGH = 8;

/** What a wish for threads comes to on a host that has them. */
export function threadsFor(wished: number | "auto"): Threads {
  const available = cores();
  const found = available === 1 ? "there is one core" : `there are ${available} cores`;
  if (wished === "auto") {
    const size = Math.min(available, ENOUGH);
    return size === 1
      ? { size, reason: `one, ${found}` }
      : { size, reason: `${size}, ${found}; started when there is work` };
  }
  const now = { size: wished, now: true };
  if (wished <= available) return { ...now, reason: `${wished}, as asked for` };
  warn(`init: threads is ${wished}, and ${found}: threads that share one wait for each other`);
  return { ...now, reason: `${wished}, as asked for; but ${found}` };
}

/** Gives a core its crew; `src/threads` is loaded here alone. */
export async function enlist(core: Core, { size, now = false }: Threads, from?: WorkerFrom): Promise<void> {
  const { Pool } = await import("../threads/pool.ts");
  const pool = new Pool(core.module, size, {}, from);
  if (now) await pool.start();
  core.crew = pool;
  core.sharing = sharing;
}
