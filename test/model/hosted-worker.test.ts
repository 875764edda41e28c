// The worker of a hosted runtime: when it ends, when it keeps a process alive, and what calls hear when it is lost.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import type { Worker } from "node:worker_threads";
import { describe, expect, it, vi } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import type { HostedSequential, HostedXent } from "../../src/model/hosted.ts";
import { host } from "../../src/model/hosting.ts";
import { Line } from "../../src/model/line.ts";
import { failureOf } from "../../src/model/messages.ts";
import { hosted } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { compileBuild } from "../../src/wasm/builds.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { ended, workersMade } from "../support/workers.ts";

const train = blobSet(1, 150, 6, 4);
const known = { input: 6, seed: 7, loss: crossEntropy(), optimizer: sgd({ lr: 0.2 }) };
const layers = [dense(9), relu(), dense(4)];
/** Longer than any test takes. */
const FOREVER = 10_000_000;

/** A runtime with a model, and their worker. */
async function withWorker(): Promise<{ xent: HostedXent; model: HostedSequential; worker: Worker }> {
  let xent: HostedXent | undefined;
  const [worker] = await workersMade(async () => {
    xent = await hosted();
  });
  if (xent === undefined || worker === undefined) throw new Error("no worker was started");
  return { xent, model: await xent.sequential(known, layers), worker };
}

/** Calls under way and later ones, all of which are to be refused. */
const calls: [string, (xent: HostedXent, model: HostedSequential) => Promise<unknown>][] = [
  ["fit", (_, model) => model.fit(train)],
  ["steps", (_, model) => model.steps(train).next()],
  ["predict", (_, model) => model.predict(train.x)],
  ["stateDict", (_, model) => model.stateDict()],
  ["sequential", (xent) => xent.sequential(known, layers)],
  [
    "sgemm",
    (xent) =>
      xent.sgemm({
        m: 1,
        n: 1,
        k: 1,
        a: train.x as Float32Array,
        b: train.x as Float32Array,
        c: new Float32Array(1),
      }),
  ],
  ["alloc", (xent) => xent.alloc([4])],
];

describe("dispose", () => {
  it("ends the worker, and calls under way and later ones reject with DISPOSED", async () => {
    const { xent, model, worker } = await withWorker();
    const pending = [
      model.fit(train, { epochs: FOREVER }),
      model.predict(train.x),
      xent.sequential(known, layers),
    ].map((call) => thrown(() => call));
    const steps = (await xent.sequential(known, layers)).steps(train, { epochs: FOREVER });
    await steps.next();
    await xent.dispose();
    const errors = (await Promise.all(pending)) as Any[];
    expect(errors[0]).toMatchObject({ name: "XentError", code: "DISPOSED" });
    expect(errors[0].message).toContain("fit: the hosted runtime was disposed");
    await ended(worker);
    for (const [name, call] of calls) {
      await refuses(() => call(xent, model), "DISPOSED", `${name}: the hosted runtime was disposed`);
    }
    await refuses(() => steps.next(), "DISPOSED");
    // there is nothing left to let go of
    await xent.dispose();
    await model.dispose();
    expect([model.input, xent.info.threads]).toEqual([6, Math.min(64, availableParallelism())]);
  });

  it("in a callback, while the worker waits for it", async () => {
    const { xent, model, worker } = await withWorker();
    const callbacks = [{ onEpochEnd: () => void xent.dispose() }];
    await refuses(() => model.fit(train, { epochs: FOREVER, callbacks }), "DISPOSED");
    await ended(worker);
  });

  it("of a model leaves the others", async () => {
    const { xent, model } = await withWorker();
    const other = await xent.sequential(known, layers);
    const fit = model.fit(train, { epochs: FOREVER });
    await Promise.all([refuses(() => fit, "DISPOSED", "fit: the model was disposed"), model.dispose()]);
    await other.fit(train);
    await xent.dispose();
  });
});

