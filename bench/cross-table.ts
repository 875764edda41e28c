// Cases down, engines and variants across; as many tables as 80 columns ask for.

import { shortEngine } from "./markup.ts";
import type { Header, Result } from "./report.ts";
import { digits } from "./statistics.ts";
import { aligned, type Unit } from "./table.ts";
import { COLUMNS } from "./terminal.ts";
import { variantName } from "./variants.ts";

/** Its cells from top to bottom; the first is the engine. */
type Column = readonly string[];

/** Shares of P where FLOPs count and there is a P; else speeds. */
export function crossTables(results: readonly Result[], unit: Unit, header: Header): string[] {
  const shares = unit === "GFLOP/s" && header.peakGflops !== null;
  const cell = ({ gflops, shareOfPeak, gelements, gbytes, speedup }: Result): string => {
    if (unit === "× one") return (speedup ?? 0).toFixed(2);
    if (shares) return (shareOfPeak ?? 0).toFixed(3);
    return digits((unit === "GFLOP/s" ? gflops : unit === "Gelem/s" ? gelements : gbytes) ?? 0);
  };
  const keyOf = (item: Pick<Result, "engine" | "build" | "tile" | "wide" | "threads">): string =>
    `${item.engine}\n${variantName(item)}`;
  const names = [...new Set(results.map(({ name }) => name))];
  const byKey = new Map(results.map((result) => [`${keyOf(result)}\n${result.name}`, cell(result)]));
  const columns: Column[] = header.variants
    .filter((variant) => results.some((result) => keyOf(result) === keyOf(variant)))
    .map((variant) => [
      shortEngine(variant.engine),
      ...headOf(variantName(variant)),
      ...names.map((name) => byKey.get(`${keyOf(variant)}\n${name}`) ?? "–"),
    ]);
  const first = [shares ? "share of P" : unit, "", "", ...names];
  return groups(first, columns).flatMap((group, i) => [
    ...(i === 0 ? [] : [""]),
    ...aligned(
      first.map((name, row) => [name, ...group.map((column) => column[row] as string)]),
      [true, ...group.map(() => false)],
    ),
  ]);
}

/** The build and its tile on two lines: `relaxed`, `6x8`. */
function headOf(variant: string): [string, string] {
  const at = variant.lastIndexOf(" ");
  return [variant.slice(0, at), variant.slice(at + 1)];
}

const widthOf = (cells: readonly string[]): number => Math.max(...cells.map((cell) => [...cell].length));

/** Columns that fit beside the first, a space apart; those of an engine begin a new table rather than be parted. */
function groups(first: readonly string[], columns: readonly Column[]): Column[][] {
  const most = COLUMNS - widthOf(first);
  const width = (list: readonly Column[]): number =>
    list.reduce((sum, column) => sum + 1 + widthOf(column), 0);
  const all: Column[][] = [[]];
  for (const [i, column] of columns.entries()) {
    const last = all.at(-1) as Column[];
    const rest = columns.slice(i).filter(([engine]) => engine === column[0]);
    const begins = column[0] !== columns[i - 1]?.[0];
    const parted = begins && width([...last, ...rest]) > most && width(rest) <= most;
    if (last.length > 0 && (parted || width([...last, column]) > most)) all.push([column]);
    else last.push(column);
  }
  return all;
}
