// How coarse this thread's clock is, and how long a stretch has to be for it: browsers round `performance.now()`, to 5 µs on
// isolated pages and to 100 µs or 1 ms on others.

/** Nothing is timed for longer than this, however coarse the clock. */
const MOST_MS = 200;
/** Steps looked at, and for how long at most. */
const [STEPS, LOOK_MS] = [20, 100];

/** The least step of `performance.now()`, in milliseconds. */
export function clockStep(): number {
  const begin = performance.now();
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0, last = begin; i < STEPS && (i === 0 || last < begin + LOOK_MS); i++) {
    let now = last;
    while (now === last) now = performance.now();
    least = Math.min(least, now - last);
    last = now;
  }
  // differences of two readings have digits that no clock has
  return Number(least.toPrecision(3));
}

/** A hundred steps of the clock, so that they are at most one per cent of what is timed; at least `ms`. */
export function stretch(clockMs: number, ms: number): number {
  return Math.min(MOST_MS, Math.max(ms, 100 * clockMs));
}

/** Calls over and over for some time. @returns milliseconds a call */
export function timeOf(call: () => void, ms: number, callsALook: number): number {
  const begin = performance.now();
  let calls = 0;
  let now = begin;
  while (now < begin + ms) {
    for (let i = 0; i < callsALook; i++) call();
    calls += callsALook;
    now = performance.now();
  }
  return (now - begin) / calls;
}
