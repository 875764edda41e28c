// Results as text tables for 80 columns, without colours.

import { copyOf, type Header, type Result } from "./report.ts";
import { digits } from "./statistics.ts";
import { COLUMNS } from "./terminal.ts";
import { variantName } from "./variants.ts";

/** What speed is counted in, and so what the last columns hold. */
export type Unit = "GFLOP/s" | "Gelem/s" | "GB/s" | "× one";

/** Share of useful columns below which the table says so. */
const FEW_LANES = 0.9;

interface Column {
  readonly head: string;
  readonly left?: boolean;
  readonly cell: (result: Result) => string;
}

/**
 * A line for each case and variant, a heading before each group that has a name. A case is named once; the variants of it
 * stand below each other.
 */
export function tableLines(
  results: readonly Result[],
  groupOf: (name: string) => string,
  unit: Unit,
  copies: Header["copyGbytes"] = [],
): string[] {
  const columns = columnsOf(results, unit, copies);
  const rows = results.map((result) => columns.map(({ cell }) => cell(result)));
  const indented = results.some(({ name }) => groupOf(name) !== "");
  for (const [i, row] of rows.entries()) {
    const { name } = results[i] as Result;
    row[0] = name === results[i - 1]?.name ? "" : `${indented ? "  " : ""}${name}`;
  }
  const layout = aligned(
    [columns.map(({ head }) => head), ...rows],
    columns.map(({ left = false }) => left),
  );
  const lines = layout.slice(0, 1);
  let group = "";
  for (const [i, { name }] of results.entries()) {
    if (groupOf(name) !== group) {
      group = groupOf(name);
      if (group !== "") lines.push(group);
    }
    lines.push(layout[i + 1] as string);
  }
  return lines;
}

function columnsOf(results: readonly Result[], unit: Unit, copies: Header["copyGbytes"]): Column[] {
  const columns: Column[] = [
    { head: "", left: true, cell: ({ name }) => name },
    { head: "", left: true, cell: variantName },
    { head: "median", cell: ({ medianMs }) => time(medianMs) },
    { head: "p10–p90", cell: spread },
  ];
  if (unit === "× one")
    return [...columns, { head: unit, cell: ({ speedup }) => (speedup === null ? "" : speedup.toFixed(2)) }];
  if (unit === "Gelem/s")
    return [...columns, { head: unit, cell: ({ gelements }) => digits(gelements ?? 0) }];
  if (unit === "GB/s") {
    const ofCopy = ({ engine, gbytes }: Result): string => {
      const copy = copyOf(copies, engine);
      return copy === undefined || gbytes === null ? "–" : (gbytes / copy).toFixed(2);
    };
    columns.push(
      { head: unit, cell: ({ gbytes }) => digits(gbytes ?? 0) },
      { head: "of copy", cell: ofCopy },
    );
    return columns;
  }
  columns.push({ head: unit, cell: ({ gflops }) => digits(gflops) }, { head: "of P", cell: share });
  const few = ({ lanes }: Result): boolean => lanes !== null && lanes < FEW_LANES;
  if (results.some(few)) {
    columns.push({ head: "lanes", cell: (result) => (few(result) ? (result.lanes ?? 0).toFixed(2) : "") });
  }
  return columns;
}

const share = ({ shareOfPeak }: Result): string => (shareOfPeak === null ? "–" : shareOfPeak.toFixed(3));

/** Units in which the figure is at least 1, down to nanoseconds. */
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["s", 1000],
  ["ms", 1],
  ["µs", 1e-3],
  ["ns", 1e-6],
];
const unitOf = (ms: number): readonly [unit: string, ms: number] =>
  UNITS.find(([, size]) => ms >= size) ?? (UNITS.at(-1) as readonly [string, number]);

/** `2.30 s`, `1.27 ms`, `14.6 µs` */
export function time(ms: number): string {
  const [unit, size] = unitOf(ms);
  return `${digits(ms / size)} ${unit}`;
}

/** In the unit of the median. */
function spread({ medianMs, spread: { p10Ms, p90Ms } }: Result): string {
  const [, size] = unitOf(medianMs);
  return `${digits(p10Ms / size)}–${digits(p90Ms / size)}`;
}

/** Rows of cells as lines, columns as wide as they must be; two spaces between them, or one where 80 columns are short. */
export function aligned(rows: readonly (readonly string[])[], left: readonly boolean[]): string[] {
  const widths = left.map((_, i) => Math.max(...rows.map((row) => [...(row[i] ?? "")].length)));
  const wide = widths.reduce((sum, width) => sum + width + 2, -2) <= COLUMNS;
  const gap = " ".repeat(wide ? 2 : 1);
  return rows.map((row) =>
    row
      .map((cell, i) => (left[i] ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join(gap)
      .trimEnd(),
  );
}