describe("a worker that is lost", () => {
  it("in the midst of a fit: WORKER_LOST, now and later", async () => {
    const { xent, model, worker } = await withWorker();
    let progress = (): void => {};
    const told = new Promise<void>((resolve) => {
      progress = resolve;
    });
    const fit = model.fit(train, { epochs: FOREVER, callbacks: [{ onProgress: progress }] });
    await told;
    const pending = [fit, model.evaluate(train), xent.sequential(known, layers)];
    const refused = pending.map((call) => refuses(() => call, "WORKER_LOST", "ended", "code 1", "hosted()"));
    await worker.terminate();
    await Promise.all(refused);
    for (const [name, call] of calls) await refuses(() => call(xent, model), "WORKER_LOST", name, "code 1");
    await xent.dispose();
  });

  it("by an error of its own", async () => {
    const { xent, model, worker } = await withWorker();
    worker.postMessage(null);
    await refuses(() => model.fit(train, { epochs: FOREVER }), "WORKER_LOST", "fit", "null");
    await refuses(() => xent.sequential(known, layers), "WORKER_LOST");
  });

  it.each([
    ["no such file", new URL("file:///there/is/no/such/worker.js"), "Cannot find module"],
    ["a file that throws", new URL('data:text/javascript,throw new Error("on its way")'), "on its way"],
    ["a file that ends", new URL("data:text/javascript,"), "code 0"],
    ["a file that no worker can be made of", new URL("https://localhost/worker.js"), "URL"],
  ])("before it has begun: %s", async (_, file, words) => {
    await workersMade(() => refuses(() => hosted(), "WORKER_LOST", "hosted: ", words), file);
  });
});

it("a worker that cannot be started says what to do about it, and nothing else", async () => {
  const line = new Line(() => {
    throw new XentError("WORKER_LOST", "a worker could not be started (no Worker)", "Name its file.");
  });
  const error = await thrown(() => line.call({ on: 0, name: "init", where: "hosted", args: [] }));
  expect(error).toMatchObject({
    message: "hosted: a worker could not be started (no Worker). Name its file.",
    hint: "Name its file.",
  });
});

/** What a process of its own prints, which has the built package as `xent`. */
function run(script: string, ...flags: string[]): { out: string; ms: number } {
  const entry = pathToFileURL("dist/index.js").href;
  const start = performance.now();
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [
      ...flags,
      "--input-type=module",
      "-e",
      `import { hosted, dataset, dense, crossEntropy, sgd } from ${JSON.stringify(entry)};
      const x = Float32Array.from({ length: 600 }, (_, i) => (i * 37) % 101 / 101);
      const train = dataset({ x, y: Int32Array.from({ length: 200 }, (_, i) => i % 3), features: 3 });
      const known = { input: 3, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
      ${script}`,
    ],
    { encoding: "utf8", timeout: 30_000 },
  );
  if (status !== 0) throw new Error(`ended with ${status ?? signal}: ${stdout}${stderr}`);
  return { out: stdout.trim(), ms: performance.now() - start };
}

describe("a process", () => {
  it("with a runtime that waits for work ends by itself", () => {
    const { out } = run(`
      globalThis.xent = await hosted();
      globalThis.model = await xent.sequential(known, [dense(3)]);
      await model.fit(train);
      console.log("waiting");`);
    expect(out).toBe("waiting");
  });

  it("lives as long as a fit is under way", () => {
    const { out } = run(`
      const xent = await hosted();
      const model = await xent.sequential(known, [dense(3)]);
      model.fit(train, { epochs: 2000 }).then(({ epochs }) => console.log("epochs", epochs));
      console.log("begun");`);
    expect(out).toBe("begun\nepochs 2000");
  });

  it("lives as long as the runtime is starting", () => {
    expect(run(`hosted().then(() => console.log("started"));`).out).toBe("started");
  });

  it("ends a worker that nothing can reach any more, and not before", () => {
    const { out } = run(
      `
      const { Worker } = process.getBuiltinModule("node:worker_threads");
      process.getBuiltinModule("node:worker_threads").Worker = class extends Worker {
        constructor(...args) { super(...args); this.on("exit", () => { console.log("ended"); over = true; }); }
      };
      let over = false;
      const collect = async (until) => {
        const end = performance.now() + 10_000;
        for (let i = 0; i < 20 || (until() === false && performance.now() < end); i++) {
          gc();
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      };
      let model = await (await hosted()).sequential(known, [dense(3)]);
      await collect(() => true);
      console.log("model", (await model.predict(x)).length);
      const fit = model.fit(train, { epochs: 20_000 });
      const told = fit.then(({ epochs }) => console.log("fit", epochs));
      model = undefined;
      await collect(() => true);
      console.log("under way");
      await told;
      await collect(() => over);
      console.log("done");`,
      "--expose-gc",
    );
    expect(out).toBe("model 600\nunder way\nfit 20000\nended\ndone");
  });

  it("has its worker drop models and data sets that are gone", () => {
    const { out } = run(
      `
      const { Worker } = process.getBuiltinModule("node:worker_threads");
      let drops = 0;
      process.getBuiltinModule("node:worker_threads").Worker = class extends Worker {
        postMessage(message, transfer) { if (message.what === "drop") drops++; super.postMessage(message, transfer); }
      };
      const xent = await hosted();
      const kept = await xent.sequential(known, [dense(3)]);
      await kept.fit(train);
      for (let i = 0; i < 3; i++) {
        const model = await xent.sequential(known, [dense(3)]);
        await model.fit(dataset({ x, y: train.y, features: 3 }));
      }
      const end = performance.now() + 10_000;
      while (drops < 5 && performance.now() < end) {
        gc();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      console.log(drops >= 5, (await kept.evaluate(train)).loss > 0);`,
      "--expose-gc",
    );
    expect(out).toBe("true true");
  });
});

