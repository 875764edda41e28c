// `xent bench`: all lines with numbers that can be, and what they are made of. How fast it is depends on the machine.

import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { bench } from "../../src/cli/bench.ts";
import { dense, init, relu } from "../../src/index.ts";
import { jsonLines, written } from "../support/command-source.ts";

it("--json: the environment, three products, four nets; times, rates and work belong together", async () => {
  const lines = jsonLines(await written(() => bench({ json: true, seconds: 0.05, threads: 1 })));
  expect(lines.map(({ event }) => event)).toEqual(["environment", ...new Array(7).fill("bench")]);
  for (const { name, ms, samples, flops, gflops } of lines.slice(1) as Record<string, number>[]) {
    expect(ms, String(name)).toBeGreaterThan(0);
    expect(samples, String(name)).toBeGreaterThanOrEqual(1);
    expect((gflops as number) * (ms as number), String(name)).toBeCloseTo((flops as number) / 1e6, 6);
  }
  expect(lines[1]).toMatchObject({ name: "128 × 128 × 128", flops: 2 * 128 ** 3 });
  const xent = await init({ threads: 1 });
  const net = xent.sequential({ input: 784 }, [dense(128), relu(), dense(10)]);
  const found = lines.find(({ name }) => name === "784-128-10, batch 128");
  // forward and backward of two products, no gradient of the input; what is not in a product is some per cent
  const products = 2 * 128 * (784 * 128 * 2 + 128 * 10 * 3);
  expect(found?.rows).toBe(128);
  expect(found?.flops).toBeGreaterThan(products);
  expect(found?.flops).toBeLessThan(1.1 * products);
  net.dispose();
});

it("as text: a line each in 80 columns, and what is measured", async () => {
  const text = await written(() => bench({ seconds: 0.05, threads: 1 }));
  const lines = text.split("\n");
  for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
  const rows = lines.filter((line) => /^\d/.test(line));
  expect(rows.length).toBe(7);
  for (const row of rows) {
    const cells = row
      .split(/ {2,}/)
      .slice(1)
      .map((cell) => Number(cell.replaceAll(",", "")));
    expect(
      cells.every((cell) => cell > 0),
      row,
    ).toBe(true);
  }
  expect(text.replace(/\s+/g, " ")).toContain("Medians, warm-up left out.");
});

it("Ctrl-C ends it at once, with 130", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/main.ts", "bench", "--seconds", "600"], {
    stdio: "ignore",
  });
  const ended = new Promise<unknown>((resolve) => {
    // before it listens, the signal itself ends it: a shell calls that 130 too
    child.on("exit", (code, signal) => resolve(signal === "SIGINT" ? 130 : code));
  });
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const begin = performance.now();
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(performance.now() - begin).toBeLessThan(5000);
});
