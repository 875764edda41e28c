// A loss in JavaScript on several threads: the same bits in every build on any number of them, whatever is shared; and a thread
// that is late on either side of it, with other calls in between.

import { afterEach, describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import type { LossSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import { networkOf, Sequential } from "../../src/model/sequential.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { mse } from "../../src/nn/losses.ts";
import type { Program } from "../../src/program/program.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { floats } from "../oracle/data.ts";
import { coreOf } from "../support/core.ts";
import { type Crewed, crewed } from "../support/crew.ts";
import { logCosh, softmaxLoss, squares } from "../support/custom-losses.ts";
import { thrown } from "../support/errors.ts";

const pools: Crewed["pool"][] = [];
async function coreWith(build: "debug" | "simd" | "relaxed", threads: number, worth?: object): Promise<Core> {
  if (threads === 1) return coreOf(build);
  const { core, pool } = await crewed(`${build}-threads`, threads, undefined, worth);
  pools.push(pool);
  return core;
}
afterEach(() => {
  for (const pool of pools.splice(0)) pool.scrap();
});

const [ROWS, INPUT, OUTPUTS] = [300, 41, 7];
const x = floats(1, ROWS * INPUT, -1, 1);
const y = floats(2, ROWS * OUTPUTS, 0, 1);
const weight = Float32Array.from({ length: ROWS }, (_, i) => i % 3);
const data = dataset({ x, y, features: INPUT, weight });
const options = { optimizer: sgd({ lr: 0.05 }), batchSize: 32 };
const modelOn = (core: Core): Sequential =>
  new Sequential(core, { input: INPUT, seed: 3 }, [dense(64), relu(), dense(48), relu(), dense(OUTPUTS)]);

/** What a model says in the course of some training, to the bit. */
async function everything(core: Core): Promise<unknown> {
  const said: unknown[] = [];
  for (const loss of [squares(), logCosh({ reduction: "mean" }), softmaxLoss()]) {
    const m = modelOn(core);
    said.push(await m.fit(data, { ...options, loss, epochs: 3, validation: data }));
    for await (const step of m.steps(data, options)) said.push(step);
    said.push(await m.trainOnBatch(x, y, { weight }), m.gradients({ x, y }), await m.evaluate(data));
    said.push(m.predict(x), m.stateDict());
  }
  return said;
}

describe.each(["debug", "simd", "relaxed"] as const)("%s", (build) => {
  it("gives the same bits on 1, 2 and 3 threads, whatever is shared", async () => {
    const expected = await everything(await coreWith(build, 1));
    for (const [threads, worth] of [
      [2, undefined],
      [3, undefined],
      [2, { runNs: 20_000, recordNs: 2_000 }],
    ] as const) {
      expect(await everything(await coreWith(build, threads, worth))).toEqual(expected);
    }
  });
});

it("every thread does its part on both sides of the loss", async () => {
  const tiles = async (loss: LossSpec): Promise<number[]> => {
    const m = modelOn(await coreWith("simd", 3));
    await m.fit(data, { ...options, loss });
    const { hyper } = networkOf(m).trained.program;
    return [0, 1, 2].map((t) => hyper.getUint32(abi.CREW_TILES + 64 * t, true));
  };
  const counts = await tiles(squares());
  expect(counts).toEqual(await tiles(mse()));
  for (const count of counts) expect(count).toBeGreaterThan(0);
});

/** Makes the last thread wait in record i; returns what lets it go on. */
function waitIn({ memory, hyper, words }: Program, i: number): () => void {
  const all = new Int32Array(memory);
  let start = abi.ARENA_BASE / 4;
  while (!words.every((word, k) => all[start + k] === word)) start += 16;
  const flags = start + (i * abi.RECORD_BYTES + abi.RECORD_FLAGS) / 4;
  const gate = (hyper.byteOffset + abi.HYPER_GATE) / 4;
  const before = all[flags] as number;
  Atomics.store(all, gate, 0);
  all[flags] = before | abi.FLAG_SPIN;
  return () => {
    all[flags] = before;
    Atomics.store(all, gate, 1);
  };
}

describe("of two threads the other is late", () => {
  /** A record of the forward pass, and one of the backward pass. */
  const SIDES = [
    ["before", 2],
    ["behind", -3],
  ] as const;
  const recordOf = ({ drafts }: Program, at: number): number => (at < 0 ? drafts.length + at : at);

  it.each(SIDES)("%s the loss: the event loop turns, and the run goes on to the same bits", async (_, at) => {
    const m = modelOn(await coreWith("debug", 2));
    const loss = logCosh();
    let late = 0;
    for await (const { step } of m.steps(data, { ...options, loss, epochs: 2 })) {
      if (step % 7 !== 3) continue;
      late++;
      const { program } = networkOf(m).trained;
      setTimeout(waitIn(program, recordOf(program, at)), 250);
    }
    expect(late).toBeGreaterThan(1);
    const alone = modelOn(coreOf("debug"));
    await alone.fit(data, { ...options, loss, epochs: 2 });
    expect(m.stateDict()).toEqual(alone.stateDict());
  });

  it.each(SIDES)(
    "%s it, and other calls come in between: they have the whole run finished",
    async (_, at) => {
      const m = modelOn(await coreWith("debug", 2));
      const loss = logCosh();
      await m.evaluate(data, { loss });
      let seen = 0;
      for await (const { step } of m.steps(data, { ...options, loss, epochs: 2 })) {
        if (step % 6 !== 2) continue;
        const { program } = networkOf(m).trained;
        const open = waitIn(program, recordOf(program, at));
        setTimeout(() => {
          open();
          seen += m.predict(x).length;
        }, 250);
      }
      expect(seen).toBeGreaterThan(x.length / INPUT);
      const alone = modelOn(coreOf("debug"));
      await alone.fit(data, { ...options, loss, epochs: 2 });
      expect(m.stateDict()).toEqual(alone.stateDict());
    },
  );

  it("and what the loss throws while another call has the run finished goes to the call that it belongs to", async () => {
    const m = modelOn(await coreWith("debug", 2));
    const right = squares();
    let armed = false;
    const error = new Error("of the user's own");
    const loss = squares({
      loss(output, target) {
        if (armed) throw error;
        return right.loss(output, target);
      },
    });
    await m.evaluate(data, { loss });
    let before: unknown;
    let predicted: Float32Array | undefined;
    const run = async (): Promise<void> => {
      for await (const { step } of m.steps(data, { ...options, loss, epochs: 2 })) {
        if (step !== 4) continue;
        before = m.stateDict();
        const open = waitIn(networkOf(m).trained.program, 2);
        armed = true;
        setTimeout(() => {
          open();
          predicted = m.predict(x);
        }, 250);
      }
    };
    expect(await thrown(run)).toBe(error);
    expect(predicted).toEqual(m.predict(x));
    expect(m.stateDict()).toEqual(before);
    armed = false;
    await m.fit(data, { ...options, loss });
  });
});
