// The figures as JSON, which is a contract: bench/README.md lists the fields.

import { availableParallelism, cpus, loadavg } from "node:os";
import { copiedBytes, SMALL_BYTES } from "./copy.ts";
import { type Merged, merge } from "./merge.ts";
import type { PeakSample } from "./probe.ts";
import type { Outcome } from "./protocol.ts";
import { rounded, type Summary, summarize } from "./statistics.ts";
import { type Variant, variantName } from "./variants.ts";

export interface Header {
  readonly cpu: string;
  readonly cores: number;
  /** the first of them, as v8, build and tile are of the first variant */
  readonly engine: string;
  readonly v8: string | null;
  readonly platform: string;
  /** programs that were running, or waiting to, in the minute before */
  readonly load: number;
  readonly build: string;
  readonly tile: string;
  readonly variants: readonly (Variant & { readonly engine: string })[];
  /** ISO 8601, UTC */
  readonly date: string;
  /** a smoke run: the figures mean nothing */
  readonly smoke: boolean;
  /** processes that each variant was measured in */
  readonly processes: number;
  /** turns of each case in each process, at least */
  readonly rounds: number;
  /** P, by which every share is; null when no engine for the probe was to be had */
  readonly peakGflops: number | null;
  /** the peak of products and sums apart, on the same samples: the `simd` build's own ceiling at the time */
  readonly mulAddGflops: number | null;
  readonly clockGhz: number | null;
  readonly peakEngine: string | null;
  /** GB/s of a plain copy of so many bytes, each read and written once */
  readonly copyGbytes: readonly {
    readonly engine: string;
    readonly bytes: number;
    readonly gbytes: number;
  }[];
}

export interface Result {
  readonly name: string;
  readonly engine: string;
  readonly build: string;
  readonly tile: string;
  readonly wide: boolean;
  readonly threads: number;
  /** the time of the same build and tile on one thread, in the same processes, / medianMs; null on one thread */
  readonly speedup: number | null;
  /** median over rounds of a run's time, and over processes */
  readonly medianMs: number;
  /** floating-point operations / medianMs; of a step, those of its products */
  readonly gflops: number;
  readonly shareOfPeak: number | null;
  /** elements / medianMs in 10⁹ a second, of the suite `elementwise`; else null */
  readonly gelements: number | null;
  /** bytes read and written / medianMs in 10⁹ a second, of kernels that memory bounds; else null */
  readonly gbytes: number | null;
  /** floating-point operations a byte that is read or written, by the op table */
  readonly flopsPerByte: number;
  /** of a product: useful columns of C by computed ones; else null */
  readonly lanes: number | null;
  /** where the middle eight tenths of the rounds lie: on a shared core, p10 is about what a free one gives */
  readonly spread: { readonly p10Ms: number; readonly p90Ms: number };
}

export interface Report {
  readonly header: Header;
  readonly results: readonly Result[];
}

/** What of the header is known before anything is measured. */
export type Setting = Pick<Header, "cpu" | "cores" | "platform" | "load" | "date" | "smoke" | "processes">;

export function setting(smoke: boolean, processes: number): Setting {
  const cpu = (cpus()[0]?.model ?? "unknown").replace(/\s+/g, " ").trim();
  return {
    cpu,
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0] ?? 0,
    date: new Date().toISOString(),
    smoke,
    processes,
  };
}

/** What stands above the tables of a script that measures by itself. */
export function settingLine({ engine, cpu, cores, date }: Setting & { readonly engine: string }): string {
  return `${engine}, ${cpu}, ${cores} cores, ${date.slice(0, 16).replace("T", " ")} UTC`;
}

/**
 * @param outcomes    of processes that measured something, at least one
 * @param names       of cases, in the order of the results
 * @param peakEngine  null when there were no peak samples
 */
