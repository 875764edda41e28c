// `npm run bench:page`: what a page in Chromium has of xent, bundled by esbuild: the time to its first step, its speed beside Node's,
// how long it stands still, and whether its memory grows.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { chromium, type Page } from "playwright";
import { CHROMIUM_ARGS, findChromium } from "../tools/chromium.ts";
import { ISOLATED, type Server, serve, strictPolicy } from "../tools/serve.ts";
import { UsageError, writable } from "./cli.ts";
import { fetchEngine, NPX_SHELL } from "./npx.ts";
import type { Net, Speed } from "./page-app.ts";
import { type Setting, setting, settingLine } from "./report.ts";
import { quantile, rounded, type Summary, summarize } from "./statistics.ts";
import { aligned } from "./table.ts";
import { print, progress } from "./terminal.ts";

const HELP = `Usage: npm run bench:page -- [--seconds N] [--minutes N] [--json FILE]

A page of xent in Chromium, bundled by esbuild, with a strict policy and cross-origin
isolated: time to the first step, samples/s beside Node's, gaps between its turns, and
with --minutes whether its memory grows.
  --seconds N  of each stretch of training (default 3)
  --minutes N  trains so long and looks at the memory every ten seconds (default 0)
  --json FILE  write { header, results } as JSON
  --help       this text

Exit codes: 0; 1 when memory grew or nothing could be measured; 2 for a wrong command line.`;

/** Nets, and rows of a batch. */
const CASES: readonly (readonly [net: Net, batchSize: number])[] = [
  [[64, 32, 10], 32],
  [[784, 128, 10], 128],
  [[784, 512, 256, 10], 128],
  [[784, 1024, 1024, 10], 256],
];
/** The Node whose V8 is the nearest to Chromium's. */
const NODE = "node@26";
const VISITS = 20;
/** Visits after which Chromium has kept the compiled code. */
const WARMING = 5;
const ROUNDS = 3;
/** Bytes a minute of the least heap after collection; less is noise. */
const GROWTH = 100_000;

interface Asked {
  readonly seconds: number;
  readonly minutes: number;
  readonly json: string | undefined;
}

const nameOf = (net: Net, batchSize: number): string => `${net.join("-")} b${batchSize}`;

async function bundled(folder: string): Promise<void> {
  const options = { bundle: true, minify: true, splitting: true, format: "esm" } as const;
  const entries = { app: "bench/page-app.ts", "xent-worker": "src/worker.ts" };
  await build({ ...options, entryPoints: entries, outdir: folder, alias: { xent: "./src/index.ts" } });
  const html = (script: string): string =>
    `<!doctype html><meta charset="utf-8"><title>xent</title><script type="module" src="${script}"></script>\n`;
  writeFileSync(
    join(folder, "first.js"),
    'import { firstStep } from "./app.js";\nglobalThis.first = firstStep();\n',
  );
  writeFileSync(join(folder, "first.html"), html("./first.js"));
  writeFileSync(join(folder, "main.js"), 'import * as app from "./app.js";\nglobalThis.app = app;\n');
  writeFileSync(join(folder, "index.html"), html("./main.js"));
  writeFileSync(join(folder, "empty.html"), "<!doctype html><title>xent</title>\n");
  writeFileSync(
    join(folder, "node.mjs"),
    `import { speed } from "./app.js";
const [net, batchSize, threads, ms] = JSON.parse(process.argv[2]);
const file = new URL("./xent-worker.js", import.meta.url).href;
console.log(JSON.stringify(await speed(net, batchSize, threads, ms, file)));
process.exit();
`,
  );
}

/** Milliseconds to the first step, of visits with everything in Chromium's cache. */
async function firstSteps(page: Page, { origin }: Server): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < WARMING + VISITS; i++) {
    progress(`first step ${i}`);
    // from another page of the site: from elsewhere Chromium starts a process first, which is not ours to measure
    await page.goto(`${origin}/empty.html`);
    await page.goto(`${origin}/first.html`);
    const ms = (await page.evaluate("globalThis.first")) as number;
    if (i >= WARMING) times.push(ms);
  }
  return times;
}

