// The comparison with other libraries: its checks, its ratios, its files. What the libraries themselves do is checked whenever
// they are measured; here only plain loops run, which need nothing that is not installed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { training } from "../../bench/baselines/systems/plain.ts";
import type { Layer, Net, Rows } from "../../bench/baselines/systems/system.d.ts";
import { chart } from "../../bench/peers/chart.ts";
import {
  type Contestant,
  contestantsOf,
  OWN,
  PEERS,
  WORKS,
  type Work,
} from "../../bench/peers/contestants.ts";
import { prepare, prepareSeed, wrongLosses } from "../../bench/peers/data.ts";
import { page } from "../../bench/peers/page.ts";
import { type Collected, makeReport, type Report } from "../../bench/peers/report.ts";
import { tableLines } from "../../bench/peers/table.ts";
import { setting } from "../../bench/report.ts";
import { NETS, productName, SQUARES, stepName } from "../../bench/shapes.ts";
import { crossEntropy, dataset, dense, init, relu, sgd } from "../../src/index.ts";
import { run } from "../oracle/net.ts";
import { Optimizer } from "../oracle/optimizers.ts";

const folder = mkdtempSync(join(tmpdir(), "xent-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A copy: of a small file `readFileSync` gives a part of a larger buffer. */
const bytes = (name: string): ArrayBuffer => Uint8Array.from(readFileSync(join(folder, name))).buffer;
const named = (name: string): Work => WORKS.find((work) => work.name === name) as Work;
const SMALL = named("step 4-16-3 b16 sigmoid sgd");

test("work is named as in the bench", () => {
  const names = WORKS.map(({ name }) => name);
  for (const net of NETS) expect(names).toContain(stepName(net));
  for (const square of SQUARES.filter(({ n }) => n >= 128)) expect(names).toContain(productName(square));
  expect(new Set(names).size).toBe(names.length);
});

test("every peer has work, and xent is there wherever it is", () => {
  for (const peer of PEERS) expect(WORKS.some((work) => contestantsOf(work).includes(peer))).toBe(true);
  for (const work of WORKS) {
    expect(contestantsOf(work)).toContain(OWN[1]);
    expect(contestantsOf(work).some(({ system }) => system !== "xent")).toBe(true);
  }
});

test.each(["sgd", "adam"] as const)(
  "the reference of the losses of %s is that of the oracle",
  (optimizer) => {
    const net: Net = { widths: [5, 7, 4, 3], batch: 6, activation: "relu", loss: "crossEntropy", optimizer };
    const number = (i: number): number => Math.fround(Math.sin(i * i + 1));
    const layers: Layer[] = [
      [5, 7],
      [7, 4],
      [4, 3],
    ].map(([k = 0, n = 0]) => ({
      weight: Float32Array.from({ length: n * k }, (_, i) => number(i + n)),
      bias: Float32Array.from({ length: n }, (_, i) => number(i + k)),
    }));
    const rows: Rows = {
      x: Float32Array.from({ length: 30 }, (_, i) => number(i + 100)),
      y: Int32Array.from([0, 2, 1, 1, 0, 2]),
    };
    const params: Record<number, { weight: Float64Array; bias: Float64Array }> = Object.fromEntries(
      layers.map(({ weight, bias }, i) => [
        2 * i,
        { weight: Float64Array.from(weight), bias: Float64Array.from(bias) },
      ]),
    );
    const plain = training(Float64Array, net, layers, rows);
    const reference = new Optimizer({ kind: optimizer, lr: 0.3, betas: [0.9, 0.999], eps: 1e-8 });
    const parameters = Object.entries(params).flatMap(([i, { weight, bias }]) => [
      { name: `${i}.weight`, role: "weight", values: weight },
      { name: `${i}.bias`, role: "bias", values: bias },
    ]);
    for (let step = 0; step < 3; step++) {
      const { loss, gradients } = run(
        [
          { kind: "dense", units: 7 },
          { kind: "relu" },
          { kind: "dense", units: 4 },
          { kind: "relu" },
          { kind: "dense", units: 3 },
        ],
        params,
        { kind: "crossEntropy", reduction: "mean", ignoreIndex: -100, labelSmoothing: 0 },
        rows.x,
        6,
        { ids: rows.y },
      );
      plain.steps(1, 0.3);
      expect(plain.loss()).toBeCloseTo(loss, 12);
      reference.step(parameters, gradients);
    }
  },
);

test("a wrong loss, a wrong element and a wrong probability are found", async () => {
  expect(wrongLosses([2, 1], [2.00001, 0.99999])).toBeUndefined();
  expect(wrongLosses([2, 1], [2, 1.01])).toBe("the loss at step 20 is 1.01, expected 1");
  expect(wrongLosses([2, 1], [Number.NaN, 1])).toMatch(/step 1 is NaN/);

  const expected = await prepare({ kind: "gemm", name: "", n: 9 }, folder);
  const [a, b] = [new Float32Array(bytes("a")), new Float32Array(bytes("b"))];
  const c = new Float32Array(81);
  for (let i = 0; i < 81; i++) {
    for (let p = 0; p < 9; p++) {
      c[i] = (c[i] as number) + (a[Math.floor(i / 9) * 9 + p] as number) * (b[p * 9 + (i % 9)] as number);
    }
  }
  expect(expected.result?.(c)).toBeUndefined();
  c[80] = (c[80] as number) * 1.001;
  expect(expected.result?.(c)).toMatch(/^C\[8, 8\] is/);

  const net: Net = { widths: [4, 3], batch: 2, activation: "relu", loss: "crossEntropy", optimizer: "sgd" };
  const predicted = await prepare({ kind: "predict", name: "", net }, folder);
  expect(predicted.result?.(new Float32Array(5))).toBe("5 probabilities, expected 6");
  expect(predicted.result?.(new Float32Array(6))).toMatch(/^probability 0 is 0, expected 0\.\d/);
});

test("the order of rows that others are given is the one that xent draws", async () => {
  const work = { ...named("98 % of MNIST 784-512-256-10 b128 relu adam"), epochs: 2 } as Extract<
    Work,
    { kind: "learn" }
  >;
  const small = { ...work, net: { ...work.net, widths: [3, 4, 2], batch: 4 } };
  prepareSeed(folder, small, 10, 7);
  const orders = new Uint32Array(bytes("orders"));
  const x = Float32Array.from({ length: 30 }, (_, i) => Math.cos(i));
  const y = Int32Array.from({ length: 10 }, (_, i) => i % 2);
  const xent = await init({ threads: 1 });
  const model = () =>
    xent.sequential({ input: 3, seed: 7, loss: crossEntropy() }, [dense(4), relu(), dense(2)]);
  const options = { optimizer: sgd({ lr: 0.5 }), batchSize: 4 };
  const [own, given] = [model(), model()];
  await own.fit(dataset({ x, y, features: 3 }), { ...options, epochs: 2 });
  for (let epoch = 0; epoch < 2; epoch++) {
    const order = [...orders.subarray(10 * epoch, 10 * epoch + 10)];
    const sorted = dataset({
      x: Float32Array.from(order.flatMap((row) => [...x.subarray(3 * row, 3 * row + 3)])),
      y: Int32Array.from(order, (row) => y[row] as number),
      features: 3,
    });
    await given.fit(sorted, { ...options, shuffle: false });
  }
  expect(given.stateDict()).toEqual(own.stateDict());
});

const [strict, fast, fast2] = OWN as [Contestant, Contestant, Contestant];
const pytorch = PEERS.find(({ system }) => system === "PyTorch") as Contestant;
const jax = PEERS.find(({ system }) => system === "jax-js wasm") as Contestant;

function sample(): Report {
  const entry = (contestant: Contestant, turns: number[]) => ({
    contestant,
    version: "1.0",
    backend: "x <y>",
    turns,
  });
  const collected: Collected = {
    work: SMALL,
    gains: [1.9, 1.2, 2, 1.95],
    runs: [
      entry(fast, [2, 2, 2, 2]),
      entry(fast2, [1, 4, 1, 1]),
      entry(pytorch, [3, 3, 3, 3]),
      entry(jax, [6, Number.NaN, Number.NaN, Number.NaN]),
      { ...entry(strict, []), failure: "WRONG: the loss" },
    ],
  };
  return makeReport({ ...setting(false, 1), engine: "Node 24.0.0", rounds: 4 }, [collected], []);
}

test("a ratio is theirs over ours; with several threads also in the rounds that had the cores", () => {
  const { results, failures, header } = sample();
  const of = (system: string, threads: number) =>
    results.find((result) => result.system === system && result.threads === threads);
  expect(of("PyTorch", 1)).toMatchObject({
    medianMs: 3,
    ratio: 1.5,
    peerThreads: 1,
    withCores: null,
    turns: 4,
  });
  expect(of("PyTorch", 2)).toMatchObject({ ratio: 3, withCores: { ratio: 3, rounds: 3 } });
  // slow ones have fewer turns: their median stands in
  expect(of("jax-js wasm", 2)).toMatchObject({ medianMs: 6, withCores: { ratio: 6, rounds: 3 }, turns: 1 });
  expect(of("xent", 1)).toMatchObject({ medianMs: 2, ratio: 1, build: "relaxed", wide: false });
  expect(failures).toEqual([{ work: SMALL.name, system: "xent strict", reason: "WRONG: the loss" }]);
  expect(header.systems).toContainEqual({ system: "PyTorch", version: "1.0", backends: ["x <y>"] });
});

test("tables have 80 columns, and name what has no figures", () => {
  const lines = tableLines(sample());
  for (const line of lines) expect([...line].length).toBeLessThanOrEqual(80);
  expect(lines.join("\n")).toMatch(/PyTorch +3\.00 ms +3\.00–3\.00 +1\.50/);
  expect(lines.join("\n")).toMatch(/two cores in 3 of 4 rounds/);
  expect(lines.join("\n")).toMatch(/xent strict: WRONG: the loss \(step 4-16-3/);
});

test("chart and page", () => {
  const report = sample();
  const svg = chart(report.results, [SMALL.name]) as string;
  expect(svg.match(/<rect class="own"/g)?.length).toBe(2);
  expect(svg.match(/<rect class="peer"/g)?.length).toBe(2);
  expect(svg).toContain("1.50 × · 3.00 ms");
  expect(chart([], [SMALL.name])).toBeUndefined();
  expect(page(report)).toContain("x &lt;y&gt;");
  expect(page(report)).not.toMatch(/https?:(?!\/\/www\.w3\.org\/2000\/svg)/);
});

test("the command, on plain loops", () => {
  const json = join(folder, "peers.json");
  const html = join(folder, "peers.html");
  const { status, stdout, stderr } = peers(
    ...["step", "--filter", "4-16-3", "--system", "plain", "--processes", "1", "--smoke"],
    ...["--json", json, "--html", html],
  );
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toContain("do not quote the figures");
  const { results, header } = JSON.parse(readFileSync(json, "utf8")) as Report;
  expect(header.smoke).toBe(true);
  const plain = results.find(({ system, build }) => system === "plain TypeScript" && build === "simd");
  expect(plain).toMatchObject({ work: SMALL.name, wide: false, threads: 1, peerThreads: 1 });
  expect(plain?.medianMs).toBeGreaterThan(0);
  expect(readFileSync(html, "utf8")).toContain("plain TypeScript");
});

test("a wrong command line", () => {
  for (const [args, message] of [
    [["stepp"], /no kind of work "stepp"/],
    [["step", "--filter", "nothing"], /No work of step has "nothing"/],
    [["--seeds", "0"], /--seeds is "0"/],
    [["--jsn", "x"], /Unknown option/],
    [["--html", "/nowhere/x.html"], /cannot be written/],
  ] as const) {
    const { status, stderr } = peers(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).toContain("Usage:");
  }
});

function peers(...args: string[]) {
  return spawnSync(process.execPath, ["--import", "tsx", "bench/peers/main.ts", ...args], {
    encoding: "utf8",
  });
}
