// What a table's columns hold: figures of each, as plain data, and as lines.

import type { Column } from "../../data.ts";
import { short, thousands } from "../text/format.ts";
import type { Paint } from "../text/style.ts";
import { clip, table, width } from "../text/text.ts";

/** Columns that are shown where nobody says how many. */
export const SHOWN = 40;

export type Described = Numbers | Categories;

interface Counts {
  readonly name: string;
  /** rows without a value */
  readonly missing: number;
  readonly distinct: number;
}

export interface Numbers extends Counts {
  readonly type: "number";
  /** NaN where there is no value */
  readonly least: number;
  readonly mean: number;
  readonly most: number;
  /** over n, not n − 1 */
  readonly sigma: number;
  readonly quartiles: readonly [number, number, number];
}

export interface Categories extends Counts {
  readonly type: "category";
  /** the most frequent first; those that no row has are left out */
  readonly categories: readonly { readonly name: string; readonly rows: number }[];
}

export function describe(column: Column): Described {
  return column.type === "number" ? numbers(column) : categories(column);
}

function numbers({ name, values }: Column & { readonly type: "number" }): Numbers {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const n = sorted.length;
  const mean = sorted.reduce((sum, value) => sum + value / n, 0);
  const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2 / n, 0);
  const at = (share: number): number => {
    const place = share * (n - 1);
    const [low = Number.NaN, high = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return low + (high - low) * (place - Math.floor(place));
  };
  return {
    name,
    type: "number",
    missing: values.length - n,
    distinct: sorted.reduce((sum, value, i) => sum + Number(i === 0 || value !== sorted[i - 1]), 0),
    least: at(0),
    mean: n === 0 ? Number.NaN : mean,
    most: at(1),
    sigma: n === 0 ? Number.NaN : Math.sqrt(variance),
    quartiles: [at(0.25), at(0.5), at(0.75)],
  };
}

function categories({ name, values, categories: names }: Column & { readonly type: "category" }): Categories {
  const rows = new Float64Array(names.length);
  let missing = 0;
  for (const place of values) {
    if (place < 0) missing++;
    else rows[place] = (rows[place] as number) + 1;
  }
  const met = names
    .map((each, i) => ({ name: each, rows: rows[i] as number }))
    .filter((each) => each.rows > 0)
    .sort((a, b) => b.rows - a.rows);
  return { name, type: "category", missing, distinct: met.length, categories: met };
}

/** A line a column, at most so many, on a screen of so many columns. */
export function columnLines(all: readonly Described[], most: number, screen: number, paint: Paint): string[] {
  const shown = all.slice(0, most);
  const rows = shown.map((each) => [
    clip(each.name),
    each.type,
    each.missing === 0 ? "" : thousands(each.missing),
    thousands(each.distinct),
  ]);
  const heads = ["column", "holds", "missing", "distinct"];
  const before = table(heads, rows, (_, text) => text, [1]).map(width);
  const room = Math.max(20, screen - Math.max(...before) - 2);
  const lines = table(
    [...heads, "values"],
    rows.map((row, i) => [...row, values(shown[i] as Described, room)]),
    paint,
    [1, 4],
  );
  return [...lines, ...moreLine(all.length, most)];
}

/** What is said behind the columns that are shown, if these are not all. */
export function moreLine(all: number, most: number): string[] {
  return all > most ? [`… and ${thousands(all - most)} more (--columns ${all})`] : [];
}

/** The range of numbers, the most frequent categories. */
function values(column: Described, room: number): string {
  if (column.distinct === 0) return "none";
  if (column.type === "number") {
    const { least, mean, most } = column;
    return clip(`${short(least)} to ${short(most)}, mean ${short(mean)}`, room);
  }
  const said: string[] = [];
  for (const { name, rows } of column.categories) {
    const next = clip(name, 20) + (rows > 1 ? ` ${thousands(rows)}` : "");
    if (said.length > 0 && width([...said, next, "…"].join(", ")) > room) {
      said.push("…");
      break;
    }
    said.push(next);
  }
  return clip(said.join(", "), room);
}
