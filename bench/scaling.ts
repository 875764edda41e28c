// `npm run bench:scaling`: how the time of a training step grows with batch, width, depth, rows and threads, and how near the
// cost model comes (docs/adr/0014). The speed of the kernels is measured in the same rounds as the steps, as `plan` measures it.

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Pace } from "../src/base/cost.ts";
import { paceFrom, probesOf } from "../src/model/speed.ts";
import type { Core } from "../src/wasm/runtime.ts";
import { AXES, type Axis, netPoints, type Point, pointName, pointsOf } from "./axes.ts";
import type { Case } from "./case.ts";
import { type Duration, forSeconds } from "./duration.ts";
import { type Growth, growth, upperHalf } from "./exponent.ts";
import { findVariants, withThreads } from "./find-variants.ts";
import { measure } from "./harness.ts";
import { setting, settingLine } from "./report.ts";
import { scalingPage } from "./scaling-page.ts";
import { CEILING, netName } from "./shapes.ts";
import { quantile, rounded, summarize } from "./statistics.ts";
import { type StepCase, stepCase } from "./step.ts";
import { aligned, time } from "./table.ts";
import { print, progress } from "./terminal.ts";
import { threadsSpecs } from "./threads.ts";
import { variantName } from "./variants.ts";
import { hasCores, turn } from "./windows.ts";

const HELP = `Usage: npm run bench:scaling -- [--seconds N] [--json FILE] [--html FILE]

Training steps along five axes and the nets of the bench: measured, and as the cost
model predicts; relaxed, wide where there is one, and simd for the nets.
  --seconds N  for each of them, beside what it takes to make data (default 60)
  --json FILE  write { header, axes, nets } as JSON
  --html FILE  write the axes as a page of charts
  --help       this text`;

const BUILDS = ["relaxed", "wide", "simd"] as const;
type Choice = (typeof BUILDS)[number];

/** A step, as it was measured and predicted; null where there were never so many cores. */
export interface Line {
  readonly name: string;
  readonly variant: string;
  readonly measuredMs: number | null;
  readonly predictedMs: number | null;
  /** predicted / measured */
  readonly ratio: number | null;
}

export interface AxisResult {
  readonly axis: Axis;
  readonly variant: string;
  readonly points: readonly (Line & { readonly size: number })[];
  /** over all sizes, and over those from the geometric middle on; null where too few were measured */
  readonly whole: Growth | null;
  readonly upper: Growth | null;
}

interface Found {
  readonly axes: readonly AxisResult[];
  readonly nets: readonly Line[];
}

const ROUND_MS = 20;
const WARM_MS = 120;
/** Of the time, what the windows with several threads take. */
const TOGETHER = 0.3;
/** Turns of a case in such a window, and their length. */
const [TURNS, TURN_MS, PROBE_MS] = [4, 14, 4];

const here = fileURLToPath(import.meta.url);
const [choice, seconds, cores] = process.argv.slice(2);
if (process.env.XENT_SCALING === "child")
  console.log(JSON.stringify(await find(choice as Choice, Number(seconds), Number(cores))));
else process.exitCode = await forSeconds(HELP, [60, 1, 3600], main, true);

