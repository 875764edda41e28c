// Numbers as the command writes them. Texts are text.ts.

/** 0.9xxx, cut off and not rounded up: 0.99996 is not all. Below 0, as r² may be, to the nearest. */
export function ratio(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  return value < 0 ? value.toFixed(4) : (Math.floor(value * 10_000 + 1e-6) / 10_000).toFixed(4);
}

/** Four digits that count, for figures of any size. */
export function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e6 || size < 1e-3) return value.toExponential(3);
  return value.toFixed(Math.max(0, 3 - Math.floor(Math.log10(size))));
}

/** A number that is to be recognised: four digits, no more than it has, and all before the point, of a day or a year. */
export function short(value: number): string {
  if (Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  return String(size >= 1e4 && size < 1e12 ? Math.round(value) : Number(value.toPrecision(4)));
}

/** As few digits as tell an f32 from its neighbours, at most nine; of other numbers, nine. */
export function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}

/** 1 step, 2,000 steps, 3 classes */
export function count(n: number, noun: string): string {
  return `${thousands(n)} ${noun}${n === 1 ? "" : noun.endsWith("s") ? "es" : "s"}`;
}

/** "120 to train, 30 to validate": parts that have no rows are not spoken of. */
export function partsText(rows: Readonly<Record<"train" | "validation" | "test", number>>): string {
  const parts = [[rows.validation, "validate"] as const, [rows.test, "test"] as const];
  const held = parts.filter(([n]) => n > 0).map(([n, to]) => `${thousands(n)} to ${to}`);
  return [`${thousands(rows.train)} to train`, ...held].join(", ");
}

export function thousands(n: number): string {
  return Math.round(n).toLocaleString("en-US");
}

/** 0:07, 2:05, 1:02:05 */
export function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const two = (n: number): string => String(n % 60).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return `${minutes < 60 ? minutes : `${Math.floor(minutes / 60)}:${two(minutes)}`}:${two(whole)}`;
}

/** 12.3 s, 2 min 5 s, 1 h 2 min */
export function duration(seconds: number): string {
  if (Number(seconds.toFixed(1)) < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** 512 bytes, 3.4 kB, 51.5 MB, 25.3 GB: of a thousand. */
export function bytes(n: number): string {
  if (n < 1000) return count(n, "byte");
  if (n < 1e6) return `${(n / 1e3).toFixed(1)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(1)} GB`;
}
