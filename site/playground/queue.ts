// What is drawn when there is time: a little in each frame, so that no net is too large for sixty of them a second.

/** Of a frame of 16.7 ms; the rest is for the plane, the chart and the browser. */
const MOST_MS = 4;

const waiting = new Map<HTMLCanvasElement, () => void>();

/** Draws in one of the next frames, unless something newer for the same canvas comes before. */
export function soon(canvas: HTMLCanvasElement, draw: () => void): void {
  if (waiting.size === 0) requestAnimationFrame(work);
  // what comes anew keeps the place of what it replaces: nothing waits for ever
  waiting.set(canvas, draw);
}

/** Whether nothing waits. */
export function allDrawn(): boolean {
  return waiting.size === 0;
}

function work(): void {
  const end = performance.now() + MOST_MS;
  for (const [canvas, draw] of waiting) {
    waiting.delete(canvas);
    draw();
    if (performance.now() > end) break;
  }
  if (waiting.size > 0) requestAnimationFrame(work);
}
