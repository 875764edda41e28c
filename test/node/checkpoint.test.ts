// The callback that saves while a model trains: when it saves, what is in the file, and what becomes of errors.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { crossEntropy, dataset, dense, init, type Progress, sgd } from "../../src/index.ts";
import {
  type Checkpoint,
  type CheckpointEvery,
  checkpoint,
  saveModel,
  writeFileAtomic,
} from "../../src/node.ts";
import { refuses, thrown } from "../support/errors.ts";
import { folders } from "../support/folders.ts";

const { root, empty } = folders("checkpoint");

/** A model whose n-th save is the number n. */
function counting() {
  let saves = 0;
  return {
    save: () => Uint8Array.of(++saves),
    get saves() {
      return saves;
    },
  };
}

/** Tells a callback of a run as `fit` does: at a turn of the event loop after every step, and at each epoch's end. */
function run(
  callback: Checkpoint,
  epochs: number,
  stepsPerEpoch: number,
  from = 0,
  after?: (step: number) => void,
): void {
  for (let step = from + 1; step <= epochs * stepsPerEpoch; step++) {
    const epoch = Math.ceil(step / stepsPerEpoch) - 1;
    callback.onProgress({ step, epoch, epochs, steps: epochs * stepsPerEpoch } as Progress);
    if (step % stepsPerEpoch === 0) callback.onEpochEnd({ epoch, epochs, loss: 1, seconds: 1, lr: 0.1 });
    after?.(step);
  }
}

/** After which steps a run of 4 epochs of 5 steps is saved. */
function savedAfter(every?: CheckpointEvery): number[] {
  const model = counting();
  const callback = checkpoint({ path: join(empty(), "m"), model, ...(every ? { every } : {}) });
  const steps: number[] = [];
  let before = 0;
  run(callback, 4, 5, 0, (step) => {
    for (; before < model.saves; before++) steps.push(step);
  });
  return steps;
}

