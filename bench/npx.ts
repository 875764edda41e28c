// Engines from npm, run by npx. npm's own cache is asked first: what it has kept needs no network.

import { spawnSync } from "node:child_process";
import type { Engine } from "./processes.ts";

/** Packages of npm, and how each runs a file; versions of Deno and Bun that install. */
export const ENGINES: readonly (readonly [packageName: string, program: readonly string[]])[] = [
  ["node@20", ["node"]],
  ["node@22", ["node"]],
  ["node@24", ["node"]],
  ["node@26", ["node"]],
  ["deno@2.9.5", ["deno", "run", "--allow-all"]],
  ["bun@1.4.5", ["bun"]],
];

/** npx may have to download it. */
const FETCH_MS = 300_000;

/** The engine, or why npm does not give it. */
export function fetchEngine(packageName: string, program: readonly string[]): Engine | string {
  const { status, stderr, error } = spawnSync(
    "npx",
    npxArguments(packageName, [program[0] as string, "--version"]),
    { encoding: "utf8", timeout: FETCH_MS, shell: NPX_SHELL, stdio: ["ignore", "pipe", "pipe"] },
  );
  if (status === 0) return { name: packageName, command: "npx", args: npxArguments(packageName, program) };
  return error?.message ?? lastError(stderr) ?? `npx ended with code ${status}`;
}

/** Arguments of npx that run a program of a package. npm would say nothing under `npm run --silent`. */
export function npxArguments(packageName: string, program: readonly string[]): string[] {
  return [
    "--yes",
    "--loglevel=error",
    "--prefer-offline",
    "--fetch-retries=1",
    `--package=${packageName}`,
    "--",
    ...program,
  ];
}

/** On Windows npx is a batch file. */
export const NPX_SHELL = process.platform === "win32";

/** The line of npx's or an engine's complaints that says what is wrong, not npm's bare code of it. */
export function lastError(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => /err(or)?\b/i.test(line));
  const telling = lines.find((line) => !/ code [A-Z0-9]+$/.test(line.trim()));
  return (telling ?? lines[0])?.trim().slice(0, 160);
}
