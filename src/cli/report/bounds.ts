// A page has an end: how much of a long list and a long text it shows.

/** At most so many points of a curve, or rows, go into a page. */
const MOST_POINTS = 2000;

/** Places of at most `most` of `count` things, the first and the last among them, as evenly spread as can be. */
export function thinned(count: number, most = MOST_POINTS): number[] {
  if (count <= most) return Array.from({ length: count }, (_, i) => i);
  return Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)));
}

const MOST_LETTERS = 200;

/** At most so many letters of a text, and a mark where some are left out. */
export function cut(text: string, most = MOST_LETTERS): string {
  if (text.length <= most) return text;
  // half of a pair of surrogates is no letter
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The number, or null where JSON has none for it. */
export function finite(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value;
}
