// The tiles of the GEMM as abi.ts encodes them.

import { TILE_4X8, TILE_5X8, TILE_5X16, TILE_6X8, TILE_6X16 } from "./abi.ts";

/** Every tile that a host may ask for; each is in every build. */
export const TILES: readonly number[] = [TILE_4X8, TILE_5X8, TILE_6X8, TILE_5X16, TILE_6X16];

export const tileRows = (tile: number): number => tile >> 8;
export const tileColumns = (tile: number): number => tile & 255;

/** `6x8` */
export const tileName = (tile: number): string => `${tileRows(tile)}x${tileColumns(tile)}`;

/** Columns of C rounded up to whole tiles. */
export const wholeTiles = (tile: number, n: number): number =>
  Math.ceil(n / tileColumns(tile)) * tileColumns(tile);

/** Rows of C rounded up to what tiles compute: those of 6 rows leave the rest to some of 5, where there are rows enough. */
export function wholeRows(tile: number, m: number): number {
  const rows = tileRows(tile);
  const whole = Math.ceil(m / rows) * rows;
  return m === 1 || (rows === 6 && (whole - m) * 5 <= m) ? m : whole;
}

/**
 * Rows of a product from which its B is packed, where it could be read in place. Packing reads B once more; panels that
 * stay in few pages then pay, tile by tile of rows (docs/adr/0010).
 */
export const PACKED_ROWS: number = 512;