describe("info", () => {
  it("is told by the far side when it has changed; arrays move", async () => {
    const reports: Any[] = [];
    const moved: (readonly unknown[])[] = [];
    const receive = host((report, transfer) => {
      if ("build" in report) {
        const name = report.build;
        void compileBuild(name).then((module) => receive({ what: "build", name, module }));
        return;
      }
      reports.push(report);
      moved.push(transfer);
    });
    const call = async (on: number, name: string, args: unknown[], keep?: number): Promise<void> => {
      const { length } = reports;
      receive({ what: "call", call: { id: length, on, name, args, keep } });
      await vi.waitUntil(() => reports.length > length);
    };
    await call(0, "init", [], 0);
    await call(0, "sequential", [known, layers], 1);
    await call(0, "sequential", [known, []], 2);
    await call(1, "predict", [train.x]);
    await call(1, "stateDict", []);
    expect(reports[0].info.build).toMatch(/simd|relaxed/);
    expect(reports.slice(1).map(({ info }) => info)).toEqual([undefined, undefined, undefined, undefined]);
    expect(reports.flatMap(({ id, failure }) => (failure ? [id, failure.code] : []))).toEqual([2, "OPTION"]);
    // arrays are not copied once more
    const state: { data: Float32Array }[] = Object.values(reports[4].value);
    expect(moved[3]).toEqual([reports[3].value.buffer]);
    expect(moved[4]).toEqual(state.map(({ data }) => data.buffer));
    expect(new Set(moved[4]).size).toBe(4);
  });

  it("asks for a build; one that cannot be had ends init with the error that says why", async () => {
    const reports: Any[] = [];
    const receive = host((report) => {
      reports.push(report);
      if (!("build" in report)) return;
      const failure = failureOf(new XentError("UNSUPPORTED", "no such file", "Try again."));
      receive({ what: "build", name: report.build, failure });
    });
    receive({
      what: "call",
      call: { id: 1, on: 0, name: "init", args: [{ precision: "strict", threads: 1 }], keep: 0 },
    });
    await vi.waitUntil(() => reports.length === 2);
    expect(reports[0]).toEqual({ build: "simd" });
    expect(reports[1]).toMatchObject({ id: 1, failure: { code: "UNSUPPORTED", problem: "no such file" } });
  });

  it("is what the last answer said, an error too", async () => {
    const answers = [
      { info: { wide: true } },
      {},
      { info: { wide: false }, failure: failureOf(new Error("no")) },
    ];
    const line = new Line(({ message }) => ({
      post: (order: Any) => queueMicrotask(() => message({ id: order.call.id, ...answers.shift() })),
      hold() {},
      end() {},
    }));
    const wide: boolean[] = [];
    for (const _ of [1, 2, 3]) {
      await thrown(() => line.call({ on: 0, name: "init", args: [] }));
      wide.push(line.info.wide);
    }
    expect(wide).toEqual([true, true, false]);
  });
});