interface Compared {
  readonly name: string;
  readonly threads: number;
  readonly build: string;
  readonly tile: string;
  readonly page: number;
  readonly node: number;
  readonly ratio: number;
}

/** The same bundle on the page and in Node, by turns. */
async function compared(page: Page, folder: string, seconds: number): Promise<Compared[]> {
  const engine = fetchEngine(NODE, ["node"]);
  if (typeof engine === "string") {
    console.error(`${NODE} could not be had, so nothing is compared: ${engine}`);
    return [];
  }
  const results: Compared[] = [];
  for (const [net, batchSize] of CASES) {
    for (const threads of [1, 2]) {
      const [there, here]: [Speed[], Speed[]] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        progress(`${nameOf(net, batchSize)}, ${threads} threads, round ${round + 1}`);
        const asked = JSON.stringify([net, batchSize, threads, 1000 * seconds]).slice(1, -1);
        there.push(
          await page.evaluate<Speed>(`app.speed(${asked}, new URL("xent-worker.js", location).href)`),
        );
        const { stdout, stderr, status } = spawnSync(
          engine.command,
          [...engine.args, join(folder, "node.mjs"), `[${asked}]`],
          { encoding: "utf8", shell: NPX_SHELL },
        );
        if (status !== 0) throw new Error(`Node ended with code ${status}: ${stderr.slice(0, 400)}`);
        here.push(JSON.parse(stdout) as Speed);
      }
      const [a, b] = [there[0], here[0]] as [Speed, Speed];
      if (a.build !== b.build || a.tile !== b.tile || a.threads !== b.threads) {
        throw new Error(`the page runs ${JSON.stringify(a)}, and Node ${JSON.stringify(b)}`);
      }
      const [onPage, inNode] = [there, here].map(
        (all) => summarize(all.flatMap((one) => one.samplesPerSecond)).median,
      ) as [number, number];
      const { build, tile } = a;
      const name = nameOf(net, batchSize);
      results.push({
        name,
        threads: a.threads,
        build,
        tile,
        page: onPage,
        node: inNode,
        ratio: onPage / inNode,
      });
    }
  }
  return results;
}

interface Gaps {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly mostMs: number;
}

async function standstills(page: Page, seconds: number): Promise<Gaps[]> {
  const results: Gaps[] = [];
  for (const [net, batchSize] of CASES) {
    progress(`gaps of ${nameOf(net, batchSize)}`);
    const found = await page.evaluate<number[]>(
      `app.gaps(${JSON.stringify(net)}, ${batchSize}, ${1000 * seconds})`,
    );
    const sorted = found.sort((a, b) => a - b);
    const at = (q: number): number => rounded(quantile(sorted, q));
    results.push({ name: nameOf(net, batchSize), p50Ms: at(0.5), p99Ms: at(0.99), mostMs: at(1) });
  }
  return results;
}

interface Memory {
  readonly minutes: number;
  /** used heap after a collection, every ten seconds */
  readonly heaps: readonly number[];
  /** bytes a minute, of the least heap in the last third against that in the first behind the warm-up */
  readonly growth: number;
}

async function memory(page: Page, minutes: number): Promise<Memory> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.enable");
  await page.evaluate("void app.forever()");
  const heaps: number[] = [];
  const end = performance.now() + 60_000 * minutes;
  while (performance.now() < end) {
    progress(`memory: ${((end - performance.now()) / 60_000).toFixed(1)} minutes left`);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    heaps.push(usedSize);
  }
  const third = Math.floor(heaps.length / 3);
  const least = (part: readonly number[]): number => Math.min(...part);
  const grown = least(heaps.slice(-third)) - least(heaps.slice(third, 2 * third));
  return { minutes, heaps, growth: grown / (minutes / 3) };
}

