// What a process holds of the system and of Node besides memory: threads, files, listeners, things it waits for. Files and threads are
// counted on Linux alone.

import { readdirSync, readlinkSync } from "node:fs";
import { expect } from "vitest";

export interface Held {
  readonly threads: number;
  readonly files: number;
  readonly listeners: number;
  readonly awaited: number;
}

const listed = (folder: string): string[] => (process.platform === "linux" ? readdirSync(folder) : []);

/** Node leaves open what a thread was loading when it was ended: modules in dist/, which are not counted. */
function isModule(file: string): boolean {
  try {
    return /\/dist\/.*\.js$/.test(readlinkSync(`/proc/self/fd/${file}`));
  } catch {
    // closed since the folder was read
    return true;
  }
}

export function held(): Held {
  return {
    threads: listed("/proc/self/task").length,
    files: listed("/proc/self/fd").filter((file) => !isModule(file)).length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    // timers of whoever runs the tests come and go
    awaited: process.getActiveResourcesInfo().filter((what) => !/Timeout|Immediate/.test(what)).length,
  };
}

const KINDS = ["threads", "files", "listeners", "awaited"] as const;

/** Expects no more of anything than there was before; what has ended gets 10 s to be gone. */
export async function expectHeld(before: Held): Promise<void> {
  const more = (): string[] => {
    const now = held();
    return KINDS.filter((kind) => now[kind] > before[kind]).map(
      (kind) => `${now[kind]} ${kind}, of ${before[kind]}`,
    );
  };
  for (let i = 0; i < 200 && more().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(more()).toEqual([]);
}
