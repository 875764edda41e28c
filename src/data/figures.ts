// The figures that data are judged by, and the bounds: whether there is something to say before a run, which every first fit asks.
// doctor.ts says it, and is loaded where there is something.

import type { CheckedRows } from "./dataset.ts";

/** Rows of numbers; values that are not finite are left out of all figures. */
export interface Table {
  readonly x: Float32Array | Uint8Array;
  readonly rows: number;
  readonly features: number;
  /** the model sees x · scale + shift */
  readonly scale: number;
  readonly shift: number;
}

/** One a column, as the model sees them. */
export interface Columns {
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** root of the mean square */
  readonly size: Float64Array;
}

/** Figures of every column over rows 0, step, 2·step, … */
export function columnsOf({ x, rows, features, scale, shift }: Table, step: number): Columns {
  const least = new Float64Array(features).fill(Number.POSITIVE_INFINITY);
  const most = new Float64Array(features).fill(Number.NEGATIVE_INFINITY);
  const size = new Float64Array(features);
  const counted = new Float64Array(features);
  for (let row = 0; row < rows; row += step) {
    const start = row * features;
    for (let j = 0; j < features; j++) {
      const value = (x[start + j] as number) * scale + shift;
      if (!Number.isFinite(value)) continue;
      if (value < (least[j] as number)) least[j] = value;
      if (value > (most[j] as number)) most[j] = value;
      size[j] = (size[j] as number) + value * value;
      counted[j] = (counted[j] as number) + 1;
    }
  }
  for (let j = 0; j < features; j++)
    size[j] = Math.sqrt((size[j] as number) / Math.max(1, counted[j] as number));
  return { least, most, size };
}

/** A column whose root mean square is above it curves the loss a hundred times as much as one that is scaled. */
const LARGE = 10;
/** A column so many times smaller than another is as good as left out. */
export const SPREAD = 1000;
const LARGE_TARGET = 100;
/** Values of x that are looked at before a run, which is to take some milliseconds. */
const FIT_VALUES = 2 ** 17;

/** Each so manyth row is looked at, for no more than so many values. */
export function stepOf({ rows, features }: Table, values: number): number {
  return Math.max(1, Math.ceil((rows * features) / values));
}

/** Figures of x as they are looked at before a run. */
export const glance = (data: Table): Columns => columnsOf(data, stepOf(data, FIT_VALUES));

const where = (size: Float64Array, is: (j: number) => boolean): number[] => [...size.keys()].filter(is);

/** Columns far from the scale of about −1 to 1. */
export function largeColumns({ size }: Columns, above = LARGE): number[] {
  return where(size, (j) => (size[j] as number) > above);
}

/** The largest magnitude in a column. */
export function reach({ least, most }: Columns, j: number): number {
  return Math.max(Math.abs(least[j] as number), Math.abs(most[j] as number));
}

/** Columns much smaller than others. Bytes have one scale for all: what is small there is dark. */
export function smallColumns({ x }: Table, columns: Columns): number[] {
  const { size } = columns;
  if (x instanceof Uint8Array) return [];
  const largest = size.reduce((top, each) => Math.max(top, Math.min(LARGE, each)), 0);
  return where(size, (j) => reach(columns, j) > 0 && reach(columns, j) < largest / SPREAD);
}

/** Targets as rows of numbers. */
export function targetColumns(y: Float32Array, { targets, rows }: CheckedRows): Columns {
  return columnsOf({ x: y, rows, features: targets, scale: 1, shift: 0 }, 1);
}

/** Targets far from 0. */
export const largeTargets = (columns: Columns): number[] => largeColumns(columns, LARGE_TARGET);

/** Whether all rows are of one class; an id below 0 marks rows that a loss ignores. */
export function isOneClass(y: Int32Array): boolean {
  const first = y.find((id) => id >= 0);
  return y.length > 1 && first !== undefined && y.every((id) => id < 0 || id === first);
}

/** Whether there is something about data that is likely to spoil a run, and is hardly meant. */
export function hurts(data: CheckedRows): boolean {
  const { y } = data;
  const columns = glance(data);
  if (largeColumns(columns).length > 0 || smallColumns(data, columns).length > 0) return true;
  return y instanceof Int32Array ? isOneClass(y) : largeTargets(targetColumns(y, data)).length > 0;
}
