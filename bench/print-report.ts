// The report as people read it: the tables of every suite that was asked for.

import type { SuiteName } from "./cli.ts";
import type { Outcome } from "./protocol.ts";
import type { Report, Result } from "./report.ts";
import type { SuiteSpec } from "./suites.ts";
import { tableLines, type Unit } from "./table.ts";

/** One table, or what would be one. */
export interface Section {
  readonly title: string;
  readonly unit: Unit;
  readonly results: readonly Result[];
}

/** Results by table: a suite has one, but `elementwise`, whose memory-bound kernels have one of their own. */
export function sections(results: readonly Result[], specs: readonly SuiteSpec[]): Section[] {
  const of = (suite: SuiteName): Result[] => {
    const names = new Set(specs.filter((spec) => spec.suite === suite).map(({ name }) => name));
    return results.filter(({ name, threads }) => names.has(name) && (threads === 1 || suite === "threads"));
  };
  const elementwise = of("elementwise");
  const all: Section[] = [
    {
      title: "gemm: C[m, n] ← A·B, packing included; names are m x n x k",
      unit: "GFLOP/s",
      results: of("gemm"),
    },
    {
      title: "elementwise: 10⁹ elements a second; a loss with its gradient is one pass",
      unit: "Gelem/s",
      results: elementwise.filter(({ gbytes }) => gbytes === null),
    },
    {
      title: "elementwise, bound by memory: each byte read and written once",
      unit: "GB/s",
      results: elementwise.filter(({ gbytes }) => gbytes !== null),
    },
    {
      title: "step: one training step; GFLOP/s and share count its matrix products alone",
      unit: "GFLOP/s",
      results: of("step"),
    },
  ];
  const shared = of("threads");
  all.push({
    title: "threads: speed against the same build on one thread",
    unit: "× one",
    results: shared,
  });
  return all.filter((section) => section.results.length > 0);
}

export function reportLines({ header, results }: Report, specs: readonly SuiteSpec[]): string[] {
  const groups = new Map(specs.map(({ name, group }) => [name, group]));
  const groupOf = (name: string): string => groups.get(name) ?? "";
  const lines = sections(results, specs).flatMap((section) => [
    "",
    section.title,
    ...tableLines(section.results, groupOf, section.unit, header.copyGbytes),
  ]);
  if (lines.some((line) => line.endsWith("lanes"))) {
    lines.push("", "lanes: useful columns of C by computed ones, for tiles are 8 or 16 wide");
  }
  return lines;
}

export function epilogue(outcomes: readonly Outcome[], { header }: Report): string {
  const checked = outcomes.reduce((sum, outcome) => sum + outcome.checked, 0);
  const { smoke, rounds, processes } = header;
  if (smoke) return `${checked} results checked; a smoke run: do not quote the figures.`;
  const often = processes === 1 ? "" : ` in each of ${processes} processes`;
  return `${checked} results checked; medians over ${rounds} interleaved rounds or more${often}.`;
}
