// `npm run bench:scale`: the table of docs/scale.md, what nets of several sizes need: memory and work from `model.plan`, the time of a step
// planned and measured, epochs from that. How near plans come to the truth, point by point, is scaling.ts.

import {
  adam,
  crossEntropy,
  dataset,
  dense,
  init,
  type ModelPlan,
  relu,
  type Sequential,
  type Xent,
} from "../src/index.ts";
import { type Duration, forSeconds } from "./duration.ts";
import { rounded, summarize } from "./statistics.ts";
import { print, progress } from "./terminal.ts";

const HELP = `Usage: npm run bench:scale -- [--seconds N] [--json FILE]

Nets of several sizes: parameters, memory and work of a plan, the time of a step
as planned and as measured, and of epochs of a hundred thousand and a million rows.
One thread, Adam, the default build. Prints the table of docs/scale.md.
  --seconds N  measuring for each net (default 2)
  --help       this text`;

/** Widths from the features to the classes, and the rows of a batch. */
export const NETS: readonly (readonly [widths: readonly number[], batch: number])[] = [
  [[4, 16, 3], 16],
  [[64, 128, 10], 32],
  [[784, 128, 10], 128],
  [[784, 512, 256, 10], 128],
  [[784, 1024, 1024, 1024, 10], 128],
  [[784, 2048, 2048, 10], 256],
  [[784, 4096, 4096, 10], 256],
  [[784, 8192, 8192, 10], 256],
];

/** What does not depend on the machine. */
export interface Size {
  readonly name: string;
  readonly parameters: number;
  /** of the whole memory, with a batch of rows as data */
  readonly mib: number;
  readonly mflop: number;
}

export function sizeOf(xent: Xent, widths: readonly number[], batch: number): Size & { plan: ModelPlan } {
  const model = make(xent, widths);
  const plan = model.plan({ batchSize: batch });
  const parameters = widths.slice(1).reduce((sum, n, i) => sum + n * ((widths[i] as number) + 1), 0);
  model.dispose();
  const [mib, mflop] = [plan.bytes.total / 2 ** 20, plan.flops / 1e6];
  return { name: `${widths.join("-")}, ${batch} rows`, parameters, mib, mflop, plan };
}

function make(xent: Xent, widths: readonly number[]): Sequential {
  const [input = 1, ...units] = widths;
  const layers = units.flatMap((n, i) => (i === units.length - 1 ? [dense(n)] : [dense(n), relu()]));
  // so small that the data stay those of a net that learns
  return xent.sequential({ input, seed: 1, loss: crossEntropy(), optimizer: adam({ lr: 1e-7 }) }, layers);
}

/** Median milliseconds of a step, over rounds of `fit`. */
async function measure(
  xent: Xent,
  widths: readonly number[],
  batch: number,
  stepMs: number,
  seconds: number,
): Promise<number> {
  const steps = Math.max(2, Math.min(2000, Math.round(100 / stepMs)));
  const [features, classes] = [widths[0] as number, widths.at(-1) as number];
  const data = dataset({
    x: Float32Array.from({ length: batch * steps * features }, (_, i) => ((i * 7919) % 1000) / 500 - 1),
    y: Int32Array.from({ length: batch * steps }, (_, i) => i % classes),
    features,
  });
  const model = make(xent, widths);
  const rounds: number[] = [];
  for (const end = performance.now() + 1000 * seconds; performance.now() < end || rounds.length < 4; ) {
    const start = performance.now();
    await model.fit(data, { batchSize: batch, shuffle: false, inspect: false });
    rounds.push((performance.now() - start) / steps);
  }
  model.dispose();
  // V8 compiles the kernels in the first
  return summarize(rounds.slice(1)).median;
}

async function main({ seconds, json }: Duration): Promise<number> {
  const xent = await init({ threads: 1 });
  const rows: (Size & { plannedMs: number; measuredMs: number })[] = [];
  for (const [widths, batch] of NETS) {
    const { plan, ...size } = sizeOf(xent, widths, batch);
    progress(`${size.name} …`);
    const measuredMs = rounded(await measure(xent, widths, batch, plan.stepMs, seconds));
    rows.push({ ...size, plannedMs: rounded(plan.stepMs), measuredMs });
  }
  progress("");
  if (json !== undefined) {
    const { writeFileSync } = await import("node:fs");
    writeFileSync(json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
  const cells = rows.map(({ name, parameters, mib, mflop, plannedMs, measuredMs }, i) => {
    const epoch = (n: number): string => span((measuredMs * Math.ceil(n / (NETS[i]?.[1] ?? 1))) / 1000);
    const fixed = sizeCells({ name, parameters, mib, mflop });
    return [...fixed, span(plannedMs / 1000), span(measuredMs / 1000), epoch(1e5), epoch(1e6)];
  });
  const head = [
    "net, batch",
    "parameters",
    "memory",
    "MFLOP a step",
    "planned",
    "measured",
    "epoch of 10⁵",
    "of 10⁶",
  ];
  const { build, tile } = xent.info;
  print([
    `Node ${process.versions.node}, ${build} ${tile}, one thread`,
    "",
    ...[head, head.map((_, i) => (i === 0 ? "---" : "---:")), ...cells].map(
      (row) => `| ${row.join(" | ")} |`,
    ),
  ]);
  return 0;
}

/** The columns that docs/scale.md has on every machine. */
export function sizeCells({ name, parameters, mib, mflop }: Size): string[] {
  return [name, parameters.toLocaleString("en"), bytes(mib), digits(mflop)];
}

const bytes = (mib: number): string =>
  mib < 1 ? `${digits(1024 * mib)} KiB` : mib < 1024 ? `${digits(mib)} MiB` : `${digits(mib / 1024)} GiB`;

const digits = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(2)));

/** Seconds in the unit in which they are read. */
function span(seconds: number): string {
  if (seconds < 1e-3) return `${digits(1e6 * seconds)} µs`;
  if (seconds < 1) return `${digits(1e3 * seconds)} ms`;
  if (seconds < 120) return `${digits(seconds)} s`;
  return seconds < 7200 ? `${digits(seconds / 60)} min` : `${digits(seconds / 3600)} h`;
}

if (process.argv[1]?.endsWith("scale.ts") === true)
  process.exitCode = await forSeconds(HELP, [2, 0.1, 600], main);