function main({ seconds: each, json, html }: Duration): number {
  const known = setting(false, 1);
  const found: Found[] = [];
  for (const build of BUILDS) {
    progress(`${build}: ${each} s`);
    const env = { ...process.env, XENT_SCALING: "child" };
    const args = [...process.execArgv, here, build, String(each), String(known.cores)];
    const child = spawnSync(process.execPath, args, { env, encoding: "utf8", maxBuffer: 2 ** 26 });
    progress("");
    if (child.status !== 0) {
      console.error(child.stderr);
      return 1;
    }
    found.push(JSON.parse(child.stdout) as Found);
  }
  const header = { engine: `Node ${process.versions.node}`, ...known, seconds: each };
  const axes = found.flatMap((one) => one.axes);
  const nets = found.flatMap((one) => one.nets);
  print([
    settingLine(header),
    ...axes.flatMap(axisLines),
    "",
    ...table("nets", nets, ({ name, variant }) => `${name}, ${variant}`),
    "",
    ...deviationLines([
      ...axes.map(({ axis, variant, points }) => [`${axis}, ${variant}`, points] as const),
      ["nets", nets],
    ]),
  ]);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ header, axes, nets }, undefined, 2)}\n`);
  if (html !== undefined) writeFileSync(html, scalingPage(header.engine, header.cpu, header.date, axes));
  return 0;
}

function axisLines({ axis, variant, points, whole, upper }: AxisResult): string[] {
  const said = (found: Growth | null): string =>
    found === null ? "–" : `${found.exponent.toFixed(2)} (R² ${found.r2.toFixed(3)})`;
  return [
    "",
    ...table(`${axis}, ${variant}`, points, ({ size }) => String(size)),
    `time ∝ ${axis}^${said(whole)}, from the middle on ^${said(upper)}`,
  ];
}

function table<L extends Line>(title: string, lines: readonly L[], nameOf: (line: L) => string): string[] {
  const ms = (value: number | null): string => (value === null ? "–" : time(value));
  const row = (line: L): string[] => [
    nameOf(line),
    ms(line.measuredMs),
    ms(line.predictedMs),
    line.ratio?.toFixed(2) ?? "–",
  ];
  return aligned([[title, "measured", "predicted", "ratio"], ...lines.map(row)], [true, false, false, false]);
}

/** How far predictions are off, table by table and as a whole. */
function deviationLines(tables: readonly (readonly [string, readonly Line[]])[]): string[] {
  const all = ["all", tables.flatMap(([, lines]) => lines)] as const;
  const row = ([name, lines]: readonly [string, readonly Line[]]): string[] => {
    const off = lines
      .flatMap(({ ratio }) => (ratio === null ? [] : [Math.abs(ratio - 1)]))
      .sort((a, b) => a - b);
    const percent = (q: number): string =>
      off.length === 0 ? "–" : `${(100 * quantile(off, q)).toFixed(1)} %`;
    return [name, percent(0.5), percent(1)];
  };
  return aligned([["off by", "median", "at most"], ...tables.map(row), row(all)], [true, false, false]);
}

/** The child: one process for each build, as V8's widening holds for a whole one. */
async function find(build: Choice, each: number, most: number): Promise<Found> {
  const [runnable] = (await findVariants([build], false)).list;
  if (runnable === undefined) return { axes: [], nets: [] };
  const { core } = runnable;
  const variant = variantName(runnable.variant);
  const listed = build === "simd" ? [] : AXES.map((axis) => [axis, pointsOf(axis, most)] as const);
  const nets = netPoints();
  const points = new Map(
    [...listed.flatMap(([, list]) => [...list.values()]), ...nets].map((point) => [pointName(point), point]),
  );
  const lines = await alone(core, points, (listed.length === 0 ? 1 : 1 - TOGETHER) * each);
  const threads = [...(listed.find(([axis]) => axis === "threads")?.[1].values() ?? [])].slice(1);
  for (const point of threads) {
    const two = (await withThreads(runnable, point.threads)).core;
    lines.set(pointName(point), together(core, two, point, (TOGETHER * each) / threads.length));
    two.crew?.end("measured");
  }
  const lineOf = (point: Point, name: string): Line => {
    const { measuredMs = null, predictedMs = null } = lines.get(pointName(point)) ?? {};
    const ratio = measuredMs === null || predictedMs === null ? null : rounded(predictedMs / measuredMs);
    return { name, variant, measuredMs, predictedMs, ratio };
  };
  const axes = listed.map(([axis, list]): AxisResult => {
    const along = [...list].map(([size, point]) => ({ size, ...lineOf(point, pointName(point)) }));
    const times = along.flatMap(({ size, measuredMs }) =>
      measuredMs === null ? [] : [[size, measuredMs] as const],
    );
    const grown = (some: typeof times): Growth | null => (some.length < 2 ? null : growth(some));
    return { axis, variant, points: along, whole: grown(times), upper: grown(upperHalf(times)) };
  });
  return { axes, nets: nets.map((point) => lineOf(point, netName(point.net))) };
}

type Times = Pick<Line, "measuredMs" | "predictedMs">;

/** Points on one thread and the probes of `plan`, in the same rounds; medians over the rounds. */
async function alone(
  core: Core,
  points: ReadonlyMap<string, Point>,
  each: number,
): Promise<Map<string, Times>> {
  const steps = new Map<string, StepCase>();
  for (const [name, { net, rows, threads }] of points) {
    if (threads > 1) continue;
    const made = stepCase(core, net, rows);
    const problem = made.check();
    if (problem !== undefined) throw new Error(`${name}: ${problem}`);
    steps.set(name, made);
  }
  const probes = probesOf(core);
  const cases: Case[] = [
    ...steps.values(),
    ...probes.map(({ run }, i) => ({
      name: `probe ${i}`,
      work: { flops: 0, bytes: 0 },
      run,
      check: () => undefined,
    })),
  ];
  const budget = { rounds: 3, totalMs: 1000 * each, roundMs: ROUND_MS, warmMs: Math.min(WARM_MS, 10 * each) };
  const { timings } = await measure(
    cases,
    async () => undefined,
    budget,
    () => {},
  );
  const medians = new Map(timings.map(({ case: item, turns }) => [item, summarize(turns).median]));
  const pace = paceFrom(probes, () =>
    cases.slice(steps.size).map((item) => 1e6 * (medians.get(item) as number)),
  );
  return new Map(
    [...steps].map(([name, step]) => [
      name,
      { measuredMs: rounded(medians.get(step) as number), predictedMs: rounded(step.predict(pace)) },
    ]),
  );
}

/** One point on several threads, in the windows in which there are so many cores; the probes run there too, on one thread. */
function together(one: Core, several: Core, { net, rows, threads }: Point, each: number): Times {
  const ceiling = threadsSpecs().find(({ name }) => name === CEILING);
  const most = [one, several].map((core) => ceiling?.make(core) as Case) as [Case, Case];
  const step = stepCase(several, net, rows);
  const probes = probesOf(one);
  for (const item of [...most, step, ...probes]) turn(item, WARM_MS);
  const median = (item: Pick<Case, "run">, ms: number): number => summarize(turn(item, ms)).median;
  const counted: { ms: number; pace: Pace }[] = [];
  for (const end = performance.now() + 1000 * each; performance.now() < end; ) {
    const turns = Array.from({ length: TURNS }, () => ({
      gain: median(most[0], TURN_MS) / median(most[1], TURN_MS),
      ms: median(step, TURN_MS),
      pace: paceFrom(probes, (list) => list.map((probe) => 1e6 * median(probe, PROBE_MS))),
    }));
    const middle = (of: (turn: (typeof turns)[number]) => number): number => summarize(turns.map(of)).median;
    if (
      !hasCores(
        threads,
        middle(({ gain }) => gain),
      )
    )
      continue;
    const pace = turns[0]?.pace.map((_, kind) => middle((t) => t.pace[kind] as number)) as unknown as Pace;
    counted.push({ ms: middle(({ ms }) => ms), pace });
  }
  if (counted.length === 0) return { measuredMs: null, predictedMs: null };
  const { median: measuredMs } = summarize(counted.map(({ ms }) => ms));
  const { median: predictedMs } = summarize(counted.map(({ pace }) => step.predict(pace)));
  return { measuredMs: rounded(measuredMs), predictedMs: rounded(predictedMs) };
}
