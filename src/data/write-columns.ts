// Writes columns that were read: numbers scaled, categories as ones and zeros or as ids, classes by their ids. Values are checked on
// the way; who reads them, and where to, is prepare.ts.

import type { XentError } from "../base/errors.ts";
import { MAX_F32, show } from "../base/options.ts";
import type { CategoryColumn, NumberColumn, PreprocessingSpec } from "../base/spec.ts";
import { type Coded, cellError, type Place, unknownClass, type Values } from "./cells.ts";
import { suggestion } from "./names.ts";
import { type CheckedTargets, toTargets } from "./targets.ts";

/** Where features, or targets, of a column go. */
interface Target {
  readonly out: Float32Array;
  /** values a row, and the first of the column */
  readonly width: number;
  readonly at: number;
  /** rows that are taken; all where it is undefined */
  readonly kept: Int32Array | undefined;
  readonly place: Place;
  /** what to do about a missing value */
  readonly missing: string;
}

const MISSING_TARGET = "Give every row its target, or leave the row out.";

/** Where each of some names stands. */
export type Index = ReadonlyMap<string, number>;

export function indexOf(names: readonly string[]): Index {
  return new Map(names.map((name, i) => [name, i]));
}

/** (value − center) · scale + offset in f64, rounded once to f32, of the rows from … end − 1 that are taken. */
export function writeNumbers(
  { name, center, scale, offset, fill }: NumberColumn,
  values: Float64Array,
  { out, width, at, kept, place, missing }: Target,
  from: number,
  end: number,
): void {
  for (let i = from; i < end; i++) {
    const row = kept === undefined ? i : (kept[i] as number);
    let value = values[row] as number;
    if (Number.isNaN(value)) {
      if (fill === undefined) throw cellError(place, name, row, "has no value", missing);
      value = fill;
    }
    const rounded = Math.fround((value - center) * scale + offset);
    if (!(Math.abs(rounded) <= MAX_F32)) {
      const problem = `is ${value}, which becomes ${rounded} in f32`;
      const hint = "f32 ends at 3.4e38: clip or rescale the values.";
      throw cellError(place, name, row, problem, hint, "NOT_FINITE");
    }
    out[i * width + at] = rounded;
  }
}

/**
 * A 1 in the place of the row's category, or the place itself.
 *
 * @param places  of the labels among the categories, by {@link placesOf}
 * @param filled  that of the category that stands for a missing one, −1 where there is none
 */
export function writeCategories(
  { kind, name, categories, unknown }: CategoryColumn,
  { codes, labels }: Coded,
  places: Int32Array,
  filled: number,
  { out, width, at, kept, place, missing }: Target,
  from: number,
  end: number,
): void {
  for (let i = from; i < end; i++) {
    const row = kept === undefined ? i : (kept[i] as number);
    const code = codes[row] as number;
    if (code === -1 && filled < 0) throw cellError(place, name, row, "has no value", missing);
    const category = code === -1 ? filled : (places[code] as number);
    if (category >= 0) {
      if (kind === "oneHot") out[i * width + at + category] = 1;
      else out[i * width + at] = category;
    } else if (unknown === "error") {
      throw unknownCategory(place, name, row, labels[code] as string, categories);
    }
  }
}

/** Class ids, or numbers scaled as those of columns are. */
export function writeTargets(
  place: Place,
  target: NonNullable<PreprocessingSpec["target"]>,
  aims: readonly Values[],
  rows: number,
  kept: Int32Array | undefined,
): CheckedTargets {
  const n = kept?.length ?? rows;
  if (target.kind === "classes") {
    const ids = classIds(place, target.name, aims[0] as Coded, target.classes, kept);
    return { y: ids, targets: 1, stats: undefined };
  }
  const width = target.columns.length;
  const out = new Float32Array(n * width);
  for (const [at, column] of target.columns.entries()) {
    const to = { out, width, at, kept, place, missing: MISSING_TARGET };
    writeNumbers(column, aims[at] as Float64Array, to, 0, n);
  }
  return toTargets(place.where, out, n);
}

function classIds(
  place: Place,
  name: string,
  { codes, labels }: Coded,
  classes: readonly string[],
  kept: Int32Array | undefined,
): Int32Array {
  const places = placesOf(labels, indexOf(classes));
  return Int32Array.from({ length: kept?.length ?? codes.length }, (_, i) => {
    const row = kept === undefined ? i : (kept[i] as number);
    const code = codes[row] as number;
    if (code === -1) throw cellError(place, name, row, "has no value", MISSING_TARGET);
    const id = places[code] as number;
    if (id >= 0) return id;
    throw unknownClass(place, name, row, labels[code] as string, classes);
  });
}

/** Of each label its place, −1 where it has none. */
export function placesOf(labels: readonly string[], index: Index): Int32Array {
  return Int32Array.from(labels, (label) => index.get(label) ?? -1);
}

function unknownCategory(
  place: Place,
  name: string,
  row: number,
  label: string,
  known: readonly string[],
): XentError {
  return cellError(
    place,
    name,
    row,
    `is ${show(label)}, which is none of the ${known.length} categories that were fitted`,
    `${suggestion(label, known)} With oneHot({ unknown: "zeros" }) others become zeros.`,
  );
}
