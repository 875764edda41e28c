// Resuming in other ways than from a file that fit left: from callbacks, by steps, on threads, in a worker, in a new process, out of
// a window, one batch after the other.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import type { LayerSpec } from "../../src/base/spec.ts";
import { decodeSafetensors } from "../../src/io/decode.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { adam } from "../../src/train/adaptive.ts";
import type { Step } from "../../src/train/steps.ts";
import { blobSet } from "../support/blobs.ts";
import { coreOf } from "../support/core.ts";
import { crewed } from "../support/crew.ts";
import { refuses, thrown } from "../support/errors.ts";
import { memoriesRefused } from "../support/memories.ts";
import { abortingAt, expectBytes, expectSame } from "../support/resumed.ts";
import { data, full, how, inOneGo, layers, validation } from "../support/six-epochs.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const model = () => xent.sequential({ input: 6, seed: 9 }, layers);

const whole = await inOneGo(xent);

describe("a save in a callback", () => {
  it.each(["onEpochEnd", "onProgress"] as const)("%s, at any of its calls", async (name) => {
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => {
      now += 60;
      return now;
    });
    const files: Uint8Array[] = [];
    try {
      const m = model();
      const history = await m.fit(data, { ...full, callbacks: [{ [name]: () => files.push(m.save()) }] });
      expectSame({ file: m.save(), history }, whole);
    } finally {
      clock.mockRestore();
    }
    expect(files.length).toBe(name === "onEpochEnd" ? 6 : whole.history.steps);
    for (const [i, file] of files.entries()) {
      const m = await xent.load(file);
      const history = await m.fit(data, { ...full, resume: true });
      expectSame({ file: m.save(), history }, whole, `${name} ${i}`);
    }
  });

  it("of a paused run, while it waits", async () => {
    const m = model();
    let go = (): void => {};
    let paused = (): void => {};
    const reached = new Promise<void>((resolve) => {
      paused = resolve;
    });
    const wait = new Promise<void>((resolve) => {
      go = resolve;
    });
    const onEpochEnd = ({ epoch }: { epoch: number }): Promise<void> | undefined => {
      if (epoch !== 2) return undefined;
      paused();
      return wait;
    };
    const run = m.fit(data, { ...full, callbacks: [{ onEpochEnd }] });
    await reached;
    const file = m.save();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expectBytes(m.save(), file);
    await refuses(() => m.fit(data), "BUSY");
    await refuses(() => m.load(file), "BUSY");
    go();
    expectSame({ history: await run, file: m.save() }, whole);
    const loaded = await xent.load(file);
    expectSame({ history: await loaded.fit(data, { ...full, resume: true }), file: loaded.save() }, whole);
  });
});

describe("in the same process", () => {
  it("epoch by epoch", async () => {
    const m = model();
    for (let epoch = 1; epoch <= 6; epoch++) {
      const history = await m.fit(data, { ...full, stopAfterEpoch: epoch, resume: epoch > 1 });
      expect(history).toMatchObject({ epochs: epoch, stopped: epoch < 6 ? "signal" : "done" });
      if (epoch === 6) expectSame({ history, file: m.save() }, whole);
    }
  });

  it("predict, evaluate, gradients, plan and save between do not disturb it", async () => {
    const m = model();
    await m.fit(data, { ...full, signal: abortingAt(9) });
    const file = m.save();
    m.predict(data.x);
    await m.evaluate(validation, { metrics: ["f1"] });
    await m.confusionMatrix(data);
    m.gradients({ x: data.x, y: data.y });
    m.activations(validation.x);
    m.plan({ batchSize: 7 });
    expectBytes(m.save(), file);
    expectSame({ history: await m.fit(data, { ...full, resume: true }), file: m.save() }, whole);
  });

  it("more epochs than were asked for at first, where the schedule does not count them", async () => {
    const optimizer = adam({ lr: 0.02 });
    const long = model();
    const expected = await long.fit(data, how({ optimizer, epochs: 7 }));
    const m = model();
    expect((await m.fit(data, how({ optimizer, epochs: 3 }))).stopped).toBe("done");
    const loaded = await xent.load(m.save());
    const history = await loaded.fit(data, how({ optimizer, epochs: 7, resume: true }));
    expectSame({ history, file: loaded.save() }, { history: expected, file: long.save() });
  });

  it("a run that is done does nothing", async () => {
    const m = await xent.load(whole.file);
    expectSame({ history: await m.fit(data, { ...full, resume: true }), file: m.save() }, whole);
    await refuses(() => m.gradients(), "STATE", "no training step");
    // fewer epochs than were done
    const fewer = await m.fit(data, { ...full, epochs: 2, resume: true });
    expect(fewer).toEqual(whole.history);
  });

  it("a second fit, and a third that is resumed", async () => {
    const twice = async (stop: boolean) => {
      let m = model();
      await m.fit(data, full);
      const second = { ...full, epochs: 4 };
      if (!stop) return { history: await m.fit(data, second), file: m.save() };
      await m.fit(data, { ...second, signal: abortingAt(13) });
      m = await xent.load(m.save());
      return { history: await m.fit(data, { ...second, resume: true }), file: m.save() };
    };
    expectSame(await twice(true), await twice(false));
  });

  it("onEpochEnd tells the learning rate of the last step where only validation was left", async () => {
    const rates = async (signal?: AbortSignal): Promise<number[]> => {
      const m = model();
      const found: number[] = [];
      const callbacks = [{ onEpochEnd: ({ lr }: { lr: number }) => found.push(lr) }];
      let { stopped } = await m.fit(data, { ...full, callbacks, signal });
      while (stopped === "signal") ({ stopped } = await m.fit(data, { ...full, callbacks, resume: true }));
      return found;
    };
    const expected = await rates();
    expect(new Set(expected).size).toBe(6);
    for (let look = 3; look < 16; look++) expect(await rates(abortingAt(look))).toEqual(expected);
  });
});

