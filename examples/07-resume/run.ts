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

/** Runs once in one go, and once with so many kills. */
export async function run(kills: number): Promise<Result> {
  return { whole: await train(0), killed: await train(kills) };
}

/** A kill comes at a moment by lot within each of the first `kills` parts of the run, of kills + 1. */
async function train(kills: number): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "xent-resume-"));
  const path = join(folder, "model.safetensors");
  try {
    const lives: Life[] = [];
    for (let kill = 0; kill < kills; kill++) {
      const life = await live(path, (kill + Math.random()) / (kills + 1));
      lives.push(life);
      // it was through before the kill came
      if (life.done !== undefined) break;
    }
    if (lives.at(-1)?.done === undefined) lives.push(await live(path, undefined));
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
