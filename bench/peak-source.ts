// Where the one peak P comes from: a Node ≥ 24 of its own, kept running beside the bench so that its samples can be taken
// between the cases. In no measuring process: V8 would widen it there where it widens the rest.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { lastError, NPX_SHELL, npxArguments } from "./npx.ts";
import { type PeakSample, suitable } from "./probe.ts";

export interface Peak {
  readonly engine: string;
  sample(): Promise<PeakSample>;
  close(): void;
}

/** npx may have to download it. */
const START_MS = 180_000;
const SAMPLE_MS = 30_000;

const CHILD = "bench/peak-child.ts";

/** The peak, or why there is none. */
export interface PeakOrReason {
  readonly peak: Peak | undefined;
  readonly reason: string;
}

/** @param fetch  whether a Node 24 may come from npm where this engine is none */
export async function openPeak(fetch: boolean): Promise<PeakOrReason> {
  if (!suitable && !fetch) return { peak: undefined, reason: "a smoke run starts no Node 24" };
  try {
    const peak = suitable
      ? await startPeak(process.execPath, [CHILD], false)
      : await startPeak("npx", npxArguments("node@24", ["node", CHILD]), NPX_SHELL);
    return { peak, reason: "" };
  } catch (error) {
    const what = suitable ? "the probe does not run" : "node@24 is not to be had";
    return { peak: undefined, reason: `${what}.\n        ${(error as Error).message}` };
  }
}

/** Rejects with the reason when the probe does not start. */
async function startPeak(command: string, args: readonly string[], shell: boolean): Promise<Peak> {
  const child = spawn(command, args, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["pipe", "pipe", "pipe"],
    shell,
  });
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints = (complaints + text).slice(-4000);
  });
  child.stdin.on("error", () => {}); // it ended; `closed` below says so

  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  const closed = new Promise<never>((_, reject) => {
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on("close", (code) =>
      reject(new Error(lastError(complaints) ?? `the probe ended with code ${code}`)),
    );
  });
  closed.catch(() => {});
  const answer = async (ms: number): Promise<unknown> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer from the probe within ${ms / 1000} s`)), ms);
    });
    const line = new Promise<string>((resolve) => waiting.push(resolve));
    try {
      return JSON.parse(await Promise.race([line, closed, late]));
    } finally {
      clearTimeout(timer);
    }
  };

  try {
    return {
      engine: String(await answer(START_MS)),
      sample() {
        child.stdin.write("\n");
        return answer(SAMPLE_MS) as Promise<PeakSample>;
      },
      close: () => child.stdin.end(),
    };
  } catch (error) {
    child.kill();
    throw error;
  }
}