describe("steps", () => {
  const options = { ...how(), epochs: 4 };
  const steps = async (parts: readonly number[], file: boolean) => {
    let m = model();
    const all: Step[] = [];
    let resume = false;
    for (const part of [...parts, Number.POSITIVE_INFINITY]) {
      let left = part;
      for await (const step of m.steps(data, { ...options, resume })) {
        all.push(step);
        if (--left === 0) break;
      }
      resume = true;
      if (file) m = await xent.load(m.save());
    }
    return { all, file: m.save() };
  };

  it.each([
    ["in the middle of an epoch", [3]],
    ["at the end of one", [7]],
    ["after each step of an epoch", [1, 1, 1, 1, 1, 1, 1, 1]],
    ["at its very end", [28]],
  ])("left %s", async (_, parts) => {
    const expected = await steps([], false);
    for (const file of [false, true]) {
      const got = await steps(parts, file);
      expect(got.all).toEqual(expected.all);
      expectBytes(got.file, expected.file);
    }
  });

  it("begun with, and gone on with by fit", async () => {
    const m = model();
    let left = 11;
    for await (const _ of m.steps(data, how())) if (--left === 0) break;
    const history = await m.fit(data, how({ resume: true }));
    const plain = model();
    expectSame({ history, file: m.save() }, { history: await plain.fit(data, how()), file: plain.save() });
  });
});

