// Values over the plane as colours on a canvas: orange above the centre, blue below, nothing at it, and a line where it is crossed.

import type { Colours } from "../shared/colours.ts";
import { type CLASSES, type Points, REACH, type Sets } from "./points.ts";
import { GRID, type Units } from "./run.ts";

/** How much of the colour there is at most: points of the same colour have to be seen on it. */
const STRONGEST = 0.5;

/** Draws what a unit gives, all over the canvas, and where it crosses its centre. */
export function paintLarge(canvas: HTMLCanvasElement, units: Units, unit: number, colours: Colours): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const values = thinned(units, unit, 1);
  const { width } = canvas;
  pixels(scratch, values, colours, units.most);
  // the middle of an outermost pixel lies on the border
  const pixel = width / (GRID - 1);
  context.clearRect(0, 0, width, width);
  context.imageSmoothingQuality = "high";
  context.drawImage(scratch, -pixel / 2, -pixel / 2, width + pixel, width + pixel);
  // where nothing is below, as with relu, there is an edge and no crossing
  if (!values.some((value) => value < 0)) return;
  context.strokeStyle = colours.text;
  context.lineWidth = width / 320;
  context.lineCap = "round";
  context.beginPath();
  for (const [x, y, toX, toY] of crossings(values, GRID)) {
    context.moveTo(x * pixel, y * pixel);
    context.lineTo(toX * pixel, toY * pixel);
  }
  context.stroke();
}

/** A pixel for every so many points of the grid along each side: CSS makes the canvas as large as it should be. */
export function paintSmall(
  canvas: HTMLCanvasElement,
  units: Units,
  unit: number,
  colours: Colours,
  every: number,
): void {
  pixels(canvas, thinned(units, unit, every), colours, units.most);
}

const scratch = document.createElement("canvas");

/** Draws points: filled those to train with, as rings those to test with. The canvas's colour in CSS parts them from what is below. */
export function paintPoints(canvas: HTMLCanvasElement, { train, test }: Sets, colours: Colours): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const { width } = canvas;
  const ground = getComputedStyle(canvas).color;
  const unit = width / canvas.clientWidth;
  const radius = 3.4 * unit;
  context.clearRect(0, 0, width, width);
  each(test, width, (x, y, of) => {
    dot(context, x, y, radius, 4 * unit, ground);
    dot(context, x, y, radius, 1.6 * unit, colours[TONES[of]]);
  });
  each(train, width, (x, y, of) => {
    context.fillStyle = colours[TONES[of]];
    dot(context, x, y, radius + 0.6 * unit, 2 * unit, ground);
    context.fill();
  });
}

/** Of the classes blue and orange. */
const TONES = ["accent", "second"] as const satisfies { readonly [K in keyof typeof CLASSES]: unknown };

function each({ y, x }: Points, width: number, visit: (x: number, y: number, of: 0 | 1) => void): void {
  const at = (place: number): number => ((place / REACH + 1) / 2) * width;
  for (const [i, of] of y.entries()) visit(at(x[2 * i] ?? 0), at(-(x[2 * i + 1] ?? 0)), of === 1 ? 1 : 0);
}

function dot(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  line: number,
  colour: string,
): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = line;
  context.strokeStyle = colour;
  context.stroke();
}

/** Of a unit at every so many points along each side, from its centre. */
function thinned({ width, data, centre }: Units, unit: number, every: number): Float32Array {
  const size = Math.floor((GRID - 1) / every) + 1;
  const values = new Float32Array(size ** 2);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const from = (row * GRID + column) * every;
      values[row * size + column] = (data[from * width + unit] ?? 0) - centre;
    }
  return values;
}

/** A pixel a value, as strong as it is beside the largest. */
function pixels(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  { accent, second }: Colours,
  most = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
): void {
  const size = Math.sqrt(values.length);
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  if (context === null) return;
  const image = context.createImageData(size, size);
  const bytes = new DataView(image.data.buffer);
  const [below, above] = [rgb(accent), rgb(second)];
  const scale = (255 * STRONGEST) / (most || 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    bytes.setUint32(4 * i, (value > 0 ? above : below) * 256 + Math.round(Math.abs(value) * scale));
  }
  context.putImageData(image, 0, 0);
}

/** `#rrggbb` as a number. */
function rgb(colour: string): number {
  return Number.parseInt(colour.slice(1), 16);
}

type Piece = readonly [x: number, y: number, toX: number, toY: number];

/** Marching squares: where the values of a grid cross 0, taken as linear along the sides of its cells. */
function* crossings(values: Float32Array, size: number): Generator<Piece> {
  const at = (x: number, y: number): number => values[y * size + x] ?? 0;
  for (let y = 0; y < size - 1; y++) {
    for (let x = 0; x < size - 1; x++) {
      const [a, b, c, d] = [at(x, y), at(x + 1, y), at(x + 1, y + 1), at(x, y + 1)];
      // most cells: quickly
      if (a > 0 === b > 0 && b > 0 === c > 0 && c > 0 === d > 0) continue;
      const ends: number[] = [];
      if (a > 0 !== b > 0) ends.push(x + a / (a - b), y);
      if (b > 0 !== c > 0) ends.push(x + 1, y + b / (b - c));
      if (c > 0 !== d > 0) ends.push(x + d / (d - c), y + 1);
      if (d > 0 !== a > 0) ends.push(x, y + a / (a - d));
      // two ends or, in a saddle, four: those of neighbouring sides belong together
      for (let i = 0; i + 3 < ends.length; i += 4) yield ends.slice(i, i + 4) as unknown as Piece;
    }
  }
}
