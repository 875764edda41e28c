// The bench: runs of it in Chromium, with one thread and with two, what it says of them, and what it says where it cannot.

import { readFileSync } from "node:fs";
import type { Page } from "playwright";
import { expect, test } from "vitest";
import { doubts, rowsOf } from "../../site/bench/results.ts";
import { faults, overhang, shoot, site } from "./site.ts";

const { open } = site();

/** Matrix products, by the rows that they and their factors have. */
const PRODUCTS = [
  [64, 64, 64],
  [128, 128, 128],
  [256, 256, 256],
  [384, 384, 384],
  [512, 512, 512],
  [128, 128, 784],
] as const;
/** Widths of nets and the rows of their batches. */
const STEPS = [
  [[64, 32, 10], 32],
  [[784, 128, 10], 32],
  [[784, 128, 10], 128],
  [[784, 512, 256, 10], 128],
] as const;
const NAMES = [
  ...PRODUCTS.map((sizes) => sizes.join(" × ")),
  ...STEPS.map(([widths, rows]) => `${widths.join("-")}, ${rows} rows`),
];

interface Summary {
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}
interface Taken {
  readonly date: string;
  readonly userAgent: string;
  readonly build: string;
  readonly tile: string;
  readonly threads: number;
  readonly reasons: readonly string[];
  readonly form: string;
  readonly peakGflops: Summary | null;
  readonly results: readonly {
    readonly name: string;
    readonly threads: number;
    readonly rounds: number;
    readonly microseconds: Summary;
    readonly gflops: Summary;
    readonly share: Summary | null;
    readonly samplesPerSecond?: Summary;
    readonly speedUp: Summary | null;
  }[];
}

/** Chromium gives a worker that is in the midst of a kernel some seconds to end. */
const GONE = { timeout: 20_000 };

const runButton = (page: Page) => page.getByRole("button", { name: "Run", exact: true });

const stopButton = (page: Page) => page.getByRole("button", { name: "Stop", exact: true });

/** The cells of the table, a line each; names stand in the first line of several. */
function cells(page: Page): Promise<string[][]> {
  return page
    .getByRole("table")
    .locator("tbody tr")
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")));
}

async function copied(page: Page): Promise<Taken> {
  await page.getByRole("button", { name: "Copy as JSON" }).click();
  await page.getByText("Copied", { exact: true }).waitFor();
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as Taken;
}

/** Three digits at least, such as 4.50, 26.0, 131; the JSON has six, and is rounded as well. */
function expectShown(text: string | undefined, value: number): void {
  expect(text).toMatch(/^(\d\.\d\d|\d\d\.\d|0\.\d+|\d{3,})( |$)/);
  expect(Math.abs(Number.parseFloat(text ?? "") / value - 1), text).toBeLessThan(0.00501);
}

/** A median of speeds times one of times: of an even number of rounds both are means, and that is more than 1. */
function expectMatching(product: number, rounds: number): void {
  if (rounds % 2 === 1) expect(product).toBeCloseTo(1, 4);
  else expect(product).toBeGreaterThan(0.9999);
}

