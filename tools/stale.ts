// Whether built files are older than what they are made of. By time stamps, so a fresh clone must build first.

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** True when an output is missing, or older than the newest of `sources` (files, or folders with all they hold). */
export function stale(outputs: readonly string[], sources: readonly string[]): boolean {
  const newest = Math.max(...sources.flatMap(within).map(time));
  return outputs.some((path) => !existsSync(path) || time(path) < newest);
}

function within(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return [path, ...readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name))];
}

function time(path: string): number {
  return statSync(path).mtimeMs;
}
