// `xent info`: what runs here, and why; and which of the package's builds this engine takes.

import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Xent } from "../index.ts";
import { openRuntime } from "./engine.ts";
import { environment, environmentFacts } from "./environment.ts";
import type { EngineOptions, OutputOptions } from "./options.ts";
import { bytes } from "./text/format.ts";
import { openScreen } from "./text/terminal.ts";
import { facts, table, wrap } from "./text/text.ts";

interface Build {
  readonly name: string;
  readonly bytes: number;
  /** whether this engine compiles it */
  readonly runs: boolean;
}

export async function info(options: EngineOptions & OutputOptions): Promise<void> {
  const screen = openScreen(options);
  const xent = await openRuntime(options);
  if (xent.info.wide) work(xent);
  const found = environment(xent);
  const builds = await buildsInside();
  xent.dispose();
  screen.emit("info", { ...found, builds });
  if (screen.json) return;
  screen.say(...factLines(environmentFacts(found), screen.paint, screen.columns), "");
  const rows = builds.map((build) => [
    build.name,
    bytes(build.bytes),
    build.runs ? "yes" : "no",
    build.name === running(found) ? "runs" : "",
  ]);
  screen.say(...table(["builds inside", "size", "taken by this engine", ""], rows, screen.paint));
}

/** Facts whose lines are broken at the width of the screen. */
export function factLines(
  pairs: readonly (readonly [string, string])[],
  paint: Parameters<typeof facts>[1],
  columns: number,
): string[] {
  const before = Math.max(...pairs.map(([name]) => name.length)) + 2;
  return pairs.flatMap(([name, fact]) => {
    const [first = "", ...rest] = wrap(fact, Math.max(20, columns - before));
    const line = facts([[name.padEnd(before - 2), first]], paint);
    return [...line, ...rest.map((more) => " ".repeat(before) + more)];
  });
}

/** As a build for threads is called in the package. */
const running = ({ build, threads }: { build: string; threads: number }): string =>
  threads > 1 ? `${build}-threads` : build;

/** Milliseconds of work, more than those after which it is known whether V8 widens: 200. */
const SETTLED = 400;

/** Works until it is known whether `wide` does anything. */
function work(xent: Xent): void {
  const n = 192;
  const [a, b, c] = xent.alloc([n * n, n * n, n * n]) as [Float32Array, Float32Array, Float32Array];
  const end = performance.now() + SETTLED;
  while (performance.now() < end) xent.sgemm({ m: n, n, k: n, a, b, c });
}

/** Those that the package has as files beside those that it runs, which are the same. */
async function buildsInside(): Promise<Build[]> {
  const root = dirname(fileURLToPath(new URL("../../package.json", import.meta.url)));
  const folder = join(root, "dist", "wasm");
  const files = (await readdir(folder)).filter((name) => name.endsWith(".wasm")).sort();
  return Promise.all(
    files.map(async (file) => {
      const code = await readFile(join(folder, file));
      return { name: file.slice(0, -".wasm".length), bytes: code.length, runs: WebAssembly.validate(code) };
    }),
  );
}
