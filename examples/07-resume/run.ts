// The experiment: one training run in one process, and the same in several, each of which is killed and its work taken up by the
// next. Returns what both have left on the disk; prints nothing.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What a process that trains tells. */
export type Message =
  | { readonly kind: "begun"; readonly step: number }
  | { readonly kind: "progress"; readonly step: number; readonly steps: number }
  | { readonly kind: "done"; readonly epochs: number; readonly accuracy: number };

/** A process that trained. */
export interface Life {
  /** steps of the run that were done when it began */
  readonly begun: number;
  /** the last it told of */
  readonly told: number;
  /** steps of the whole run */
  readonly steps: number;
  /** undefined where it was killed */
  readonly done: Extract<Message, { kind: "done" }> | undefined;
}

/** What a run has left. */
export interface Outcome {
  readonly lives: readonly Life[];
  readonly sha256: string;
  readonly bytes: number;
  /** names of the files in its folder */
  readonly files: readonly string[];
}

export interface Result {
  readonly whole: Outcome;
  readonly killed: Outcome;
}

/** So many shares of a run by lot, in their order. */
export function byLot(kills: number): number[] {
  return Array.from({ length: kills }, (_, i) => (i + Math.random()) / (kills + 1));
}

/**
 * Runs once in one go, and once with kills.
 *
 * @param moments  shares of the steps, after each of which the process that is about is killed
 */
export async function run(moments: readonly number[]): Promise<Result> {
  return { whole: await train([]), killed: await train(moments) };
}

async function train(moments: readonly number[]): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "xent-resume-"));
  const path = join(folder, "model.safetensors");
  try {
    const lives: Life[] = [];
    // the last is left to live; so is one that was through before its kill came
    for (const share of [...moments, undefined]) {
      const life = await live(path, share);
      lives.push(life);
      if (life.done !== undefined) break;
    }
    const file = await readFile(path);
    const sha256 = createHash("sha256").update(file).digest("hex");
    return { lives, sha256, bytes: file.length, files: await readdir(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * A process, from its start to its end.
 *
 * @param share  of the steps, after which it is killed; undefined lets it live
 */
function live(path: string, share: number | undefined): Promise<Life> {
  const script = fileURLToPath(new URL("train.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", script, path], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  let [begun, told, steps] = [0, 0, 0];
  let done: Life["done"];
  let killed = false;
  child.on("message", (message: Message) => {
    if (message.kind === "begun") begun = told = message.step;
    else if (message.kind === "done") done = message;
    else {
      told = message.step;
      steps = message.steps;
      if (share === undefined || killed || told < share * steps) return;
      killed = true;
      // between two turns of its event loop, or while it writes
      setTimeout(() => child.kill("SIGKILL"), 50 * Math.random());
    }
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (done === undefined && signal !== "SIGKILL")
        reject(new Error(`train.ts ended with ${code ?? signal}`));
      else resolve({ begun, told, steps, done });
    });
  });
}