describe("when", () => {
  it.each<[CheckpointEvery | undefined, number[]]>([
    [undefined, [5, 10, 15, 20]],
    [{ epochs: 1 }, [5, 10, 15, 20]],
    [{ epochs: 2 }, [10, 20]],
    // the last epoch always
    [{ epochs: 3 }, [15, 20]],
    [{ epochs: 9 }, [20]],
    [{ seconds: 1e6 }, [20]],
    [{ steps: 7 }, [7, 14, 20]],
    [{ steps: 1 }, Array.from({ length: 20 }, (_, i) => i + 1)],
    // once where both say so; and steps count from the save before
    [{ steps: 5, epochs: 1 }, [5, 10, 15, 20]],
    [{ steps: 4, epochs: 2 }, [4, 8, 10, 14, 18, 20]],
  ])("every %o", (every, steps) => {
    expect(savedAfter(every)).toEqual(steps);
  });

  it("seconds, since the save before", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      const model = counting();
      const callback = checkpoint({ path: join(empty(), "m"), model, every: { seconds: 10 } });
      const at: number[] = [];
      for (let step = 1; step < 60; step++) {
        vi.advanceTimersByTime(1000);
        callback.onProgress({ step, epoch: 0, epochs: 2 } as Progress);
        if (model.saves > at.length) at.push(step);
      }
      expect(at).toEqual([10, 20, 30, 40, 50]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("a run that was aborted at a saved step, and another of as many", () => {
    const model = counting();
    const callback = checkpoint({ path: join(empty(), "m"), model });
    callback.onProgress({ step: 3, epoch: 0, epochs: 9 } as Progress);
    callback.onEpochEnd({ epoch: 0, epochs: 9, loss: 1, seconds: 1, lr: 0.1 });
    expect(model.saves).toBe(1);
    run(callback, 1, 3, 2);
    expect(model.saves).toBe(2);
    run(callback, 1, 3, 2);
    expect(model.saves).toBe(3);
  });
});

describe("what", () => {
  it("the file holds the last save; of those that wait for one being written, the last is kept", async () => {
    const here = empty();
    const path = join(here, "m");
    const model = counting();
    const callback = checkpoint({ path, model });
    run(callback, 40, 3);
    expect(model.saves).toBe(40);
    await callback.flush();
    expect([...readFileSync(path)]).toEqual([40]);
    expect(readdirSync(here)).toEqual(["m"]);
    await callback.flush();
  });

  it("a hosted model's promise is waited for; one that fails and is replaced fails nobody", async () => {
    const path = join(empty(), "m");
    let saves = 0;
    const save = async () => {
      const n = ++saves;
      await new Promise((resolve) => setTimeout(resolve, n));
      if (n === 2) throw new Error("replaced");
      return Uint8Array.of(n);
    };
    const callback = checkpoint({ path, model: { save } });
    run(callback, 3, 1);
    await callback.flush();
    expect([...readFileSync(path)]).toEqual([3]);
  });

  it("weights as they were at the end of an epoch, while a model trains on", async () => {
    const here = empty();
    const path = join(here, "m");
    const xent = await init();
    const model = xent.sequential({ input: 8, seed: 3 }, [dense(16), dense(4)]);
    const x = Float32Array.from({ length: 8 * 256 }, (_, i) => Math.sin(i));
    const data = dataset({ x, y: Int32Array.from({ length: 256 }, (_, i) => i % 4), features: 8 });
    const weights = (): Uint8Array => {
      const { data: values } = model.stateDict()["0.weight"] as { data: Float32Array };
      return new Uint8Array(values.slice().buffer);
    };
    const ends: string[] = [];
    const files = new Set<string>();
    const callback = checkpoint({ path, model: { save: weights }, every: { epochs: 1, steps: 3 } });
    await model.fit(data, {
      loss: crossEntropy(),
      optimizer: sgd({ lr: 0.05 }),
      epochs: 30,
      batchSize: 8,
      callbacks: [
        callback,
        {
          onEpochEnd() {
            ends.push(Buffer.from(weights()).toString("hex"));
          },
          onProgress() {
            if (existsSync(path)) files.add(readFileSync(path).toString("hex"));
          },
        },
      ],
    });
    await callback.flush();
    const last = readFileSync(path).toString("hex");
    expect(new Set(ends).size).toBe(30);
    expect(last).toBe(ends.at(-1));
    expect(last).toBe(Buffer.from(weights()).toString("hex"));
    for (const file of files) expect(file.length).toBe(2 * 4 * 8 * 16);
    expect(readdirSync(here)).toEqual(["m"]);
  });
});

describe("errors", () => {
  it("a failed save ends fit at the next occasion, once, and saving goes on", async () => {
    const here = empty();
    const path = join(here, "later/m");
    const callback = checkpoint({ path, model: counting() });
    run(callback, 1, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await refuses(() => run(callback, 1, 1), "FILE", "checkpoint: cannot write", "ENOENT");
    mkdirSync(join(here, "later"));
    run(callback, 1, 1);
    await callback.flush();
    expect([...readFileSync(path)]).toEqual([2]);
  });

  it("flush tells it too", async () => {
    const callback = checkpoint({ path: join(empty(), "no/m"), model: counting() });
    run(callback, 1, 1);
    const listeners = process.listenerCount("beforeExit");
    await refuses(() => callback.flush(), "FILE", "ENOENT");
    expect(process.listenerCount("beforeExit")).toBe(listeners);
    await callback.flush();
    for (let i = 0; i < 3; i++) {
      run(callback, 1, 1);
      await refuses(() => callback.flush(), "FILE", "ENOENT");
    }
    expect(process.listenerCount("beforeExit")).toBe(listeners);
  });

  it("what save throws or rejects with comes through", async () => {
    const busy = new XentError("BUSY", "save: the model is training", "Wait.");
    const throws = checkpoint({
      path: join(empty(), "m"),
      model: {
        save() {
          throw busy;
        },
      },
    });
    expect(await thrown(() => run(throws, 1, 1))).toBe(busy);
    const rejects = checkpoint({ path: join(empty(), "m"), model: { save: () => Promise.reject(busy) } });
    run(rejects, 1, 1);
    expect(await thrown(() => rejects.flush())).toBe(busy);
  });

  it("a process does not end well with a save that failed and nobody was told of", () => {
    const dist = new URL("../../dist/node.js", import.meta.url).href;
    const code = (end: string): string => `
      import { checkpoint } from ${JSON.stringify(dist)};
      const saving = checkpoint({ path: "/no/such/folder/m", model: { save: () => Uint8Array.of(1) } });
      saving.onEpochEnd({ epoch: 0, epochs: 1, loss: 1, seconds: 1, lr: 0.1 });
      ${end}
    `;
    const ended = (end: string) =>
      spawnSync(process.execPath, ["--input-type=module", "-e", code(end)], { encoding: "utf8" });
    const silent = ended("");
    expect(silent.status).not.toBe(0);
    expect(silent.stderr).toContain('cannot write "/no/such/folder/m"');
    expect(ended("await saving.flush().catch(() => {});")).toMatchObject({ status: 0, stderr: "" });
  });

  it.each<[string, unknown, ...string[]]>([
    ["an unknown name", { file: "m" }, 'unknown option "file"', "path, model, every"],
    ["no path", { path: undefined }, "the path is undefined"],
    ["no model", { model: { stateDict() {} } }, "the model is an object, expected one with save()"],
    ["every of another name", { every: { minutes: 1 } }, 'unknown option "minutes"'],
    ["a number for every", { every: 5 }, "checkpoint: every", "got 5"],
    ["every of nothing", { every: {} }, "every says nothing"],
    ["half an epoch", { every: { epochs: 0.5 } }, "every.epochs is 0.5"],
    ["no steps", { every: { steps: 0 } }, "every.steps is 0"],
    ["no time", { every: { seconds: 0 } }, "every.seconds is 0"],
  ])("%s is refused", async (_, options, ...pieces) => {
    const good = { path: join(root, "m"), model: counting() };
    await refuses(() => checkpoint({ ...good, ...(options as object) }), "OPTION", "checkpoint", ...pieces);
  });
});

it("removes what killed processes left of this file, and nothing else", async () => {
  const here = empty();
  const gone = spawnSync(process.execPath, ["-e", ""]).pid;
  const [old, mine] = ["0123456789abcdef", "fedcba9876543210"];
  const names = {
    gone: `.m.${gone}.${old}.tmp`,
    // this process's number, from before it started, as in a container
    before: `.m.${process.pid}.${old}.tmp`,
    running: `.m.${process.pid}.${mine}.tmp`,
    other: `.m.${process.ppid}.${old}.tmp`,
    otherFile: `.n.${gone}.${old}.tmp`,
    longer: `.m.n.${gone}.${old}.tmp`,
    foreign: `.m.${gone}.tmp`,
  };
  for (const name of Object.values(names)) writeFileSync(join(here, name), "half");
  utimesSync(join(here, names.before), 1, 1);
  const callback = checkpoint({ path: join(here, "m"), model: counting() });
  run(callback, 1, 1);
  await callback.flush();
  const { running, other, otherFile, longer, foreign } = names;
  const kept = ["m", running, other, otherFile, longer, foreign].sort();
  expect(readdirSync(here).sort()).toEqual(kept);
  // so does whatever else writes it
  for (const write of [
    () => saveModel(counting(), join(here, "m")),
    () => writeFileAtomic(join(here, "m"), Uint8Array.of(1)),
  ]) {
    writeFileSync(join(here, names.gone), "half");
    await write();
    expect(readdirSync(here).sort()).toEqual(kept);
  }
});
