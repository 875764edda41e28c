// Processes that train and save as fast as they can, killed at random moments, many of them in the midst of a write: what they leave is a
// whole file, none older than the last save that was told of, and the next process goes on from it to the very bytes of a run never killed.

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, watch } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { type Lot, lot } from "../../../examples/shared/random.ts";
import { init } from "../../../src/index.ts";
import { decodeSafetensors } from "../../../src/io/decode.ts";
import { folders } from "../../support/folders.ts";
import { times } from "../counts.ts";
import { type Lines, MAIN, program, start } from "./children.ts";

const IRIS = join(import.meta.dirname, "../../../examples/data/iris.csv");
const KILLS = times("kills");
/** A start of the command costs as much as ten saves. */
const OF_COMMAND = Math.ceil(KILLS / 10);

/** Of all of them, on a machine with other work. */
const TIMEOUT = 1_800_000;

const EPOCHS = 16;
const STEPS = 4 * EPOCHS;

const { empty } = folders("kills");
const xent = await init({ threads: 1 });
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/**
 * Trains a run, from its file if there is one. Every save that is on the disk is told with its step and its bytes' hash: all of them, or
 * where `pause` is more than 1, one in so many epochs, and training goes on while the others are written.
 */
const TRAINER = `
  /** Of all of them, on a machine with other work. */
const TIMEOUT = 1_800_000;

const EPOCHS = ${EPOCHS};
  const [path, pause] = [args[0], Number(args[1])];
  say("ready");
  const resume = fs.existsSync(path);
  const model = resume ? await loadModel(xent, path) : net();
  let step = 0;
  if (resume) {
    ({ steps: step } = await model.fit(rows, { ...run(EPOCHS), resume, signal: AbortSignal.abort() }));
    say("begun", step);
  }
  const saving = checkpoint({ path, model, every: pause === 1 ? { epochs: 1 } : { steps: 1 } });
  const telling = {
    onProgress(now) { step = now.step; },
    async onEpochEnd({ epoch }) {
      if (epoch % pause !== 0) return new Promise((resolve) => setTimeout(resolve, 1));
      await saving.flush();
      say("saved", step, sha256(fs.readFileSync(path)));
    },
  };
  await model.fit(rows, { ...run(EPOCHS), resume, callbacks: [saving, telling] });
  await saving.flush();
  say("done");
`;

/** Steps and hashes that a process has told. */
const toldBy = (said: readonly string[], word: string): [step: number, hash: string][] =>
  said
    .filter((line) => line.startsWith(`${word} `))
    .map((line) => line.split(" "))
    .map(([, step, hash]) => [Number(step), hash ?? ""]);

/** The step of the run that a saved model stands at. @throws what `load` finds wrong with it */
async function stepOf(bytes: Uint8Array): Promise<number> {
  (await xent.load(bytes)).dispose();
  const { run } = JSON.parse(decodeSafetensors(bytes).metadata.get("training") ?? "{}") as {
    run: { step: number };
  };
  return run.step;
}

/** Names of what processes have left of unfinished saves of a file. */
const leftOf = (path: string): string[] =>
  readdirSync(dirname(path)).filter(
    (name) => name.startsWith(`.${basename(path)}.`) && /\.[0-9a-f]{16}\.tmp$/.test(name),
  );

/** Resolves when a folder has changed so often. */
const changes = (folder: string, count: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0;
    watch(folder, { signal }, () => {
      if (++seen === count) resolve();
    });
  });

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Kills a process: at a moment of so many milliseconds; or when its folder changes for the n-th time, as it does when a file is made, takes
 * bytes and is moved.
 *
 * @returns whether it lived until then
 */
async function killed({ child, end }: Lines, folder: string, ms: number, { uniform }: Lot): Promise<boolean> {
  const over = new AbortController();
  const moment = uniform();
  const by = uniform() < 0.5 ? wait(moment * ms) : changes(folder, 1 + Math.floor(moment * 30), over.signal);
  await Promise.race([by, end]);
  over.abort();
  child.kill("SIGKILL");
  const { code, stderr } = await end;
  expect({ code: code === 0 ? "SIGKILL" : code, stderr }).toEqual({ code: "SIGKILL", stderr: "" });
  return code !== 0;
}

/** Looks at what a killed process has left of a save, and counts it. */
function countLeft(path: string, counts: { write: number; half: number }): void {
  const names = leftOf(path);
  // of one save, and of no process before
  expect(names.length).toBeLessThanOrEqual(1);
  for (const name of names) {
    counts.write++;
    const { size } = statSync(join(dirname(path), name));
    if (!existsSync(path) || size < statSync(path).size) counts.half++;
  }
}