export function makeReport(
  known: Setting,
  outcomes: readonly Outcome[],
  names: readonly string[],
  peakEngine: string | null,
): Report {
  const peak = peakOf(outcomes.flatMap((outcome) => outcome.peak));
  const merged = merge(outcomes);
  const variants = variantsOf(outcomes);
  const [first] = outcomes;
  const header: Header = {
    cpu: known.cpu,
    cores: known.cores,
    engine: first?.engine ?? "",
    v8: first?.v8 ?? null,
    platform: known.platform,
    load: known.load,
    build: variants[0]?.build ?? "",
    tile: variants[0]?.tile ?? "",
    variants,
    date: known.date,
    smoke: known.smoke,
    processes: known.processes,
    rounds: Math.min(...outcomes.map(({ rounds }) => rounds)),
    peakGflops: peak && rounded(peak.gflops.median),
    mulAddGflops: peak && rounded(peak.mulAdd.median),
    clockGhz: peak && rounded(peak.ghz.median),
    peakEngine: peak && peakEngine,
    copyGbytes: merged.flatMap(copied),
  };
  const place = variants.map(({ engine, ...variant }) => `${engine} ${variantName(variant)}`);
  const results = merged
    .flatMap((item) => resultOf(item, peak, merged))
    .map((result) => {
      const variant = place.indexOf(`${result.engine} ${variantName(result)}`);
      return { result, at: names.indexOf(result.name) * place.length + variant };
    })
    .sort((a, b) => a.at - b.at)
    .map(({ result }) => result);
  return { header, results };
}

/** Each once, engine by engine. */
function variantsOf(outcomes: readonly Outcome[]): Header["variants"] {
  const engines = [...new Set(outcomes.map(({ engine }) => engine))];
  const all = engines.flatMap((engine) =>
    outcomes
      .filter((outcome) => outcome.engine === engine)
      .flatMap(({ variants }) => variants.map((variant) => ({ engine, ...variant }))),
  );
  return [...new Map(all.map((entry) => [`${entry.engine} ${variantName(entry)}`, entry])).values()];
}

function copied({ engine, name, work, median }: Merged): Header["copyGbytes"][number][] {
  const bytes = copiedBytes(name);
  return bytes === undefined ? [] : [{ engine, bytes, gbytes: rounded(work.bytes / median / 1e6) }];
}

/** Speed of the copy that a kernel on a batch is compared with: of a block of about its size. */
export function copyOf(copies: Header["copyGbytes"], engine: string): number | undefined {
  return copies.find((copy) => copy.engine === engine && copy.bytes === SMALL_BYTES)?.gbytes;
}

function resultOf(
  { engine, name, variant, work, median, p10, p90 }: Merged,
  peak: PeakFigures | null,
  all: readonly Merged[],
): Result[] {
  if (variant === null) return [];
  const alone = variantName({ ...variant, threads: 1 });
  const one = all.find(
    (item) =>
      item.engine === engine && item.name === name && item.variant && variantName(item.variant) === alone,
  );
  const { build, tile, wide, threads } = variant;
  const gflops = work.flops / median / 1e6;
  return [
    {
      name,
      engine,
      build,
      tile,
      wide,
      threads,
      speedup: variant.threads === 1 || one === undefined ? null : rounded(one.median / median),
      medianMs: rounded(median),
      gflops: rounded(gflops),
      shareOfPeak: peak && rounded(gflops / peak.gflops.median),
      gelements: work.elements === undefined ? null : rounded(work.elements / median / 1e6),
      gbytes: work.memoryBound ? rounded(work.bytes / median / 1e6) : null,
      flopsPerByte: rounded(work.flops / work.bytes),
      lanes: work.lanes === undefined ? null : rounded(work.lanes),
      spread: { p10Ms: rounded(p10), p90Ms: rounded(p90) },
    },
  ];
}

export interface PeakFigures {
  readonly gflops: Summary;
  readonly mulAdd: Summary;
  readonly ghz: Summary;
}

/** Medians and deciles over samples; null of none. */
export function peakOf(samples: readonly PeakSample[]): PeakFigures | null {
  if (samples.length === 0) return null;
  return {
    gflops: summarize(samples.map((s) => s.gflops)),
    mulAdd: summarize(samples.map((s) => s.mulAddGflops)),
    ghz: summarize(samples.map((s) => s.ghz)),
  };
}
