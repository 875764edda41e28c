// What repeats in data: columns that are constant or copies, rows that are copies. No judgement here.

import type { Table } from "./figures.ts";

/** Whether a column holds one value in all rows. */
export function isConstant({ x, features }: Table, column: number): boolean {
  for (let at = column + features; at < x.length; at += features) if (x[at] !== x[column]) return false;
  return true;
}

/** Columns that repeat an earlier one in every bit, with that one; `among` are compared. */
export function repeatedColumns(
  table: Table,
  among: readonly number[],
  step: number,
): [column: number, first: number][] {
  const { rows, features } = table;
  const bits = bitsOf(table);
  const hash = new Int32Array(features);
  for (let row = 0; row < rows; row += step) {
    for (let j = 0; j < features; j++) hash[j] = mix(hash[j] as number, bits[row * features + j] as number);
  }
  const same = (a: number, b: number): boolean => {
    for (let at = 0; at < bits.length; at += features) if (bits[at + a] !== bits[at + b]) return false;
    return true;
  };
  return repeated(among, (column) => hash[column] as number, same);
}

/** How many of rows 0, step, 2·step, … repeat an earlier one of them in every bit. */
export function repeatedRows(table: Table, step: number): number {
  const { rows, features } = table;
  const bits = bitsOf(table);
  const hashOf = (row: number): number => {
    let hash = 0;
    for (let at = row * features; at < (row + 1) * features; at++) hash = mix(hash, bits[at] as number);
    return hash;
  };
  const same = (a: number, b: number): boolean => {
    for (let j = 0; j < features; j++) if (bits[a * features + j] !== bits[b * features + j]) return false;
    return true;
  };
  const list = Array.from({ length: Math.ceil(rows / step) }, (_, i) => i * step);
  return repeated(list, hashOf, same).length;
}

/** Items that are the same as an earlier one, with that one. */
function repeated(
  items: readonly number[],
  hashOf: (item: number) => number,
  same: (a: number, b: number) => boolean,
): [item: number, first: number][] {
  const firsts = new Map<number, number[]>();
  const found: [number, number][] = [];
  for (const item of items) {
    const hash = hashOf(item);
    const candidates = firsts.get(hash);
    const first = candidates?.find((candidate) => same(item, candidate));
    if (first !== undefined) found.push([item, first]);
    else if (candidates !== undefined) candidates.push(item);
    else firsts.set(hash, [item]);
  }
  return found;
}

function bitsOf({ x }: Table): Int32Array | Uint8Array {
  return x instanceof Uint8Array ? x : new Int32Array(x.buffer, x.byteOffset, x.length);
}

/** Fowler, Noll and Vo's step, with the upper bits mixed in: neighbours in a sum would cancel out. */
function mix(hash: number, value: number): number {
  const next = Math.imul(hash ^ value, 16777619);
  return next ^ (next >>> 15);
}
