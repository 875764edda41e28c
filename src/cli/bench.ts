// `xent bench`: how fast this machine is with xent. Matrix products, and training steps as `fit` does them; the median of many samples
// behind a warm-up. It says nothing of other libraries.

import {
  adam,
  crossEntropy,
  type Dataset,
  dataset,
  dense,
  relu,
  type Sequential,
  type Xent,
} from "../index.ts";
import { openRuntime } from "./engine.ts";
import { environment, environmentFacts } from "./environment.ts";
import { EXIT } from "./errors.ts";
import { factLines } from "./info.ts";
import type { EngineOptions, OutputOptions } from "./options.ts";
import { digits, thousands } from "./text/format.ts";
import { openScreen } from "./text/terminal.ts";
import { table, wrap } from "./text/text.ts";

/** What is measured: n × n matrices, or the widths of a net and the rows of a batch. */
const PRODUCTS = [128, 512, 1024] as const;
const NETS = [
  { widths: [4, 16, 3], batch: 16 },
  { widths: [64, 32, 10], batch: 32 },
  { widths: [784, 128, 10], batch: 128 },
  { widths: [784, 512, 256, 10], batch: 128 },
] as const;

/** Share of the time of each that is warm-up: V8 compiles anew what runs often, caches fill, threads start. */
const WARM_UP = 0.25;
/** Milliseconds that a sample takes at least: timers have a resolution, and interruptions a price. */
const SAMPLE = 10;
/** Steps of a sample, and so batches of a data set, at most. */
const MOST_STEPS = 2048;

interface Measured {
  readonly name: string;
  /** milliseconds of one product, or one step: the median of all samples */
  readonly ms: number;
  readonly samples: number;
  readonly flops: number;
  /** a step */
  readonly rows?: number;
}

type Tell = (share: number) => void;

export async function bench({
  seconds = 10,
  ...options
}: EngineOptions & OutputOptions & { readonly seconds?: number }): Promise<void> {
  const screen = openScreen(options);
  const stop = (): void => {
    screen.clear();
    process.exit(EXIT.interrupted);
  };
  process.on("SIGINT", stop);
  const xent = await openRuntime(options);
  try {
    const each = (seconds * 1000) / (PRODUCTS.length + NETS.length);
    const jobs = [
      ...PRODUCTS.map((n) => ({
        name: `${n} × ${n} × ${n}`,
        run: (tell: Tell) => product(xent, n, each, tell),
      })),
      ...NETS.map(({ widths, batch }) => ({
        name: `${widths.join("-")}, batch ${batch}`,
        run: (tell: Tell) => steps(xent, widths, batch, each, tell),
      })),
    ];
    const measured: Measured[] = [];
    for (const [i, { name, run }] of jobs.entries()) {
      const tell: Tell = (share) => screen.progress(i + Math.min(share, 1), jobs.length, "measuring", name);
      measured.push({ name, ...(await run(tell)) });
    }
    screen.clear();
    // the work has settled whether V8 widens
    const found = environment(xent);
    screen.emit("environment", found);
    for (const each of measured) screen.emit("bench", { ...each, gflops: gflops(each) });
    if (screen.json) return;
    const { paint, columns } = screen;
    const products = measured.filter(({ rows }) => rows === undefined);
    const nets = measured.filter(({ rows }) => rows !== undefined);
    screen.say(
      ...factLines(environmentFacts(found), paint, columns),
      "",
      ...table(
        ["sgemm", "ms", "GFLOP/s", "samples"],
        products.map((each) => [each.name, digits(each.ms), gflops(each).toFixed(1), String(each.samples)]),
        paint,
      ),
      "",
      ...table(
        ["training step", "µs", "rows/s", "GFLOP/s", "samples"],
        nets.map((each) => [
          each.name,
          digits(each.ms * 1000),
          thousands(((each.rows ?? 0) / each.ms) * 1000),
          gflops(each).toFixed(1),
          String(each.samples),
        ]),
        paint,
      ),
      "",
      ...wrap(NOTE, columns).map((line) => paint("dim", line)),
    );
  } finally {
    process.off("SIGINT", stop);
    xent.dispose();
  }
}

const NOTE =
  "sgemm: C ← A·B in f32, 2·n³ operations, without copies. A step: fit with adam and crossEntropy on f32 rows in memory, relu between " +
  "layers; batch gathered, forward, backward and update, with what fit does between steps. Medians, warm-up left out.";

const gflops = ({ flops, ms }: Measured): number => flops / ms / 1e6;

async function product(xent: Xent, n: number, budget: number, tell: Tell): Promise<Omit<Measured, "name">> {
  const [a, b, c] = xent.alloc([n * n, n * n, n * n]) as [Float32Array, Float32Array, Float32Array];
  a.set(numbers(n * n));
  b.set(numbers(n * n));
  const times: number[] = [];
  const start = performance.now();
  const warm = start + WARM_UP * budget;
  for (let now = start; times.length === 0 || now < start + budget; ) {
    const begin = performance.now();
    let done = 0;
    do {
      xent.sgemm({ m: n, n, k: n, a, b, c });
      done++;
      now = performance.now();
    } while (now - begin < SAMPLE);
    if (begin >= warm) times.push((now - begin) / done);
    tell((now - start) / budget);
    // signals, the bar, other threads
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { ms: median(times), samples: times.length, flops: 2 * n ** 3 };
}

/** A sample is an epoch, of as many steps as take SAMPLE. */
async function steps(
  xent: Xent,
  widths: readonly number[],
  batch: number,
  budget: number,
  tell: Tell,
): Promise<Omit<Measured, "name">> {
  const [input = 1, ...units] = widths;
  const layers = units.flatMap((each, i) => (i === 0 ? [dense(each)] : [relu(), dense(each)]));
  const model = xent.sequential({ input, seed: 1, loss: crossEntropy(), optimizer: adam() }, layers);
  try {
    const { flops, stepMs } = model.plan({ batchSize: batch });
    const count = Math.max(1, Math.min(MOST_STEPS, Math.ceil(SAMPLE / stepMs)));
    const times = await epochs(model, rowsOf(count * batch, input, units.at(-1) ?? 1), batch, budget, tell);
    return { ms: median(times) / count, samples: times.length, flops, rows: batch };
  } finally {
    model.dispose();
  }
}

/** Milliseconds of epochs, those of the warm-up left out. */
async function epochs(
  model: Sequential,
  data: Dataset,
  batchSize: number,
  budget: number,
  tell: Tell,
): Promise<number[]> {
  const enough = new AbortController();
  const times: number[] = [];
  const start = performance.now();
  let last = start;
  const onEpochEnd = (): void => {
    const now = performance.now();
    if (last >= start + WARM_UP * budget) times.push(now - last);
    last = now;
    tell((now - start) / budget);
    if (times.length > 0 && now >= start + budget) enough.abort();
  };
  const many = Number.MAX_SAFE_INTEGER;
  const { signal } = enough;
  await model.fit(data, { epochs: many, batchSize, inspect: false, signal, callbacks: [{ onEpochEnd }] });
  return times;
}

/** Rows of any numbers from −1 to 1, and class ids. */
function rowsOf(rows: number, features: number, classes: number): Dataset {
  const y = Int32Array.from({ length: rows }, (_, i) => i % classes);
  return dataset({ x: numbers(rows * features), y, features });
}

function numbers(n: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: n }, () => {
    // Lehmer's generator: any numbers will do that are neither 0 nor alike
    state = (state * 48271) % 0x7fffffff;
    return (state / 0x7fffffff) * 2 - 1;
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low = 0, high = 0] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (low + high) / 2;
}