/** Everything that holds of any run that had its first round: figures that follow from each other, and a table that says the same. */
function expectFigures(taken: Taken, table: string[][], kinds: readonly number[], rounds: RegExp): void {
  expect(taken.results.map(({ name, threads }) => [name, threads])).toEqual(
    NAMES.flatMap((name) => kinds.map((threads) => [name, threads])),
  );
  expect(table.length).toBe(taken.results.length);
  for (const [i, found] of taken.results.entries()) {
    const { name, threads, microseconds, gflops, share, samplesPerSecond, speedUp } = found;
    for (const { p10, median, p90 } of [microseconds, gflops]) {
      expect(p10, name).toBeGreaterThan(0);
      expect(median).toBeGreaterThanOrEqual(p10);
      expect(p90).toBeGreaterThanOrEqual(median);
      expect(p90).toBeLessThan(1e9);
    }
    expect(String(found.rounds)).toMatch(rounds);
    const at = NAMES.indexOf(name);
    const [product, step] = [PRODUCTS[at], STEPS[at - PRODUCTS.length]];
    if (product !== undefined) {
      const flops = 2 * product[0] * product[1] * product[2];
      expectMatching((gflops.median * microseconds.median * 1000) / flops, found.rounds);
      expect(samplesPerSecond).toBeUndefined();
    } else if (step !== undefined) {
      const [[...widths], rows] = step;
      expectMatching(((samplesPerSecond?.median ?? 0) * microseconds.median) / (1e6 * rows), found.rounds);
      // forward and both gradients, of the inputs none; what is no product adds a little
      const products = widths
        .slice(1)
        .reduce((sum, width, i) => sum + (i === 0 ? 4 : 6) * rows * width * (widths[i] as number), 0);
      const ratio = (gflops.median * microseconds.median * 1000) / products;
      expect(ratio, name).toBeGreaterThan(1);
      expect(ratio, name).toBeLessThan(found.rounds % 2 === 1 ? 1.5 : 10);
    }
    const cell = table[i]?.slice(-6);
    expect(cell?.[0]).toBe(String(threads));
    expectShown(cell?.[1], gflops.median);
    const { median } = microseconds;
    const inMicroseconds = cell?.[3]?.endsWith(" µs");
    expect(cell?.[3]).toMatch(inMicroseconds ? /^\d/ : / ms$/);
    expectShown(cell?.[3], inMicroseconds ? median : median / 1000);
    if (taken.peakGflops === null) {
      expect(share).toBeNull();
      expect(cell?.[2]).toBe("–");
    } else {
      expect(share?.median, name).toBeGreaterThan(0);
      // cut off, not rounded
      const off = 100 * (share?.median ?? Number.NaN) - Number.parseFloat(cell?.[2] ?? "");
      expect(Math.abs(off - 0.05), name).toBeLessThan(0.051);
    }
    if (threads === 1) {
      expect(speedUp).toBeNull();
      expect(cell?.[5]).toBe("–");
    } else {
      expect(cell?.[5]).toMatch(/^\d+\.\d\d ×$/);
      expect(Math.abs(Number.parseFloat(cell?.[5] ?? "") - (speedUp?.median ?? Number.NaN))).toBeLessThan(
        0.0051,
      );
    }
  }
}

test("a quick run on one thread: figures, JSON, and a page that draws meanwhile", async () => {
  const { page } = await open("bench.html", { width: 1440 });
  await page.getByText(/threads: one, there is no SharedArrayBuffer/).waitFor();
  expect(await page.getByRole("button", { name: "Copy as JSON" }).isDisabled()).toBe(true);
  await shoot(page, "bench-idle");
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.evaluate(() => {
    const count = (): void => {
      document.title = String(Number(document.title) + 1);
      requestAnimationFrame(count);
    };
    document.title = "0";
    requestAnimationFrame(count);
  });
  expect(page.workers().map((worker) => worker.url())).toEqual([expect.stringMatching(/measure\.worker/)]);
  await runButton(page).click();
  await page.getByText(/^Done in/).waitFor({ timeout: 60_000 });
  // few, as the machine may be busy
  expect(Number(await page.title())).toBeGreaterThan(20);
  const taken = await copied(page);
  expect(taken).toMatchObject({ form: "quick", threads: 1, build: "relaxed", tile: "6x8" });
  expect(taken.userAgent).toContain("Chrome");
  expect(Date.now() - new Date(taken.date).getTime()).toBeLessThan(120_000);
  expect(taken.peakGflops?.median).toBeGreaterThan(0.1);
  expectFigures(taken, await cells(page), [1], /^5$/);
  expect(await page.getByRole("status").first().textContent()).toMatch(
    /^Measured\. Peak of one core, GFLOP\/s: [\d.]+; 512 × 512 × 512, share of the peak: [\d.]+ %; 784-128-10, 128 rows, samples\/s: [\d,]+;/,
  );
  expect(await page.getByRole("img", { name: /512 × 512 × 512 on one thread [\d.]+ %/ }).count()).toBe(1);

  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download JSON" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("xent-bench.json");
  expect(JSON.parse(readFileSync(await download.path(), "utf8"))).toEqual(taken);

  expect(await faults(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await faults(page)).toEqual([]);
});

test("on an isolated page both threads run, and a run can be stopped and begun again", async () => {
  const { page } = await open("bench.html?form=long", { isolated: true, scheme: "dark" });
  const cores = await page.evaluate(() => navigator.hardwareConcurrency);
  expect(cores).toBeGreaterThan(1);
  expect(await page.getByRole("radio", { name: /^Long/ }).isChecked()).toBe(true);
  await runButton(page).focus();
  await page.keyboard.press("Enter");
  await page.getByText(/^Warming up/).waitFor({ timeout: 60_000 });
  await stopButton(page).click();
  await page.getByText("Stopped.").waitFor();
  expect(await page.getByRole("button", { name: "Copy as JSON" }).isDisabled()).toBe(true);

  await page.getByRole("radio", { name: /^Quick/ }).check({ force: true });
  await expect.poll(() => page.url()).not.toContain("form");
  await runButton(page).click();
  await stopButton(page).waitFor();
  // as if the reader had looked at something else meanwhile
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
  });
  await page.getByText(/^Round \d of 5/).waitFor({ timeout: 60_000 });
  expect(
    await page.getByRole("progressbar").evaluate((bar: HTMLProgressElement) => bar.value),
  ).toBeGreaterThan(0);
  expect(await faults(page)).toEqual([]);
  await page.getByText(/^Done in/).waitFor({ timeout: 60_000 });
  await page.getByText(/^The page was not in sight for a part of the run/).waitFor();
  const taken = await copied(page);
  expect(taken.threads).toBe(Math.min(cores, 8));
  expectFigures(taken, await cells(page), [1, taken.threads], /^5$/);
  // of neither run
  await expect.poll(() => page.workers().length, GONE).toBe(0);
  await shoot(page, "bench-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shoot(page, "bench-threads");
});