async function main({ seconds, minutes, json }: Asked): Promise<number> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    console.error("There is no Chromium: install one, or name it in XENT_CHROMIUM.");
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), "xent-page-"));
  const files = join(folder, "files");
  mkdirSync(files);
  await bundled(files);
  // as a server of files whose names change with what is in them
  const cached = { "Cache-Control": "public, max-age=31536000, immutable" };
  const server = await serve(files, { ...ISOLATED, ...strictPolicy(), ...cached });
  // only a profile on the disk keeps compiled code
  const browser = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath,
    args: CHROMIUM_ARGS,
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("pageerror", (error) => complaints.push(error.message));
    const first = await firstSteps(page, server);
    await page.goto(`${server.origin}/`);
    const speeds = await compared(page, files, seconds);
    const gaps = await standstills(page, 2 * seconds);
    const grown = minutes > 0 ? await memory(page, minutes) : undefined;
    progress("");
    if (complaints[0] !== undefined) throw new Error(`the page: ${complaints[0]}`);
    const engine = `Chromium ${browser.browser()?.version() ?? (await page.evaluate("navigator.userAgent.match(/Chrome.([0-9.]+)/)[1]"))}`;
    const header = { engine, node: NODE, ...setting(false, 1), seconds };
    const firstMs = summarize(first);
    report(header, firstMs, speeds, gaps, grown);
    if (json !== undefined) {
      const results = { firstMs, speeds, gaps, memory: grown };
      writeFileSync(json, `${JSON.stringify({ header, results }, undefined, 2)}\n`);
    }
    return grown !== undefined && grown.growth > GROWTH ? 1 : 0;
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(
  header: Setting & { readonly engine: string; readonly node: string },
  firstMs: Summary,
  speeds: readonly Compared[],
  gaps: readonly Gaps[],
  grown: Memory | undefined,
): void {
  const thousands = (value: number): string => Math.round(value).toLocaleString("en");
  print([
    settingLine(header),
    "",
    `first step ${rounded(firstMs.median)} ms after navigation in the median of ${VISITS} visits, p90 ${rounded(firstMs.p90)} ms`,
    "",
    ...aligned(
      [
        ["samples/s", "", "", "page", header.node, "ratio"],
        ...speeds.map(({ name, threads, build, tile, page, node, ratio }) => [
          name,
          `${threads} ×`,
          `${build} ${tile}`,
          thousands(page),
          thousands(node),
          ratio.toFixed(2),
        ]),
      ],
      [true, false, true, false, false, false],
    ),
    "",
    ...aligned(
      [
        ["gaps between the page's turns", "p50", "p99", "longest"],
        ...gaps.map(({ name, ...ms }) => [
          name,
          ...[ms.p50Ms, ms.p99Ms, ms.mostMs].map((gap) => `${gap.toFixed(1)} ms`),
        ]),
      ],
      [true, false, false, false],
    ),
  ]);
  if (grown === undefined) return;
  const mb = (bytes: number | undefined): string => `${((bytes ?? 0) / 1e6).toFixed(2)} MB`;
  const { minutes, heaps, growth } = grown;
  print([
    "",
    `heap after ${minutes} minutes of training ${mb(heaps.at(-1))}, after 10 s ${mb(heaps[0])}; it grew by ${(growth / 1000).toFixed(1)} kB a minute`,
  ]);
}

function asked(): Asked | undefined {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    options: { seconds: text, minutes: text, json: text, help: { type: "boolean" } },
  });
  if (values.help) return undefined;
  const number = (name: "seconds" | "minutes", fallback: number, most: number): number => {
    const value = Number(values[name] ?? fallback);
    if (value >= 0 && value <= most) return value;
    throw new UsageError(`--${name} is "${values[name]}"; expected a number from 0 to ${most}.`);
  };
  writable("json", values.json);
  return { seconds: number("seconds", 3, 60), minutes: number("minutes", 0, 600), json: values.json };
}

try {
  const options = asked();
  if (options === undefined) console.log(HELP);
  else process.exitCode = await main(options);
} catch (error) {
  if (!(error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")))
    throw error;
  console.error(`${(error as Error).message}\n\n${HELP}`);
  process.exitCode = 2;
}
