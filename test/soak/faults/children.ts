// The processes that faults happen to: what they train, and how one of them is started. Each is plain JavaScript over dist/, as anyone's
// program is over the package, so that it starts quickly. What happens to them stands in the tests.

import { type ChildProcess, spawn } from "node:child_process";

const DIST = new URL("../../../dist/", import.meta.url).href;

/** The command, as it was built. */
export const MAIN = new URL("cli/main.js", DIST).pathname;

/**
 * A net whose file has more bytes than Node writes at once (512 KiB), with all that a run keeps: slots, running statistics, dropout, a
 * schedule. Its rows make epochs of four steps.
 */
const NET = `
  import { execFileSync } from "node:child_process";
  import { createHash } from "node:crypto";
  import * as fs from "node:fs";
  import { dirname } from "node:path";
  import { adamw, batchNorm1d, cosine, crossEntropy, dataset, dense, dropout, init, relu } from "${DIST}index.js";
  import { checkpoint, loadModel, saveModel, writeFileAtomic } from "${DIST}node.js";

  const say = (...words) => fs.writeSync(1, words.join(" ") + "\\n");
  const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
  const xent = await init({ threads: 1, precision: "strict" });
  const net = () =>
    xent.sequential({ input: 64, seed: 5 }, [dense(192), batchNorm1d(), relu(), dropout(0.2), dense(192), relu(), dense(4)]);
  const rows = dataset({
    x: Float32Array.from({ length: 64 * 64 }, (_, i) => Math.sin(i * i)),
    y: Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 4),
    features: 64,
  });
  const run = (epochs) => ({
    loss: crossEntropy(),
    optimizer: adamw({ lr: 0.002, schedule: cosine() }),
    epochs,
    batchSize: 16,
  });
`;

/** A process that runs `code` behind what it trains, with `args` as its `args`. */
export const program = (code: string, args: readonly string[] = []): string[] => [
  "--input-type=module",
  "-e",
  `${NET} const args = process.argv.slice(1); ${code}`,
  ...args,
];

export interface Lines {
  readonly child: ChildProcess;
  /** what it has said so far */
  readonly said: string[];
  /** Resolves with the end; to be asked once. */
  readonly end: Promise<{ readonly code: number | string; readonly stderr: string }>;
  /** Resolves when it has said so, or has ended. */
  until(word: string): Promise<void>;
}

/** Starts a process and reads its lines. */
export function start(command: string, args: readonly string[], cwd?: string): Lines {
  const child = spawn(command, args, { cwd, stdio: ["pipe", "pipe", "pipe"] });
  const said: string[] = [];
  let [rest, stderr, over] = ["", "", false];
  let wake = (): void => {};
  child.stdout.on("data", (part: Buffer) => {
    const lines = (rest + String(part)).split("\n");
    rest = lines.pop() ?? "";
    said.push(...lines);
    wake();
  });
  child.stderr.on("data", (part: Buffer) => (stderr += String(part)));
  const end = new Promise<{ code: number | string; stderr: string }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      over = true;
      wake();
      resolve({ code: code ?? signal ?? "", stderr });
    });
  });
  const until = async (word: string): Promise<void> => {
    while (!over && !said.some((line) => line.startsWith(word)))
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  };
  return { child, said, end, until };
}