it(`${KILLS - OF_COMMAND} times: checkpoint`, { timeout: TIMEOUT }, async () => {
  const path = join(empty(), "whole.safetensors");
  const whole = start(process.execPath, program(TRAINER, [path, "1"]));
  await whole.until("ready");
  const begun = performance.now();
  expect(await whole.end).toEqual({ code: 0, stderr: "" });
  const ms = performance.now() - begun;
  const bytes = new Map(toldBy(whole.said, "saved"));
  expect(bytes.size).toBe(EPOCHS);
  const result = sha256(readFileSync(path));
  expect(bytes.get(STEPS)).toBe(result);

  const counts = { kills: 0, none: 0, write: 0, half: 0, known: 0, ends: 0 };
  let left = KILLS - OF_COMMAND;
  const chain = async (seed: number): Promise<void> => {
    const random = lot(seed);
    const path = join(empty(), "m.safetensors");
    // where the file stands, and the last save that was told of, since the run began
    let [step, told] = [0, 0];
    while (left > 0) {
      left--;
      const life = start(process.execPath, program(TRAINER, [path, random.uniform() < 0.5 ? "1" : "4"]));
      await life.until("ready");
      const isKilled = await killed(life, dirname(path), ms / 3, random);
      for (const [begun] of toldBy(life.said, "begun")) expect(begun).toBe(step);
      told = Math.max(told, ...toldBy(life.said, "saved").map(([step]) => step));
      countLeft(path, counts);
      expect(readdirSync(dirname(path)).length).toBeLessThanOrEqual(2);

      if (!existsSync(path)) {
        expect(told).toBe(0);
        counts.none++;
        counts.kills++;
        continue;
      }
      const file = readFileSync(path);
      const before = step;
      step = await stepOf(file);
      expect(step).toBeGreaterThanOrEqual(Math.max(told, before));
      const known = bytes.get(step);
      if (known !== undefined) expect({ step, hash: sha256(file) }).toEqual({ step, hash: known });
      if (isKilled) {
        counts.kills++;
        if (known !== undefined) counts.known++;
      } else {
        // it was through before its kill came
        left++;
      }
      if (step < STEPS) continue;
      counts.ends++;
      rmSync(path);
      [step, told] = [0, 0];
    }
    const last = start(process.execPath, program(TRAINER, [path, "1"]));
    expect(await last.end).toEqual({ code: 0, stderr: "" });
    expect(sha256(readFileSync(path))).toBe(result);
    expect(readdirSync(dirname(path))).toEqual([basename(path)]);
  };
  await Promise.all([chain(1), chain(2)]);
  const { kills, none, write, half, known, ends } = counts;
  expect(kills).toBe(KILLS - OF_COMMAND);
  console.log(
    `${kills} kills of checkpoint: ${write} in the midst of a write (${half} with a part of the bytes), ${none} before the first save; ` +
      `${kills - none} files loaded whole, ${known} of them with the bytes of a run never killed, as had the last of ${ends + 2} runs`,
  );
});

it(`${OF_COMMAND} times: xent train --resume`, { timeout: TIMEOUT }, async () => {
  const args = ["train", IRIS, "-t", "species", "--epochs", "100", "--hidden", "128", "--resume", "-q"];
  const train = (out: string): Lines =>
    start(process.execPath, [MAIN, ...args, "--checkpoint", "0.001", "--out", out]);
  const out = join(empty(), "whole.safetensors");
  const begun = performance.now();
  expect(await train(out).end).toEqual({ code: 0, stderr: "" });
  const ms = performance.now() - begun;
  const result = sha256(readFileSync(out));

  const counts = { kills: 0, none: 0, write: 0, half: 0, ends: 0 };
  let left = OF_COMMAND;
  const chain = async (seed: number): Promise<void> => {
    const random = lot(seed);
    const folder = empty();
    const [out, checkpoint] = [join(folder, "m.safetensors"), join(folder, "m.checkpoint.safetensors")];
    let step = 0;
    const checkEnd = (): void => {
      expect(sha256(readFileSync(out))).toBe(result);
      counts.ends++;
    };
    while (left > 0) {
      left--;
      const isKilled = await killed(train(out), folder, ms, random);
      for (const path of [out, checkpoint]) countLeft(path, counts);
      // a model, a checkpoint, what was being written, and the empty file by which the folder was tried
      expect(readdirSync(folder).length).toBeLessThanOrEqual(4);
      if (isKilled) counts.kills++;
      else left++;
      if (existsSync(checkpoint)) {
        const before = step;
        step = await stepOf(readFileSync(checkpoint));
        expect(step).toBeGreaterThanOrEqual(before);
        // the model is whole as soon as it is there
        if (existsSync(out)) checkEnd();
      } else if (existsSync(out)) {
        checkEnd();
        rmSync(out);
        step = 0;
      } else {
        expect(step).toBe(0);
        counts.none++;
      }
    }
    expect(await train(out).end).toEqual({ code: 0, stderr: "" });
    checkEnd();
    expect(readdirSync(folder)).toEqual([basename(out)]);
  };
  await Promise.all(OF_COMMAND > 10 ? [chain(3), chain(4)] : [chain(3)]);
  const { kills, none, write, half, ends } = counts;
  expect(kills).toBe(OF_COMMAND);
  console.log(
    `${kills} kills of xent train --resume: ${write} in the midst of a write (${half} with a part of the bytes), ${none} before the first ` +
      `checkpoint; ${kills - none} files loaded whole; ${ends} models with the bytes of a run never killed`,
  );
});
