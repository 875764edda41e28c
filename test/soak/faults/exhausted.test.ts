// A host that has no more memory: each request of each call is refused once, and once with all that follow it. The call goes on without, or
// says so; the model is what it was, and the same call afterwards gives the bits of a run that nothing befell. Whether a process really
// lives on at its limit is the engine's affair: V8 ends itself where its own heap is full.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { XentError } from "../../../src/base/errors.ts";
import * as formats from "../../../src/data.ts";
import * as nn from "../../../src/index.ts";
import { exportModule } from "../../../src/module.ts";
import { exportOnnx } from "../../../src/onnx.ts";
import { blobs } from "../../support/blobs.ts";
import { thrown } from "../../support/errors.ts";
import { refusing, watch, workerFile } from "../../support/exhaust.ts";
import { expectBytes } from "../../support/resumed.ts";
import { times } from "../counts.ts";

/** A call on a model that is made anew each time; of `hosted` scenarios it lives in a worker, which counts along. */
interface Scenario {
  readonly name: string;
  readonly from?: "nothing" | "new" | "trained" | "hosted";
  readonly call: (model: nn.Sequential) => unknown;
  /** a fit that may fail after some of its steps: the model is then what they made of it */
  readonly between?: true;
  /** a part of the short form */
  readonly short?: true;
}

const [FEATURES, CLASSES, ROWS] = [12, 3, 600];
const layers = [nn.dense(24), nn.batchNorm1d(), nn.relu(), nn.dense(CLASSES)];
const { x, y } = blobs(1, ROWS, FEATURES, CLASSES);
const csv = ["a,b,c", ...Array.from({ length: 400 }, (_, i) => `${i},${i % 7},k${i % 3}`)].join("\n");
const idx = gzipSync(Uint8Array.from([0, 0, 8, 1, 0, 0, 8, 0, ...new Uint8Array(2048)]));
const npy = formats.writeNpy({ shape: [ROWS], data: new Float64Array(ROWS) });
const doubles = formats.writeSafetensors({ "0.weight": { shape: [ROWS], data: new Float64Array(ROWS) } });
const options = { loss: nn.crossEntropy(), optimizer: nn.adam({ lr: 0.01 }), batchSize: 50, epochs: 2 };
const other = { ...options, optimizer: nn.rmsprop({ lr: 0.01 }), batchSize: 40 };
const data = (): nn.Dataset => nn.dataset({ x, y, features: FEATURES });
const bytes = (): nn.Dataset => nn.dataset({ x: Uint8Array.from(y, (id) => id), y, features: 1 });

