// wide: when V8's flag is set and when not, that the first init decides, and what happens when the flag does nothing. The
// flag is never really set here: `npm run hashes` and the bench run widened code.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OP_PACK, OP_SGEMM, TILE_5X8, TILE_6X8, TILE_6X16 } from "../../src/base/abi.ts";
import { view } from "../../src/program/record.ts";
import { blobSet } from "../support/blobs.ts";
import { coreOf, wasmBytes } from "../support/core.ts";
import { stubEngine } from "../support/engine.ts";
import { weights } from "../support/state.ts";

const FLAG = "--experimental-wasm-revectorize";
const setFlags = vi.fn();

/** A process of another engine, with our own `v8`. */
const engine = (node: string, more: object = {}): void => stubEngine(node, more, setFlags);
/** `init` of a process that has not called it yet. */
const fresh = async () => (await import("../../src/model/runtime.ts")).init;

beforeEach(() => {
  vi.resetModules();
  setFlags.mockClear();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock("../../src/model/speed.ts");
});

describe("the flag", () => {
  it.each([
    ["22.23.0", {}, "this is Node 22.23.0", "4x8"],
    ["23.4.0", {}, "this is Node 23.4.0", "4x8"],
    ["24.1.0", { arch: "arm64" }, "this is arm64 under linux", "6x8"],
    ["24.1.0", { platform: "darwin" }, "this is x64 under darwin", "6x8"],
    ["24.1.0", { versions: { node: "24.1.0", bun: "1.4.5" } }, "this is Bun 1.4.5", "6x8"],
    ["24.1.0", { versions: { node: "24.1.0", deno: "2.9.5" } }, "this is Deno 2.9.5", "6x8"],
    ["24.1.0", { versions: undefined }, "this is a page", "6x8"],
  ])("is not set on Node %s, %o", async (node, more, reason, tile) => {
    engine(node, more);
    const { info } = await (await fresh())({ wide: true });
    expect(setFlags).not.toHaveBeenCalled();
    expect(info).toMatchObject({ wide: false, tile });
    expect(info.reasons[2]).toMatch(/^wide: off, /);
    expect(info.reasons[2]).toContain(reason);
    // and again, where the first wish was not what decided
    expect((await (await fresh())({ wide: true })).info.reasons[2]).toBe(info.reasons[2]);
  });

  it.each(["23.5.0", "24.21.0", "26.10.0"])("is set on Node %s, once, and never unasked", async (node) => {
    engine(node);
    const init = await fresh();
    const { info } = await init({ wide: true });
    expect(setFlags.mock.calls).toEqual([[FLAG]]);
    expect(info).toMatchObject({ wide: true, tile: "6x16" });
    expect((await init({ wide: true, precision: "strict" })).info).toMatchObject({
      wide: true,
      tile: "5x16",
    });
    expect(setFlags).toHaveBeenCalledTimes(1);

    vi.resetModules();
    expect((await (await fresh())()).info.wide).toBe(false);
    expect(setFlags).toHaveBeenCalledTimes(1);
  });

  it("is known when Node was started with it", async () => {
    engine("24.21.0", { execArgv: [FLAG] });
    const { info } = await (await fresh())();
    expect(info).toMatchObject({ wide: true, tile: "6x16" });
    expect(info.reasons[2]).toBe("wide: on, Node was started with the flag");
    expect(setFlags).not.toHaveBeenCalled();
  });
});

describe("the first init decides", () => {
  it("and a later wish is told the state", async () => {
    engine("24.21.0");
    const init = await fresh();
    await init();
    const { info } = await init({ wide: true });
    expect(info.wide).toBe(false);
    expect(info.reasons[2]).toBe(
      "wide: off, by the first init of this process; to have it otherwise, start another process",
    );
    expect(setFlags).not.toHaveBeenCalled();
  });

  it("even if it is not awaited, and has a module to compile", async () => {
    engine("24.21.0");
    const init = await fresh();
    const [first, second] = await Promise.all([init({ wide: true, wasm: wasmBytes("relaxed") }), init()]);
    expect(first.info.wide).toBe(true);
    expect(second.info.wide).toBe(true);
    expect(second.info.reasons[2]).toBe(
      "wide: on, by the first init of this process; to have it otherwise, start another process",
    );
  });
});