describe("elsewhere", () => {
  it("on one, two and three threads by turns", async () => {
    const { core: two, pool: pair } = await crewed("simd-threads", 2);
    const { core: three, pool: trio } = await crewed("simd-threads", 3);
    try {
      const on = (core: typeof two, file?: Uint8Array) => {
        const m = new Sequential(core, { input: 6, seed: 9 }, layers);
        return file === undefined ? Promise.resolve(m) : m.load(file).then(() => m);
      };
      const alone = coreOf("simd");
      const once = await on(alone);
      const history = await once.fit(data, full);
      let m = await on(two);
      await m.fit(data, { ...full, signal: abortingAt(8) });
      const cores = [three, alone, two];
      for (const [i, core] of cores.entries()) {
        m = await on(core, m.save());
        const signal = i < 2 ? abortingAt(8) : undefined;
        const part = await m.fit(data, { ...full, resume: true, signal });
        if (i === 2) expect(part).toEqual(history);
      }
      // the builds have two names, and give the same bits
      const [got, expected] = [m, once].map((each) => decodeSafetensors(each.save()));
      expect(got?.metadata.get("build")).toBe('"simd-threads"');
      got?.metadata.set("build", '"simd"');
      expect(got).toEqual(expected);
    } finally {
      pair.end("over");
      trio.end("over");
    }
  });

  it("in a worker, and back", async () => {
    const far = await hosted();
    try {
      const m = await far.sequential({ input: 6, seed: 9 }, layers);
      await m.fit(data, { ...full, stopAfterEpoch: 2 });
      const near = await xent.load(await m.save());
      await near.fit(data, { ...full, resume: true, signal: abortingAt(12) });
      const back = await far.load(near.save());
      const history = await back.fit(data, { ...full, resume: true });
      expectSame({ history, file: await back.save() }, whole);
      // into the first, which stands elsewhere
      await m.load(whole.file);
      expectBytes(await m.save(), whole.file);
      await refuses(() => far.load(whole.file.subarray(0, 100)), "CHECKPOINT");
    } finally {
      await far.dispose();
    }
  });

  const folder = mkdtempSync(join(tmpdir(), "xent-resume-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("in a new process, from the middle of an epoch", async () => {
    // of a build that both can run: Node 20 takes the other for a flag alone
    const strict = await init({ precision: "strict" });
    const made = () => strict.sequential({ input: 6, seed: 9 }, layers);
    const [one, m] = [made(), made()];
    const expected = { history: await one.fit(data, full), file: one.save() };
    const part = await m.fit(data, { ...full, signal: abortingAt(14) });
    expect(part.stopped).toBe("signal");
    expect(part.steps % 7).not.toBe(0);
    const [from, to] = [join(folder, "half"), join(folder, "whole")];
    writeFileSync(from, m.save());
    const dist = new URL("../../dist/index.js", import.meta.url).href;
    const set = (of: typeof data): string =>
      `dataset({ x: Float32Array.of(${of.x}), y: [${of.y}], features: 6 })`;
    const code = `
      import { readFileSync, writeFileSync } from "node:fs";
      import { adamw, cosine, crossEntropy, dataset, init } from ${JSON.stringify(dist)};
      const model = await (await init({ precision: "strict" })).load(readFileSync(${JSON.stringify(from)}));
      const history = await model.fit(${set(data)}, {
        loss: crossEntropy(), optimizer: adamw({ lr: 0.02, schedule: cosine({ min: 0.001 }) }), epochs: 6, batchSize: 16,
        validation: ${set(validation)}, metrics: ["accuracy", "f1"], resume: true,
      });
      writeFileSync(${JSON.stringify(to)}, model.save());
      console.log(JSON.stringify(history));
      process.exit(0);`;
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
    const history = JSON.parse(printed) as typeof whole.history;
    expectSame({ history, file: readFileSync(to) }, expected);
  });

  it("another build may go on, and the file names its own", async () => {
    const on = (build: "simd" | "relaxed") => new Sequential(coreOf(build), { input: 6, seed: 9 }, layers);
    const first = on("simd");
    await first.fit(data, { ...full, stopAfterEpoch: 3 });
    const second = on("relaxed");
    await second.load(first.save());
    const history = await second.fit(data, { ...full, resume: true });
    expect(history).toMatchObject({ epochs: 6, stopped: "done" });
    const text = (file: Uint8Array) => Buffer.from(file).toString("latin1");
    expect(text(first.save())).toContain('"build":"\\"simd\\""');
    expect(text(second.save())).toContain('"build":"\\"relaxed\\""');
  });

  it("out of a window, when the host refuses the memory for the whole", async () => {
    const wide = blobSet(3, 4000, 64, 4, 1.2);
    const m = () => xent.sequential({ input: 64, seed: 2 }, [dense(8), relu(), dense(4)]);
    const options = how({ epochs: 2, batchSize: 100 });
    const plain = m();
    const expected = { history: await plain.fit(wide, options), file: plain.save() };
    const refused = await memoriesRefused(async () => {
      for (const look of [6, 24, 60]) {
        const part = m();
        expect((await part.fit(wide, { ...options, signal: abortingAt(look) })).stopped).toBe("signal");
        const loaded = await xent.load(part.save());
        const history = await loaded.fit(wide, { ...options, resume: true });
        expectSame({ history, file: loaded.save() }, expected);
      }
      // pages: the data alone take 16
    }, 12);
    expect(refused).toBeGreaterThan(2);
  });
});

describe("trainOnBatch", () => {
  const batch = (i: number) => ({
    x: data.x.subarray(i * 60, (i + 1) * 60) as Float32Array,
    y: data.y.subarray(i * 10, (i + 1) * 10) as Int32Array,
  });
  const options = { loss: crossEntropy(), optimizer: adam({ lr: 0.02 }) };
  const train = async (m: Sequential, from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i++) await m.trainOnBatch(batch(i).x, batch(i).y, options);
  };

  it("goes on with the optimiser's slots and counts: as fit without shuffling, and over a file", async () => {
    const small: readonly LayerSpec[] = [dense(9), relu(), dense(4)];
    const made = () => xent.sequential({ input: 6, seed: 9 }, small);
    const plain = made();
    await plain.fit(data, { ...options, batchSize: 10, shuffle: false, inspect: false });
    const one = made();
    await train(one, 0, 10);
    expect(weights(one)).toBe(weights(plain));
    const half = made();
    await train(half, 0, 4);
    const loaded = await xent.load(half.save());
    await train(loaded, 4, 10);
    expect(weights(loaded)).toBe(weights(plain));
    expectBytes(loaded.save(), one.save());
  });

  it("after a refused batch nothing has changed", async () => {
    const m = model();
    await train(m, 0, 3);
    const file = m.save();
    expect(
      await thrown(() => m.trainOnBatch(batch(0).x, new Int32Array(10).fill(9), options)),
    ).toBeInstanceOf(XentError);
    expectBytes(m.save(), file);
  });
});
