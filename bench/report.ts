// What the bench says: the JSON, which is a contract, and tables for 80 columns without colours.

import { availableParallelism, cpus, loadavg } from "node:os";
import type { Info } from "../src/model/runtime.ts";
import type { Measured, Timing } from "./harness.ts";
import { engine, type PeakSample } from "./probe.ts";
import { digits, rounded, type Summary, summarize } from "./statistics.ts";

export interface Header {
  readonly cpu: string;
  readonly cores: number;
  readonly engine: string;
  readonly v8: string;
  readonly platform: string;
  /** programs that were running, or waiting to, in the minute before */
  readonly load: number;
  readonly build: string;
  readonly tile: string;
  /** ISO 8601, UTC */
  readonly date: string;
  /** a smoke run: the figures mean nothing */
  readonly smoke: boolean;
  readonly rounds: number;
  /** P, by which every share is; null when no engine for the probe was to be had */
  readonly peakGflops: number | null;
  /** the peak of products and sums apart, on the same samples: the `simd` build's own ceiling at the time */
  readonly mulAddGflops: number | null;
  readonly clockGhz: number | null;
  readonly peakEngine: string | null;
}

export interface Result {
  readonly name: string;
  readonly build: string;
  readonly tile: string;
  readonly wide: boolean;
  readonly threads: number;
  /** median over rounds of a run's time */
  readonly medianMs: number;
  /** floating-point operations of the products / medianMs */
  readonly gflops: number;
  readonly shareOfPeak: number | null;
  /** elements / medianMs in 10⁹ a second, of the suite `elementwise`; else null */
  readonly gelements: number | null;
  /** where the middle eight tenths of the rounds lie: on a shared core, p10 is about what a free one gives */
  readonly spread: { readonly p10Ms: number; readonly p90Ms: number };
}

export interface Report {
  readonly header: Header;
  readonly results: readonly Result[];
}

/** What of the header is known before anything is measured. */
export type Setting = Omit<Header, "rounds" | "peakGflops" | "mulAddGflops" | "clockGhz" | "peakEngine">;

export function setting(info: Info, smoke: boolean): Setting {
  const cpu = (cpus()[0]?.model ?? "unknown").replace(/\s+/g, " ").trim();
  return {
    cpu,
    cores: availableParallelism(),
    engine,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    load: loadavg()[0] ?? 0,
    build: info.build,
    tile: info.tile,
    date: new Date().toISOString(),
    smoke,
  };
}

/** @param peakEngine  null when there were no peak samples */
export function makeReport(
  known: Setting,
  info: Info,
  measured: Measured,
  peakEngine: string | null,
): Report {
  const peak = peakOf(measured.peak);
  const header: Header = {
    ...known,
    rounds: measured.rounds,
    peakGflops: peak && rounded(peak.gflops.median),
    mulAddGflops: peak && rounded(peak.mulAdd.median),
    clockGhz: peak && rounded(peak.ghz.median),
    peakEngine: peak && peakEngine,
  };
  return { header, results: measured.timings.map((timing) => resultOf(timing, info, peak)) };
}

function resultOf(timing: Timing, info: Info, peak: PeakFigures | null): Result {
  const { build, tile, wide, threads } = info;
  const gflops = timing.case.flops / timing.median / 1e6;
  return {
    name: timing.case.name,
    build,
    tile,
    wide,
    threads,
    medianMs: rounded(timing.median),
    gflops: rounded(gflops),
    shareOfPeak: peak && rounded(gflops / peak.gflops.median),
    gelements:
      timing.case.elements === undefined ? null : rounded(timing.case.elements / timing.median / 1e6),
    spread: { p10Ms: rounded(timing.p10), p90Ms: rounded(timing.p90) },
  };
}

interface PeakFigures {
  readonly gflops: Summary;
  readonly mulAdd: Summary;
  readonly ghz: Summary;
}

function peakOf(samples: readonly PeakSample[]): PeakFigures | null {
  if (samples.length === 0) return null;
  return {
    gflops: summarize(samples.map((s) => s.gflops)),
    mulAdd: summarize(samples.map((s) => s.mulAddGflops)),
    ghz: summarize(samples.map((s) => s.ghz)),
  };
}

