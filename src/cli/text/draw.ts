// Digits drawn with half blocks: a character cell is about twice as high as wide, so it shows two pixels.

/** A picture or a column of text: lines of the same width. */
export type Block = readonly string[];

/** Ink from here on; the strokes of MNIST are anti-aliased. */
const INK = 100;

/**
 * Draws the part of an image that has ink on it.
 *
 * @param pixels  `[side · side]` bytes, row-major, 0 = paper
 * @param window  width and height of the part in pixels, even; MNIST's ink is at most 20 wide and high
 * @returns window / 2 lines of `window` characters
 */
export function drawDigit(pixels: Uint8Array, side: number, window = 22): Block {
  const top = centred(side, window, (y) => inkIn(pixels, side, (i) => y * side + i));
  const left = centred(side, window, (x) => inkIn(pixels, side, (i) => i * side + x));
  const ink = (y: number, x: number): boolean => (pixels[y * side + x] ?? 0) >= INK;
  return Array.from({ length: window / 2 }, (_, line) => {
    const y = top + 2 * line;
    return Array.from({ length: window }, (_, column) =>
      half(ink(y, left + column), ink(y + 1, left + column)),
    ).join("");
  });
}

/** Puts blocks side by side, their tops on one line. */
export function sideBySide(blocks: readonly Block[], gap: number): string[] {
  const widths = blocks.map((block) => Math.max(0, ...block.map((line) => line.length)));
  const height = Math.max(0, ...blocks.map((block) => block.length));
  return Array.from({ length: height }, (_, i) =>
    blocks
      .map((block, b) => (block[i] ?? "").padEnd(widths[b] ?? 0))
      .join(" ".repeat(gap))
      .trimEnd(),
  );
}

function half(upper: boolean, lower: boolean): string {
  if (upper) return lower ? "█" : "▀";
  return lower ? "▄" : " ";
}

function inkIn(pixels: Uint8Array, side: number, position: (i: number) => number): boolean {
  for (let i = 0; i < side; i++) if ((pixels[position(i)] ?? 0) >= INK) return true;
  return false;
}

/** Where a window begins that has the inked lines in its middle and lies inside the image. */
function centred(side: number, window: number, inked: (line: number) => boolean): number {
  let [first, last] = [side, -1];
  for (let line = 0; line < side; line++) {
    if (!inked(line)) continue;
    first = Math.min(first, line);
    last = line;
  }
  const middle = last < 0 ? (side - 1) / 2 : (first + last) / 2;
  return Math.max(0, Math.min(side - window, Math.round(middle - (window - 1) / 2)));
}