test("an engine that refuses the probe of the peak is told in words, and has figures without shares", async () => {
  const { page } = await open("bench.html", { width: 390 });
  // nothing that is still on its way is given up by leaving
  await page.getByText(/threads: one/).waitFor();
  // a module of one instruction that there is not
  await page.context().route(/probe.*\.wasm$/, (route) =>
    route.fulfill({
      contentType: "application/wasm",
      body: Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0xff]),
    }),
  );
  await page.goto(`${page.url()}?form=hour`);
  await page.getByText("Left out of the address: form=hour is not one of quick, long.").waitFor();
  await page
    .getByText("There is no peak to hold these figures against: this browser has no relaxed SIMD")
    .waitFor();
  await runButton(page).click();
  await page.getByText(/^Round [2-5] of 5/).waitFor({ timeout: 60_000 });
  await stopButton(page).click();
  await page.getByText(/^Stopped in round [2-5]\. What was measured stays\./).waitFor();
  const taken = await copied(page);
  expect(taken.peakGflops).toBeNull();
  expectFigures(taken, await cells(page), [1], /^[1-5]$/);
  expect(await overhang(page)).toBeLessThanOrEqual(0);
  expect(await faults(page)).toEqual([]);
});

test("medians over rounds, shares of the peak just before, gains in the same round, and what makes them doubtful", () => {
  // 64 × 64 × 64: 524,288 operations, in 10 to 20 µs 52.4288 to 26.2144 GFLOP/s
  const turn = (round: number, threads: number, microseconds: number, peak: number) => ({
    ...{ item: 0, round, threads, microseconds, peak, flops: 2 * 64 ** 3 },
  });
  const turns = [
    ...[turn(1, 1, 10, 100), turn(2, 1, 20, 100), turn(3, 1, 16, 100)],
    ...[turn(1, 2, 8, 100), turn(2, 2, 8, 100), turn(3, 2, 8, 100)],
  ];
  const [one, two] = rowsOf(turns)[0]?.figures ?? [];
  expect(one).toMatchObject({ threads: 1, rounds: 3, microseconds: { median: 16 }, speedUp: undefined });
  expect(one?.gflops.median).toBeCloseTo(32.768, 9);
  expect(one?.gflops.p10).toBeCloseTo(26.2144 + 0.2 * (32.768 - 26.2144), 9);
  expect(one?.share?.median).toBeCloseTo(0.32768, 9);
  expect(two?.share?.median).toBeCloseTo(0.65536 / 2, 9);
  expect(two?.speedUp?.median).toBe(2);

  const info = { build: "relaxed", tile: "6x8", threads: 2, wide: false, fused: true, reasons: [] };
  const engine = { info, clockMs: 0.1, noPeak: undefined };
  const calm = { hidden: false, battery: false };
  expect(doubts(turns, engine, calm)).toEqual([]);
  const busy = turns.map((turn, i) => ({ ...turn, peak: i < 2 ? 80 : 100 }));
  // the least tenth is at 80, the largest at 100
  expect(doubts(busy, engine, calm)).toEqual([expect.stringMatching(/^The peak varied by 20 %/)]);
  const above = turns.map((turn) => ({ ...turn, peak: 20 }));
  expect(doubts(above, engine, calm)).toEqual([expect.stringMatching(/^More than the peak was reached/)]);
  const hampered = doubts(turns, { ...engine, clockMs: 16 }, { hidden: true, battery: true });
  expect(hampered).toEqual([
    expect.stringMatching(/^The page was not in sight/),
    expect.stringMatching(/^The machine ran on its battery/),
    expect.stringMatching(/steps of 16 ms: single figures are up to 8 % off/),
  ]);
});