/** A runtime that asked for `wide` in vain, and does not know yet; and a model of it. */
async function inVain() {
  engine("24.21.0");
  const init = await fresh();
  const { dense, relu, crossEntropy, sgd } = await import("../../src/index.ts");
  const xent = await init({ wide: true });
  const learn = { input: 64, loss: crossEntropy(), optimizer: sgd({ lr: 0.01 }) };
  const model = xent.sequential(learn, [dense(64), relu(), dense(4)]);
  const blobs = blobSet(4, 2000, 64, 4);
  const { dataset } = await import("../../src/data/dataset.ts");
  const data = dataset({ x: blobs.x, y: blobs.y, features: 64 });
  return { init, xent, model, x: blobs.x as Float32Array, y: blobs.y, data };
}

/** What finds `wide` out, beside `fit`. */
const WORK: [string, (own: Awaited<ReturnType<typeof inVain>>) => unknown][] = [
  ["sgemm", ({ xent, x }) => xent.sgemm({ m: 64, n: 64, k: 64, a: x, b: x, c: new Float32Array(4096) })],
  ["predict", ({ model, x }) => model.predict(x)],
  ["predictClass", ({ model, x }) => model.predictClass(x)],
  ["evaluate", ({ model, data }) => model.evaluate(data)],
  [
    "steps",
    async ({ model, data }) => {
      for await (const { rows } of model.steps(data, { batchSize: 1000 })) expect(rows).toBe(1000);
    },
  ],
  ["trainOnBatch", ({ model, x, y }) => model.trainOnBatch(x, y)],
];

/** It is not known yet whether the flag does anything. */
const open = ({ info }: { readonly info: { readonly reasons: readonly string[] } }): boolean =>
  info.reasons[2]?.includes("to be confirmed") === true;

/** As fast as tiles are where nothing is widened: what a machine with neighbours measures may say otherwise. */
function narrowSpeeds(): void {
  vi.doMock(import("../../src/model/speed.ts"), async (original) => ({
    ...(await original()),
    tileSpeeds: (_, tiles) => tiles.map((tile) => (tile === TILE_6X16 ? 30 : 50)),
  }));
}