/** Load average from which the header warns; a machine of its own shows some hundredths. */
const BUSY = 0.7;

export function settingLines(known: Setting, info: Info): string[] {
  const threads = info.threads === 1 ? "1 thread" : `${info.threads} threads`;
  const lines = [
    `date    ${known.date.slice(0, 16).replace("T", " ")} UTC`,
    `CPU     ${known.cpu}, ${known.cores} ${known.cores === 1 ? "core" : "cores"} (${known.platform})`,
    `engine  ${known.engine}, V8 ${known.v8}`,
    `build   ${known.build}, tile ${known.tile}, ${threads}${info.wide ? ", wide" : ""}`,
  ];
  if (known.load >= BUSY && !known.smoke) {
    lines.push(
      `WARNING the machine is busy (load average ${known.load.toFixed(1)}): a neighbour on the same core`,
      "        can halve a product while P keeps its value. Measure when it is quiet.",
    );
  }
  return lines;
}

/** FLOP per cycle of two 128-bit fused multiply-add units, which every x86 of the last ten years has. */
const FLOPS_A_CYCLE = 16;

/** P and the clock, and a warning where they contradict each other. */
export function peakLines(
  samples: readonly PeakSample[],
  peakEngine: string | null,
  reason: string,
): string[] {
  const peak = peakOf(samples);
  if (peak === null) return [`P       none, so there are no shares: ${reason}`];
  const { gflops, mulAdd, ghz } = peak;
  const ratio = gflops.median / (FLOPS_A_CYCLE * ghz.median);
  const lines = [
    `P       ${digits(gflops.median)} GFLOP/s (p10–p90 ${range(gflops)}), ${peakEngine}`,
    `        with × and + apart ${digits(mulAdd.median)} (p10–p90 ${range(mulAdd)}): less on a shared core`,
    `clock   ${ghz.median.toFixed(2)} GHz; P is ${ratio.toFixed(2)} × ${FLOPS_A_CYCLE} × clock`,
  ];
  if (process.arch === "x64" && (ratio < 0.85 || ratio > 1.1)) {
    lines.push(
      `WARNING P should be near ${FLOPS_A_CYCLE} × clock (0.85 to 1.1 of it): the probe was`,
      "        compiled badly, or a neighbour disturbed it. Do not quote the shares.",
    );
  }
  return lines;
}

const range = ({ p10, p90 }: Summary): string => `${digits(p10)}–${digits(p90)}`;

/**
 * The results as a table, 78 columns wide, a heading before each group that has a name.
 *
 * @param speed  what the fourth column holds
 */
export function tableLines(
  results: readonly Result[],
  groupOf: (name: string) => string,
  speed: "GFLOP/s" | "Gelem/s" = "GFLOP/s",
): string[] {
  const row = (cells: readonly [string, string, string, string, string]): string => {
    const [name, median, spread, gflops, share] = cells;
    return `${name.padEnd(35)}${median.padStart(10)}${spread.padStart(16)}${gflops.padStart(9)}${share.padStart(8)}`;
  };
  const lines = [row(["", "median", "p10–p90", speed, speed === "GFLOP/s" ? "of P" : ""])];
  let group: string | undefined;
  for (const { name, medianMs, spread, gflops, shareOfPeak, gelements } of results) {
    if (groupOf(name) !== group) {
      group = groupOf(name);
      if (group !== "") lines.push(group);
    }
    const [unit, factor] = medianMs < 1 ? ["µs", 1000] : ["ms", 1];
    lines.push(
      row([
        `  ${name}`,
        `${digits(medianMs * factor)} ${unit}`,
        `${digits(spread.p10Ms * factor)}–${digits(spread.p90Ms * factor)}`,
        digits(speed === "GFLOP/s" ? gflops : (gelements ?? 0)),
        speed !== "GFLOP/s" ? "" : shareOfPeak === null ? "–" : shareOfPeak.toFixed(3),
      ]),
    );
  }
  return lines;
}
