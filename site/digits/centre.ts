// From ink on a sheet to the 28×28 grey levels that the net knows, as MNIST's authors made theirs: the drawing scaled into 20×20 pixels,
// its centre of mass in the middle of the field, which is where theirs is: 14 pixels and a half from the upper left.
// Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".

import { PIXELS, SIDE } from "./subset.ts";

/** What a drawing's longer side becomes. */
const BOX = 20;
/** Where the centre of mass comes to lie: the mean over MNIST's test digits is 14.5 both ways. */
const MIDDLE = 14.5;
/** Samples along a side of each pixel. */
const FINE = 8;
/** Of 255: fainter is paper. */
const FAINT = 24;

/**
 * @param ink  `[side · side]` 0 paper to 255 ink
 * @returns `[784]`, or undefined where there is no ink
 */
export function centre(ink: Uint8Array, side: number): Uint8Array | undefined {
  let [left, top, right, bottom] = [side, side, -1, -1];
  let [mass, massX, massY] = [0, 0, 0];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const value = ink[y * side + x] as number;
      if (value < FAINT) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
      mass += value;
      massX += value * (x + 0.5);
      massY += value * (y + 0.5);
    }
  }
  if (mass === 0) return undefined;
  const scale = Math.max(right - left + 1, bottom - top + 1) / BOX;
  const from = (place: number, middle: number): number =>
    Math.floor(middle + ((place + 0.5) / FINE - MIDDLE) * scale);
  const pixels = new Float32Array(PIXELS);
  for (let i = 0; i < SIDE * FINE; i++) {
    const y = from(i, massY / mass);
    if (y < 0 || y >= side) continue;
    for (let j = 0; j < SIDE * FINE; j++) {
      const x = from(j, massX / mass);
      if (x < 0 || x >= side) continue;
      const at = Math.floor(i / FINE) * SIDE + Math.floor(j / FINE);
      pixels[at] = (pixels[at] as number) + (ink[y * side + x] as number);
    }
  }
  return Uint8Array.from(pixels, (sum) => Math.round(sum / FINE ** 2));
}
