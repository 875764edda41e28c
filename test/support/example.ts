// What holds for the report of every example: readable lines, and a process that prints just them.

import { spawnSync } from "node:child_process";
import { expect } from "vitest";
import { coloured, type Paint, plain } from "../../src/cli/text/style.ts";

/** Expects lines of at most 80 columns without a number that is none, which colours do not move. Returns them. */
export function expectReadable(report: (paint: Paint) => readonly string[]): string[] {
  const lines = report(plain).flatMap((line) => line.split("\n"));
  for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
  expect(lines.join("\n")).not.toMatch(/NaN|undefined|Infinity|\[object/);
  expect(lines.join("\n")).not.toContain("\u001b");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
  const bare = report(coloured).map((line) => line.replace(/\u001b\[\d+m/g, ""));
  expect(bare.join("\n")).toBe(lines.join("\n"));
  return lines;
}

/** Runs an example's main program as a user would, without colours, by the build that the tests run. */
export function runExample(folder: string, ...args: readonly string[]) {
  const { FORCE_COLOR: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--import", "./tools/relaxed-simd.ts", `examples/${folder}/main.ts`, ...args],
    { encoding: "utf8", env: { ...env, NO_COLOR: "1" } },
  );
  return { status, stdout, stderr };
}
