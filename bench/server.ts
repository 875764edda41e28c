// `npm run bench:server`: how an HTTP server answers while a model trains in its process: not at all, in a hosted runtime, and
// on the server's own thread. Requests come from another process, at a steady pace, however late the answers are.

import { fork } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { crossEntropy, dataset, dense, hosted, init, relu, type Sequential, sgd } from "../src/index.ts";
import { type Duration, forSeconds } from "./duration.ts";
import { setting, settingLine } from "./report.ts";
import { quantile, rounded } from "./statistics.ts";
import { aligned } from "./table.ts";
import { print, progress } from "./terminal.ts";

const HELP = `Usage: npm run bench:server -- [--seconds N] [--json FILE]

Latencies of an HTTP server while 784-512-256-10 trains in its process on one thread.
  --seconds N  of requests for each line (default 10)
  --json FILE  write { header, results } as JSON
  --help       this text`;

/** Milliseconds from one request to the next. */
const PACE_MS = 5;
/** After the last one. */
const LAST_MS = 500;

interface Line {
  readonly training: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
  /** training steps a second */
  readonly stepsPerSecond: number | null;
}

const here = fileURLToPath(import.meta.url);

/** The client: sends requests, and the latencies of all of them to the parent. */
async function ask(): Promise<void> {
  const [port, ms] = process.argv.slice(2).map(Number) as [number, number];
  // connections are kept, as by any client that asks often
  const agent = new Agent({ keepAlive: true });
  const latencies: number[] = [];
  const waiting = new Set<number>();
  const begin = performance.now();
  for (let at = 0; at < ms; at += PACE_MS) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, begin + at - performance.now())));
    const start = performance.now();
    waiting.add(start);
    get({ port, agent }, (response) => {
      response.resume().on("end", () => {
        waiting.delete(start);
        latencies.push(performance.now() - start);
      });
    });
  }
  await new Promise((resolve) => setTimeout(resolve, LAST_MS));
  // those without an answer have waited so long at least
  latencies.push(...[...waiting].map((start) => performance.now() - start));
  process.send?.(latencies);
  process.disconnect();
  process.exit();
}

async function main({ seconds, json }: Duration): Promise<number> {
  const server = createServer((_, response) => response.end("ok"));
  server.listen(0);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const results: Line[] = [];
  for (const [training, start] of WAYS) {
    progress(`${training}: ${seconds} s of requests`);
    const stop = await start();
    const child = fork(here, [String(port), String(1000 * seconds)], { execArgv: process.execArgv });
    const gone = once(child, "disconnect").then(() => {
      throw new Error("the client ended without its latencies");
    });
    gone.catch(() => {}); // it ends after it has told them, too
    const [latencies] = (await Promise.race([once(child, "message"), gone])) as [number[]];
    const stepsPerSecond = await stop();
    const sorted = latencies.sort((a, b) => a - b);
    const at = (q: number): number => rounded(quantile(sorted, q));
    const mostMs = at(1);
    results.push({
      training,
      requests: sorted.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      mostMs,
      stepsPerSecond,
    });
    progress("");
  }
  server.close();
  const header = { engine: `Node ${process.versions.node}`, ...setting(false, 1), seconds, paceMs: PACE_MS };
  print([
    settingLine(header),
    `${seconds} s of a request every ${PACE_MS} ms for each line`,
    "",
    ...aligned(
      [
        ["training", "p50", "p99", "longest", "steps/s"],
        ...results.map(({ training, p50Ms, p99Ms, mostMs, stepsPerSecond }) => [
          training,
          ...[p50Ms, p99Ms, mostMs].map((ms) => `${ms.toFixed(2)} ms`),
          stepsPerSecond === null ? "" : stepsPerSecond.toFixed(0),
        ]),
      ],
      [true, false, false, false, false],
    ),
  ]);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ header, results }, undefined, 2)}\n`);
  return 0;
}

/** What trains, and how it is started; that gives how it is stopped. */
type Way = readonly [training: string, start: () => Promise<() => Promise<number | null>>];

const WAYS: readonly Way[] = [
  ["none", async () => async () => null],
  [
    "in a hosted runtime",
    async () => {
      const xent = await hosted({ threads: 1 });
      const stop = await train(await xent.sequential(MODEL, LAYERS));
      return async () => {
        const speed = await stop();
        await xent.dispose();
        return speed;
      };
    },
  ],
  ["on the server's thread", async () => train((await init({ threads: 1 })).sequential(MODEL, LAYERS))],
];

const FEATURES = 784;
const ROWS = 2048;
const BATCH = 128;
const MODEL = { input: FEATURES, loss: crossEntropy(), optimizer: sgd({ lr: 1e-4 }) };
const LAYERS = [dense(512), relu(), dense(256), relu(), dense(10)];

/** Resolves when the first epoch is over. */
async function train(model: Pick<Sequential, "fit">): Promise<() => Promise<number>> {
  const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => ((i * 7919) % 1000) / 1000);
  const data = dataset({ x, y: Int32Array.from({ length: ROWS }, (_, i) => i % 10), features: FEATURES });
  const controller = new AbortController();
  const { signal } = controller;
  let began = 0;
  let onEpochEnd = (): void => {};
  const started = new Promise<void>((resolve) => {
    onEpochEnd = () => {
      began ||= performance.now();
      resolve();
    };
  });
  const run = model.fit(data, { epochs: 1e6, batchSize: BATCH, signal, callbacks: [{ onEpochEnd }] });
  await started;
  return async (): Promise<number> => {
    controller.abort();
    const { steps } = await run;
    return (1000 * (steps - ROWS / BATCH)) / (performance.now() - began);
  };
}

if (process.send !== undefined) await ask();
else process.exitCode = await forSeconds(HELP, [10, 1, 600], main);