describe("a flag that does nothing", () => {
  beforeEach(narrowSpeeds);

  it.each(WORK)("is found out by %s", async (_, work) => {
    const own = await inVain();
    expect(own.xent.info.reasons[2]).toBe("wide: on, to be confirmed after 200 ms of work");
    while (open(own.xent)) await work(own);
    expect(own.xent.info).toMatchObject({ wide: false, tile: "6x8" });
    // a program of before, whichever model's
    const { networkOf } = await import("../../src/model/sequential.ts");
    const { program } = networkOf(own.model).chunk();
    const products = program.drafts
      .map((__, i) => view(program.words, i))
      .filter(({ op }) => op === OP_SGEMM);
    expect(products.map(({ d }) => d[3])).toEqual(products.map(() => TILE_6X8));
    expect(products.length).toBeGreaterThan(1);
  });

  it("is counted in work alone", async () => {
    const { xent, model, data } = await inVain();
    for await (const { step } of model.steps(data, { batchSize: 500 })) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (step === 3) break;
    }
    expect(xent.info.reasons[2]).toBe("wide: on, to be confirmed after 200 ms of work");
  });

  it("leaves a tile alone that was measured and is no wide one", async () => {
    engine("24.21.0");
    const xent = await (await fresh())({ wide: true, tune: true });
    const { tile } = xent.info;
    expect(tile).toMatch(/x8$/);
    const c = new Float32Array(4096);
    while (open(xent)) xent.sgemm({ m: 64, n: 64, k: 64, a: c, b: c.slice(), c: new Float32Array(4096) });
    expect(xent.info).toMatchObject({ wide: false, tile });
    expect(xent.info.reasons[1]).toMatch(/measured/);
  });

  it("that made wrong code ends all training, and the weights are still to be had", async () => {
    let tests = 0;
    vi.doMock("../../src/model/selftest.ts", () => ({
      selfTest: () => ({
        problem: tests++ === 0 ? undefined : "element (0, 0) is 1, expected 2",
        fused: true,
      }),
    }));
    const { xent, model, x, y } = await inVain();
    vi.doUnmock("../../src/model/selftest.ts");
    const train = async (): Promise<unknown> => {
      for (let i = 0; i < 1e5; i++) await model.trainOnBatch(x, y);
      return "trained on";
    };
    const wrong = {
      code: "UNSUPPORTED",
      message: expect.stringContaining("element (0, 0) is 1, expected 2"),
    };
    await expect(train()).rejects.toMatchObject(wrong);
    await expect(train()).rejects.toMatchObject(wrong);
    expect(() => xent.sgemm({ m: 1, n: 1, k: 1, a: x, b: x, c: new Float32Array(1) })).toThrow("expected 2");
    expect(xent.info.reasons[2]).toContain("the code that V8 made of it is wrong");
    expect(Object.keys(model.stateDict())).toHaveLength(4);
  });

  it("is found out after 200 ms of work, and the model goes on with the narrow tile", async () => {
    const { init, xent, model, data } = await inVain();
    const controller = new AbortController();
    const onProgress = (): void => {
      if (!open(xent)) controller.abort();
    };
    await model.fit(data, { epochs: 1e5, signal: controller.signal, callbacks: [{ onProgress }] });
    const { info } = xent;
    expect(info).toMatchObject({ wide: false, tile: "6x8" });
    expect(info.reasons[1]).toBe("tile: 6x8, by rule for relaxed");
    expect(info.reasons[2]).toMatch(
      /^wide: off, V8 does not widen the code here: 6x16 \d+, 6x8 \d+ GFLOP\/s$/,
    );
    const again = (await init({ wide: true })).info;
    expect(again).toMatchObject({ wide: false, tile: "6x8" });
    expect(again.reasons[2]).toBe(info.reasons[2]);
  }, 60_000);
});

describe("another tile for programs in memory", () => {
  it("gives the same weights, in training and in evaluation", async () => {
    const { Sequential, networkOf } = await import("../../src/model/sequential.ts");
    const { dense, relu, crossEntropy, sgd } = await import("../../src/index.ts");
    const { dataset } = await import("../../src/data/dataset.ts");
    const blobs = blobSet(5, 90, 20, 4);
    const data = dataset({ x: blobs.x, y: blobs.y, features: 20 });
    const learn = { input: 20, seed: 3, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
    const run = async (tile: number, then: number): Promise<string> => {
      const core = coreOf("simd", tile);
      const model = new Sequential(core, learn, [dense(33), relu(), dense(4)]);
      await model.fit(data, { epochs: 2, batchSize: 16 });
      core.tile = then;
      networkOf(model).settle();
      const { trained } = networkOf(model);
      for (const program of [trained.program, networkOf(model).chunk().program]) {
        for (let i = 0; i < program.drafts.length; i++) {
          const { op, d } = view(program.words, i);
          if (op === OP_SGEMM) expect(d[3]).toBe(then);
          if (op === OP_PACK) expect(d[2]).toBe(then & 255);
        }
      }
      await model.fit(data, { epochs: 2, batchSize: 16 });
      return weights(model) + String(model.predict(data.x));
    };
    const one = await run(TILE_5X8, TILE_5X8);
    expect(await run(TILE_6X16, TILE_5X8)).toBe(one);
  });
});
