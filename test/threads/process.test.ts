// Threads and the life of a process: whoever is done ends by himself, whoever exits in the midst of training ends at once, and
// threads that have nothing to do take no time. Each case is a process of its own, on the built package.

import { spawn } from "node:child_process";
import { expect, it } from "vitest";

const DIST = new URL("../../dist/index.js", import.meta.url).href;

/** A model whose steps are shared, and some time of training. */
const PRELUDE = `
  import { init, dataset, dense, relu, crossEntropy, sgd } from ${JSON.stringify(DIST)};
  const xent = await init({ threads: 2 });
  const [rows, features] = [512, 256];
  const x = Float32Array.from({ length: rows * features }, (_, i) => ((i * 7919) % 1000) / 500 - 1);
  const data = dataset({ x, y: Int32Array.from({ length: rows }, (_, i) => i % 10), features });
  const options = { loss: crossEntropy(), optimizer: sgd({ lr: 0.01 }), batchSize: 128 };
  const model = xent.sequential({ input: features }, [dense(256), relu(), dense(10)]);
  const say = (value) => process.stdout.write(value + "\\n");
`;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
  readonly complaints: string;
  readonly seconds: number;
}

function run(code: string, killAfter?: NodeJS.Signals): Promise<Ended> {
  const start = performance.now();
  const child = spawn(process.execPath, ["--input-type=module", "-e", PRELUDE + code], {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 30_000,
    killSignal: "SIGKILL",
  });
  let [output, complaints] = ["", ""];
  const hear = (text: Buffer): void => {
    output += text;
    if (killAfter !== undefined && output.includes("training")) child.kill(killAfter);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", (text: Buffer) => {
    complaints += text;
  });
  return new Promise((resolve) => {
    child.on("close", (exit, signal) => {
      resolve({ code: exit, signal, output, complaints, seconds: (performance.now() - start) / 1000 });
    });
  });
}

const FOREVER =
  "model.fit(data, { ...options, epochs: 1e6, callbacks: [{ onProgress() { say('training'); } }] })";

it("a process ends by itself when training is done, with threads that wait for more", async () => {
  const { code, output } = await run("await model.fit(data, options); say(xent.info.threads);");
  expect({ code, output }).toEqual({ code: 0, output: "2\n" });
});

it("and before there was anything to do", async () => {
  expect((await run("say(xent.info.threads)")).code).toBe(0);
});

it("exit in the midst of training ends the process, with its code", async () => {
  const { code, output } = await run(`setTimeout(() => process.exit(3), 300); await ${FOREVER};`);
  expect(code).toBe(3);
  expect(output).toContain("training");
});

it("an uncaught error in the midst of training ends the process", async () => {
  const { code, complaints } = await run(
    `setTimeout(() => { throw new Error("oh"); }, 300); await ${FOREVER};`,
  );
  expect(code).toBe(1);
  expect(complaints).toContain("Error: oh");
});

it.each(["SIGTERM", "SIGINT", "SIGKILL"] as const)(
  "%s in the midst of training ends the process",
  async (name) => {
    const { signal } = await run(`await ${FOREVER};`, name);
    expect(signal).toBe(name);
  },
);

it("threads take no processor time once fit has returned", async () => {
  const { output } = await run(`
    await model.fit(data, { ...options, epochs: 20 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const { user, system } = process.cpuUsage(before);
    say((user + system) / 1000);
  `);
  // milliseconds in a second of rest: a thread that looked for work would take a thousand
  expect(Number(output)).toBeLessThan(50);
});
