// Writes columns that were read: numbers scaled, categories as ones and zeros or as ids, classes by their ids. Values are checked on
// the way; who reads them, and where to, is prepare.ts.

import type { XentError } from "../base/errors.ts";
import { MAX_F32, show } from "../base/options.ts";
import type { CategoryColumn, NumberColumn, PreprocessingSpec } from "../base/spec.ts";
import { type Coded, cellError, type Place, suggestion, unknownClass, type Values } from "./cells.ts";
import { type CheckedTargets, toTargets } from "./targets.ts";

/** Where features, or targets, of a column go. */
interface Target {
  readonly out: Float32Array | Int32Array;
  /** values a row, and the first of the column */
  readonly width: number;
  readonly at: number;
  /** rows that are taken; all where it is undefined */
  readonly kept: Int32Array | undefined;
  readonly place: Place;
  /** what to do about a missing value */
  readonly missing: string;
}

export type Writer = (from: number, to: number) => void;

const MISSING_TARGET = "Give every row its target, or leave the row out.";

/** (value − center) · scale + offset in f64, rounded once to f32. */
export function numberWriter(
  { name, center, scale, offset, fill }: NumberColumn,
  values: Float64Array,
  to: Target,
): Writer {
  const { out, width, at, kept, place, missing } = to;
  return (from, end) => {
    for (let i = from; i < end; i++) {
      const row = kept === undefined ? i : (kept[i] as number);
      let value = values[row] as number;
      if (Number.isNaN(value)) {
        if (fill === undefined) throw cellError(place, name, row, "has no value", missing);
        value = fill;
      }
      const feature = (value - center) * scale + offset;
      const rounded = Math.fround(feature);
      if (!(Math.abs(rounded) <= MAX_F32)) {
        const problem = `is ${value}, which becomes ${rounded} in f32`;
        throw cellError(
          place,
          name,
          row,
          problem,
          "f32 ends at 3.4e38: clip or rescale the values.",
          "NOT_FINITE",
        );
      }
      out[i * width + at] = rounded;
    }
  };
}

/** A 1 in the place of the row's category, or the place itself. */
export function categoryWriter(
  { kind, name, categories, fill, unknown }: CategoryColumn,
  { codes, labels }: Coded,
  { out, width, at, kept, place, missing }: Target,
): Writer {
  const places = placesOf(labels, categories);
  const filled = fill === undefined ? -1 : categories.indexOf(fill);
  return (from, end) => {
    for (let i = from; i < end; i++) {
      const row = kept === undefined ? i : (kept[i] as number);
      const code = codes[row] as number;
      if (code === -1 && filled < 0) throw cellError(place, name, row, "has no value", missing);
      const category = code === -1 ? filled : (places[code] as number);
      if (kind === "oneHot") {
        if (category >= 0) out[i * width + at + category] = 1;
        else if (unknown === "error")
          throw unknownCategory(place, name, row, labels[code] as string, categories);
      } else {
        if (category < 0) throw unknownCategory(place, name, row, labels[code] as string, categories);
        out[i * width + at] = category;
      }
    }
  };
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
  for (const [at, column] of target.columns.entries())
    numberWriter(column, aims[at] as Float64Array, { out, width, at, kept, place, missing: MISSING_TARGET })(
      0,
      n,
    );
  return toTargets(place.where, out, n);
}

function classIds(
  place: Place,
  name: string,
  { codes, labels }: Coded,
  classes: readonly string[],
  kept: Int32Array | undefined,
): Int32Array {
  const places = placesOf(labels, classes);
  return Int32Array.from({ length: kept?.length ?? codes.length }, (_, i) => {
    const row = kept === undefined ? i : (kept[i] as number);
    const code = codes[row] as number;
    if (code === -1) throw cellError(place, name, row, "has no value", MISSING_TARGET);
    const id = places[code] as number;
    if (id >= 0) return id;
    throw unknownClass(place, name, row, labels[code] as string, classes);
  });
}

/** Of each label, where it stands among the known; −1 where it does not. */
function placesOf(labels: readonly string[], known: readonly string[]): Int32Array {
  const places = new Map(known.map((name, i) => [name, i]));
  return Int32Array.from(labels, (label) => places.get(label) ?? -1);
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
