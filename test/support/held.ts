// What a process holds of the system and of Node besides memory: threads, files, listeners, things it waits for. Files and threads are
// counted on Linux alone.

import { readdirSync } from "node:fs";

export interface Held {
  readonly threads: number;
  readonly files: number;
  readonly listeners: number;
  readonly awaited: number;
}

const listed = (folder: string): number => (process.platform === "linux" ? readdirSync(folder).length : 0);

export function held(): Held {
  return {
    threads: listed("/proc/self/task"),
    files: listed("/proc/self/fd"),
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    // timers of whoever runs the tests come and go
    awaited: process.getActiveResourcesInfo().filter((what) => !/Timeout|Immediate/.test(what)).length,
  };
}

/** Waits until no more is held than was before, for 10 s at most: what has ended takes its time to be gone. */
export async function heldAgain(before: Held): Promise<Held> {
  let now = held();
  for (
    let i = 0;
    i < 200 && !(Object.keys(before) as (keyof Held)[]).every((k) => now[k] <= before[k]);
    i++
  ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    now = held();
  }
  return now;
}
