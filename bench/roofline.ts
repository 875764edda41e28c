// A roofline as inline SVG: GFLOP/s over FLOPs a byte, both logarithmic; roofs are the peak and a copy's speed.
// Colours and strokes are the page's (html.ts).

import { byteSize } from "./header-lines.ts";
import { escaped, suiteOf } from "./markup.ts";
import type { Header, Result } from "./report.ts";
import { digits } from "./statistics.ts";

const [WIDTH, HEIGHT] = [380, 290];
/** Where the axes are. */
const [LEFT, RIGHT, TOP, BOTTOM] = [34, 336, 22, 254];

/** What both axes run over, as powers of ten; the same for every chart of a page. */
export interface Domain {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** Results that have FLOPs: the others have no place on a logarithm. */
const placed = ({ flopsPerByte, gflops }: Result): boolean => flopsPerByte > 0 && gflops > 0;

/** Undefined when no result can be placed. */
export function domainOf(results: readonly Result[], header: Header): Domain | undefined {
  const shown = results.filter(placed);
  if (shown.length === 0) return undefined;
  const logs = (values: readonly number[]): number[] => values.map(Math.log10);
  const x = logs(shown.map(({ flopsPerByte }) => flopsPerByte));
  const y = logs([...shown.map(({ gflops }) => gflops), 2 * (header.peakGflops ?? 0)].filter((v) => v > 0));
  return {
    x: [Math.min(...x) - 0.4, Math.max(...x) + 0.2],
    y: [Math.min(...y) - 0.15, Math.max(...y) + 0.25],
  };
}

type Point = readonly [x: number, y: number];
type Scale = (flopsPerByte: number, gflops: number) => Point;

export function roofline(results: readonly Result[], header: Header, domain: Domain): string {
  const { x, y } = domain;
  const scale: Scale = (flopsPerByte, gflops) => [
    LEFT + ((Math.log10(flopsPerByte) - x[0]) / (x[1] - x[0])) * (RIGHT - LEFT),
    BOTTOM - ((Math.log10(gflops) - y[0]) / (y[1] - y[0])) * (BOTTOM - TOP),
  ];
  const copies = header.copyGbytes.filter(({ engine }) => engine === results[0]?.engine);
  const wide = results.some((result) => result.wide);
  const parts = [
    ...axes(domain, scale),
    ...roofs(domain, scale, copies, header.peakGflops, wide),
    ...results.filter(placed).map((result) => mark(result, scale)),
  ];
  const chart = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Roofline">${parts.join("\n")}</svg>`;
  return chart + copyLegend(copies);
}

function axes({ x, y }: Domain, scale: Scale): string[] {
  const powers = ([from, to]: Domain["x"]): number[] =>
    Array.from({ length: Math.floor(to) - Math.ceil(from) + 1 }, (_, i) => Math.ceil(from) + i);
  return [
    ...powers(x).flatMap((power) => {
      const [at] = scale(10 ** power, 1);
      return [line("grid", [at, TOP], [at, BOTTOM]), text(at, BOTTOM + 16, "middle", decade(power))];
    }),
    ...powers(y).flatMap((power) => {
      const [, at] = scale(1, 10 ** power);
      return [line("grid", [LEFT, at], [RIGHT, at]), text(LEFT - 5, at + 4, "end", decade(power))];
    }),
    text((LEFT + RIGHT) / 2, HEIGHT - 6, "middle", "FLOP per byte read or written"),
    text(2, 12, "start", "GFLOP/s"),
  ];
}

/** Slanting, what a copy's speed allows; level, P, and twice P where vectors are twice as wide. */
function roofs(
  { x, y }: Domain,
  scale: Scale,
  copies: Header["copyGbytes"],
  peak: number | null,
  wide: boolean,
): string[] {
  const top = peak === null ? 10 ** y[1] : peak * (wide ? 2 : 1);
  const slanting = copies.flatMap(({ gbytes }, i) => {
    const from = Math.max(10 ** x[0], 10 ** y[0] / gbytes);
    const to = Math.min(10 ** x[1], top / gbytes);
    return from < to ? [line(ROOFS[i] ?? "roof", scale(from, from * gbytes), scale(to, to * gbytes))] : [];
  });
  if (peak === null) return slanting;
  const fastest = Math.max(...copies.map(({ gbytes }) => gbytes));
  const level = (value: number, name: string): string[] => {
    const [from, at] = scale(Math.max(10 ** x[0], value / fastest), value);
    const label = text(RIGHT + 4, at + 4, "start", `${name} ${digits(value)}`, "roof-label");
    return [line("roof", [Math.min(from, RIGHT), at], [RIGHT, at]), label];
  };
  return [...slanting, ...level(peak, "P"), ...(wide ? level(2 * peak, "2P") : [])];
}

function mark(result: Result, scale: Scale): string {
  const { name, gflops, flopsPerByte } = result;
  const [x, y] = scale(flopsPerByte, gflops);
  const suite = suiteOf(name);
  const label = escaped(`${name}: ${digits(gflops)} GFLOP/s, ${digits(flopsPerByte)} FLOP/byte`);
  return `<path class="${suite}" d="${MARKS[suite]}" transform="translate(${px(x)} ${px(y)})"><title>${label}</title></path>`;
}

/** Strokes of the copies' roofs: the smaller block's, the larger one's. */
const ROOFS = ["roof", "roof dashed"];

/** What the slanting roofs are: beside them is no room for words. */
function copyLegend(copies: Header["copyGbytes"]): string {
  const entries = copies.map(({ bytes, gbytes }, i) => {
    const stroke = `<svg class="stroke" viewBox="0 0 24 6">${line(ROOFS[i] ?? "roof", [0, 3], [24, 3])}</svg>`;
    return `<span>${stroke}${escaped(`copy of ${byteSize(bytes)}, ${digits(gbytes)} GB/s`)}</span>`;
  });
  return `<p class="legend">${entries.join(" ")}</p>`;
}

/** Around the origin: a disc, a diamond and a triangle. */
export const MARKS: Readonly<Record<string, string>> = {
  gemm: "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0z",
  step: "M0 -5.5L5.5 0L0 5.5L-5.5 0z",
  elementwise: "M0 -4L4 3.5L-4 3.5z",
};

const decade = (power: number): string => String(power < 0 ? (10 ** power).toFixed(-power) : 10 ** power);

const px = (n: number): string => n.toFixed(1);

function line(kind: string, [x1, y1]: Point, [x2, y2]: Point): string {
  return `<line class="${kind}" x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}"/>`;
}

function text(x: number, y: number, anchor: string, content: string, kind = "tick"): string {
  return `<text class="${kind}" x="${px(x)}" y="${px(y)}" text-anchor="${anchor}">${escaped(content)}</text>`;
}