let folder = "";
let worker: URL;
let xent: nn.Xent;
let saved: Uint8Array;
beforeAll(async () => {
  watch();
  folder = mkdtempSync(join(tmpdir(), "xent-exhausted-"));
  worker = pathToFileURL(workerFile(folder, new URL("../../../dist/worker.js", import.meta.url)));
  xent = await nn.init({ threads: 1 });
  const model = fresh();
  await model.fit(data(), options);
  saved = model.save();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fresh = (): nn.Sequential => xent.sequential({ input: FEATURES, seed: 4 }, layers);
const validated = () => ({
  ...options,
  validation: data(),
  metrics: ["accuracy", "rocAuc", "f1"] as const,
  callbacks: [nn.earlyStopping({ patience: 3 })],
});

async function losses(steps: AsyncIterable<nn.Step>): Promise<number[]> {
  const all: number[] = [];
  for await (const { loss } of steps) all.push(loss);
  return all;
}

/** A runtime with two threads, both of which have work to do. */
async function withThreads(): Promise<unknown> {
  const two = await nn.init({ threads: 2, precision: "strict", worker });
  try {
    const model = two.sequential({ input: FEATURES, seed: 4 }, [nn.dense(512), nn.relu(), nn.dense(CLASSES)]);
    await model.fit(data(), { ...options, batchSize: 200, epochs: 1 });
    return model.predict(x);
  } finally {
    two.dispose();
  }
}

const scenarios: readonly Scenario[] = [
  {
    name: "init",
    from: "nothing",
    call: async () => (await nn.init({ threads: 1, precision: "strict" })).info.build,
  },
  { name: "init and fit with two threads", from: "nothing", call: withThreads, short: true },
  { name: "sequential", from: "nothing", call: () => fresh().save() },
  { name: "fit", from: "new", call: (model) => model.fit(data(), options), short: true },
  {
    name: "fit of bytes",
    from: "nothing",
    call: () => xent.sequential({ input: 1 }, layers).fit(bytes(), options),
  },
  { name: "fit, trained", call: (model) => model.fit(data(), { ...options, batchSize: 300 }), short: true },
  { name: "fit, another optimiser", call: (model) => model.fit(data(), other), short: true },
  {
    name: "fit, validated",
    from: "new",
    call: (model) => model.fit(data(), validated()),
    between: true,
    short: true,
  },
  { name: "fit, resumed", call: (model) => model.fit(data(), { ...options, epochs: 4, resume: true }) },
  { name: "fit, hosted", from: "hosted", call: (model) => model.fit(data(), options), short: true },
  { name: "steps", from: "new", call: (model) => losses(model.steps(data(), options)) },
  { name: "trainOnBatch", call: (model) => model.trainOnBatch(x, y), short: true },
  { name: "evaluate", call: (model) => model.evaluate(data(), { metrics: ["f1"] }) },
  { name: "confusionMatrix", call: (model) => model.confusionMatrix(data()) },
  { name: "predict", call: (model) => model.predict(x) },
  { name: "predict, hosted", from: "hosted", call: (model) => model.predict(x) },
  { name: "predictClass", call: (model) => model.predictClass(x) },
  { name: "logits", from: "new", call: (model) => model.logits(x) },
  { name: "gradients", call: (model) => model.gradients({ x, y }), short: true },
  { name: "activations", call: (model) => model.activations(x) },
  { name: "save", call: (model) => model.save() },
  { name: "load", from: "new", call: (model) => model.load(saved), short: true },
  {
    name: "xent.load, gzipped",
    from: "nothing",
    call: async () => (await xent.load(gzipSync(saved))).save(),
  },
  { name: "loadStateDict", from: "new", call: (model) => model.loadStateDict(formats.readStateDict(saved)) },
  { name: "gradCheck", call: (model) => nn.gradCheck(model, { x: x.subarray(0, 60), y: y.subarray(0, 5) }) },
  { name: "exportOnnx", call: (model) => exportOnnx(model) },
  { name: "exportModule", call: (model) => exportModule(model) },
  { name: "alloc and sgemm", from: "nothing", call: product },
  { name: "dataset of rows", from: "nothing", call: () => nn.dataset({ x: rowsOf(x), y: [...y] }) },
  { name: "split", from: "nothing", call: () => nn.split(data(), { validation: 0.2, seed: 1 }) },
  { name: "readCsv", from: "nothing", call: () => formats.readCsv(csv) },
  { name: "preprocess", from: "nothing", call: prepared },
  { name: "readNpy", from: "nothing", call: () => formats.readNpy(npy.slice()) },
  { name: "readIdx", from: "nothing", call: () => formats.readIdx(idx) },
  { name: "readSafetensors", from: "nothing", call: () => formats.readSafetensors(saved.slice()) },
  { name: "readStateDict", from: "nothing", call: () => formats.readStateDict(doubles) },
];

function product(): Float32Array {
  const [a, b, c] = xent.alloc([1200, 900, 1200]) as [Float32Array, Float32Array, Float32Array];
  a.set(x.subarray(0, 1200));
  b.set(x.subarray(0, 900));
  xent.sgemm({ m: 40, n: 30, k: 30, a, b, c });
  const apart = { a: x.subarray(0, 1200), b: x.subarray(0, 900), c: new Float32Array(1200) };
  expect(xent.sgemm({ m: 40, n: 30, k: 30, ...apart })).toEqual(c);
  return c.slice();
}

const rowsOf = (all: Float32Array): number[][] =>
  Array.from({ length: ROWS }, (_, i) => [...all.subarray(i * FEATURES, (i + 1) * FEATURES)]);

async function prepared(): Promise<unknown> {
  const table = await formats.readCsv(csv);
  return formats.preprocess(table, { target: "c" }).dataset(table).x;
}

const full = times("refusals") === 2;
it.each(scenarios.filter(({ short }) => full || short))("$name", async (scenario) => {
  const { requests, errors, wentOn } = await tried(scenario);
  expect(requests, "there was nothing to refuse").toBeGreaterThan(0);
  console.log(`${scenario.name}: ${requests} requests refused, ${errors} errors, went on ${wentOn} times`);
});

/** Refuses each request of a call in its turn, until it has none that is left. */
async function tried({ name, from = "trained", call, between }: Scenario) {
  const counts = { requests: 0, errors: 0, wentOn: 0 };
  const undisturbed = await attempt(from, async (model) => [plain(await call(model)), await model?.save()]);
  for (const on of full ? [false, true] : [false]) {
    let ended = false;
    for (let at = 1; !ended; at++) {
      const where = `${name}: request ${at}${on ? " and all behind" : ""}`;
      await attempt(from, async (model) => {
        const before = await model?.save();
        const { value, error, asked } = await refusing(at, on, () => call(model));
        ended = asked < at;
        counts.requests += ended ? 0 : 1;
        if (error === undefined) {
          counts.wentOn += ended ? 0 : 1;
          expect([plain(value), await model?.save()], where).toEqual(undisturbed);
          return;
        }
        counts.errors++;
        expect(isTold(error), `${where}: ${(error as Error).stack}`).toBe(true);
        if (model === undefined) return;
        const after = await model.save();
        if (between && Buffer.compare(after, before as Uint8Array) !== 0) {
          // at the end of a step: here and from its file the run goes on to where it would have come, or is told to be over
          for (const one of [model, await xent.load(after)]) {
            expectBytes(one.save(), after, where);
            let history: unknown;
            const over = await thrown(async () => {
              history = plain(await one.fit(data(), { ...validated(), resume: true }));
            });
            if (over === undefined) expect([history, one.save()], where).toEqual(undisturbed);
            else expect((over as Error).message, where).toContain("it ended with an error");
          }
          return;
        }
        expectBytes(after, before as Uint8Array, where);
        expect([plain(await call(model)), await model.save()], where).toEqual(undisturbed);
      });
      expect(at, where).toBeLessThan(200);
    }
  }
  return counts;
}

/** Gives a model to `work`, and lets go of it. */
async function attempt<T>(from: Scenario["from"], work: (model: nn.Sequential) => Promise<T>): Promise<T> {
  if (from === "nothing") return work(undefined as never);
  if (from === "new") return work(fresh());
  if (from === "trained") return work(await xent.load(saved));
  const there = await nn.hosted({ threads: 1, worker });
  try {
    return await work((await there.load(saved)) as unknown as nn.Sequential);
  } finally {
    there.dispose();
  }
}

/** What a user is told: MEMORY, that a thread is lost for it, or what the engine says of an array. */
function isTold(error: unknown): boolean {
  if (error instanceof XentError) {
    // the self-test of the only build has met it; where there is another, that is taken
    const early = error.code === "UNSUPPORTED" && /memory|allocat/.test(error.message);
    return error.code === "MEMORY" || error.code === "WORKER_LOST" || early;
  }
  // from a worker it comes as an Error of that name
  return (error as Error).name === "RangeError" && /allocation failed/.test((error as Error).message);
}

/** Without what a clock says. */
function plain(value: unknown): unknown {
  const { seconds: _, ...rest } = Object(value) as { seconds?: unknown };
  return typeof value === "object" && value !== null && "seconds" in value ? rest : value;
}
