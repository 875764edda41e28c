// From turns to figures: medians over rounds, shares of the peak, what threads gain, and what makes them doubtful.

import { CASES, type Case, type Form, nameOf } from "./cases.ts";
import type { Engine, Turn } from "./messages.ts";

/** The middle of some numbers, and where their middle eight tenths lie. */
export interface Summary {
  readonly p10: number;
  readonly median: number;
  readonly p90: number;
}

/** Of one case on so many threads. */
export interface Figures {
  readonly threads: number;
  readonly rounds: number;
  readonly microseconds: Summary;
  readonly gflops: Summary;
  /** of the peak of one core, times the threads; undefined where there is no peak */
  readonly share: Summary | undefined;
  /** of a step */
  readonly samplesPerSecond: Summary | undefined;
  /** against one thread in the same rounds; undefined for one */
  readonly speedUp: Summary | undefined;
}

export interface Row {
  readonly name: string;
  readonly of: Case;
  /** fewest threads first; none before the first round */
  readonly figures: readonly Figures[];
}

/** A row for each case, whatever has been measured of it yet. */
export function rowsOf(turns: readonly Turn[]): Row[] {
  const kinds = [...new Set(turns.map(({ threads }) => threads))].sort((a, b) => a - b);
  return CASES.map((of, item) => {
    const own = turns.filter((turn) => turn.item === item);
    const figures = kinds.flatMap((threads) => {
      const some = own.filter((turn) => turn.threads === threads);
      return some.length === 0 ? [] : [figuresOf(of, some, threads === 1 ? [] : own)];
    });
    return { name: nameOf(of), of, figures };
  });
}

/** @param others  turns of the same case, those of one thread among them */
function figuresOf(of: Case, some: readonly Turn[], others: readonly Turn[]): Figures {
  const threads = some[0]?.threads ?? 1;
  const alone = new Map(
    others.filter((turn) => turn.threads === 1).map(({ round, microseconds }) => [round, microseconds]),
  );
  return {
    threads,
    rounds: some.length,
    microseconds: summary(some.map(({ microseconds }) => microseconds)),
    gflops: summary(some.map(gflops)),
    share: known(
      some.flatMap((turn) => (turn.peak === undefined ? [] : [gflops(turn) / (threads * turn.peak)])),
    ),
    samplesPerSecond:
      of.kind === "step"
        ? summary(some.map(({ microseconds }) => (1e6 * of.batch) / microseconds))
        : undefined,
    speedUp: known(
      some.flatMap(({ round, microseconds }) => {
        const one = alone.get(round);
        return one === undefined ? [] : [one / microseconds];
      }),
    ),
  };
}

/** GFLOP/s of one core, over all samples of a run; undefined where there are none. */
export function peakOf(turns: readonly Turn[]): Summary | undefined {
  return known(turns.flatMap(({ peak }) => (peak === undefined ? [] : [peak])));
}

/** What happened to the page during a run. */
export interface Circumstances {
  readonly hidden: boolean;
  readonly battery: boolean;
}

/** The peak may vary by so much, as a share of its median, before the machine counts as busy. */
const BUSY = 0.1;
/** A share that is more than what measuring is off. */
const ABOVE = 1.02;
/** A clock whose steps are longer, in milliseconds, is spoken of: the longest stretch is 200 ms. */
const COARSE_MS = 2;

/** What makes figures doubtful, in sentences. */
export function doubts(turns: readonly Turn[], engine: Engine, { hidden, battery }: Circumstances): string[] {
  const found: string[] = [];
  const peak = peakOf(turns);
  const spread = peak === undefined ? 0 : (peak.p90 - peak.p10) / peak.median;
  const shares = rowsOf(turns).flatMap(({ figures }) => figures.map(({ share }) => share?.median ?? 0));
  if (spread > BUSY)
    found.push(
      `The peak varied by ${Math.round(100 * spread)} % during the run: something else was at work on this machine, or its clock changed. Measure again when it is quiet.`,
    );
  else if (Math.max(0, ...shares) > ABOVE)
    found.push(
      "More than the peak was reached: this browser compiles the program that measures the peak less well than the kernels, or widens these.",
    );
  if (hidden)
    found.push(
      "The page was not in sight for a part of the run, and browsers give less time to what nobody sees.",
    );
  if (battery) found.push("The machine ran on its battery, on which many processors are slower.");
  if (engine.clockMs > COARSE_MS)
    found.push(
      `This browser's clock has steps of ${engine.clockMs} ms: single figures are up to ${Math.ceil(engine.clockMs / 2)} % off.`,
    );
  return found;
}

/** What `Copy as JSON` gives: all that is needed to hold the run against another. */
export function toJson(
  turns: readonly Turn[],
  engine: Engine,
  { form, date, ...circumstances }: Circumstances & { readonly form: Form; readonly date: Date },
): string {
  const { info, clockMs, noPeak } = engine;
  const document = {
    bench: "xent",
    date: date.toISOString(),
    userAgent: navigator.userAgent,
    hardwareConcurrency: navigator.hardwareConcurrency,
    crossOriginIsolated,
    ...info,
    clockMs,
    form,
    peakGflops: peakOf(turns) ?? null,
    noPeak: noPeak ?? null,
    doubts: doubts(turns, engine, circumstances),
    results: rowsOf(turns).flatMap(({ name, of, figures }) =>
      figures.map(({ share, samplesPerSecond, speedUp, ...more }) => ({
        name,
        ...of,
        ...more,
        share: share ?? null,
        ...(of.kind === "step" && { samplesPerSecond }),
        speedUp: speedUp ?? null,
      })),
    ),
  };
  return JSON.stringify(
    document,
    (_, value: unknown) => (typeof value === "number" ? Number(value.toPrecision(6)) : value),
    2,
  );
}

function gflops({ flops, microseconds }: Turn): number {
  return flops / microseconds / 1000;
}

function known(values: readonly number[]): Summary | undefined {
  return values.length === 0 ? undefined : summary(values);
}

function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  return { p10: quantile(sorted, 0.1), median: quantile(sorted, 0.5), p90: quantile(sorted, 0.9) };
}

/** Interpolated between neighbours. */
function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}
