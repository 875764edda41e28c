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

/**
 * The ways to save a model, and what comes of one: its error; which file is there, the old one or one of the model as it is now; and what
 * else lies beside it.
 */
const WAYS = `
  const ways = {
    saveModel,
    writeFileAtomic: (model, path) => writeFileAtomic(path, model.save()),
    async checkpoint(model, path) {
      const saving = checkpoint({ path, model });
      await model.fit(rows, { ...run(2), callbacks: [saving] });
      await saving.flush();
    },
  };
  // end: takes the fault away before what it has left is looked at
  async function attempt(way, model, path, old, end = () => {}) {
    const error = await ways[way](model, path).then(() => undefined, (error) => error);
    await end();
    const { code, message, cause } = error ?? {};
    const bytes = fs.existsSync(path) ? fs.readFileSync(path) : undefined;
    const file = bytes === undefined ? "none" : bytes.equals(old) ? "old" : bytes.equals(model.save()) ? "new" : "other";
    const folder = dirname(path);
    const left = fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith(".tmp")) : [];
    return { way, code, message, cause: cause?.code, file, left };
  }
  // a small file of before, and a trained model
  const old = net().save();
  const model = net();
  await model.fit(rows, run(1));
  const tell = (result) => say(JSON.stringify(result));
`;

/** What comes of a way to save. */
export interface Attempt {
  readonly way: "saveModel" | "writeFileAtomic" | "checkpoint";
  /** of the error, if there was one */
  readonly code?: string;
  readonly message?: string;
  /** the system's code */
  readonly cause?: string;
  readonly file: "old" | "new" | "none" | "other";
  /** temporary files */
  readonly left: readonly string[];
}

/** A process that runs `code` behind what it trains, with `args` as its `args`. */
export const program = (code: string, args: readonly string[] = []): string[] => [
  "--input-type=module",
  "-e",
  `${NET} const args = process.argv.slice(1); ${code}`,
  ...args,
];

/** One that saves, with `ways`, `attempt`, `old`, `model` and `tell` at hand. */
export const saver = (code: string, args: readonly string[] = []): string[] => program(WAYS + code, args);

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
