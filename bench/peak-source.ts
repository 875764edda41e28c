// Where the one peak P comes from: this process when its engine is Node ≥ 24, else a Node 24 fetched by npx, kept
// running beside the bench so that its samples can be taken between the cases.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { engine, openProbe, type PeakSample, suitable } from "./probe.ts";

export type { PeakSample } from "./probe.ts";

export interface Peak {
  readonly engine: string;
  sample(): Promise<PeakSample>;
  close(): void;
}

/** `--prefer-offline`: a Node 24 that npm has kept needs no network. */
const NPX = ["--yes", "--prefer-offline", "--fetch-retries=1", "--package=node@24", "--", "node"];
/** npx may have to download it. */
const START_MS = 180_000;
const SAMPLE_MS = 30_000;

/** The probe of this process. */
export function ownPeak(): Peak | undefined {
  if (!suitable) return undefined;
  const sample = openProbe();
  return { engine, sample: () => Promise.resolve(sample()), close() {} };
}

/** The probe in a Node 24 from npx. Rejects with the reason when there is none to be had. */
export async function foreignPeak(): Promise<Peak> {
  const child = spawn("npx", [...NPX, "bench/peak-child.ts"], {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    stdio: ["pipe", "pipe", "pipe"],
    shell: process.platform === "win32",
  });
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints = (complaints + text).slice(-4000);
  });
  child.stdin.on("error", () => {}); // it ended; `closed` below says so

  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  const closed = new Promise<never>((_, reject) => {
    child.on("error", (error) => reject(new Error(`npx: ${error.message}`)));
    child.on("close", (code) => reject(new Error(lastError(complaints) ?? `npx ended with code ${code}`)));
  });
  closed.catch(() => {});
  const answer = async (ms: number): Promise<unknown> => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer from node@24 within ${ms / 1000} s`)), ms);
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

/** The line of npx's or Node's complaints that says what is wrong. */
function lastError(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => /error/i.test(line));
  return lines[0]?.trim().slice(0, 160);
}
