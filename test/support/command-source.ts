// Runs the command as a user would, by the sources, without colours; or one of its functions with what it writes to stdout kept.

import { spawnSync } from "node:child_process";
import { vi } from "vitest";

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of its own, which takes about a second. */
export function runCommand(args: readonly string[], input?: string): Ran {
  const { FORCE_COLOR: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "--import", "./tools/relaxed-simd.ts", "src/cli/main.ts", ...args],
    { encoding: "utf8", env: { ...env, NO_COLOR: "1" }, ...(input === undefined ? {} : { input }) },
  );
  return { status, stdout, stderr };
}

/** What a function of the command writes to stdout. */
export async function written(run: () => Promise<void>): Promise<string> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  vi.stubEnv("NO_COLOR", "1");
  vi.stubEnv("FORCE_COLOR", undefined);
  try {
    await run();
  } finally {
    spy.mockRestore();
    vi.unstubAllEnvs();
  }
  return text;
}

/** Lines of JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
