// The axes of `bench:scaling` as one page that asks nothing of anybody: time over size, both logarithmic.

import type { Growth } from "./exponent.ts";
import { escaped } from "./markup.ts";
import type { AxisResult, Line } from "./scaling.ts";
import { time } from "./table.ts";

const [WIDTH, HEIGHT] = [380, 270];
/** Where the axes are. */
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 366, 14, 232];

export function scalingPage(engine: string, cpu: string, date: string, axes: readonly AxisResult[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>xent scaling, ${escaped(date.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Time of a training step</h1>
<p>${escaped(`${engine}, ${cpu}, ${date.slice(0, 16).replace("T", " ")} UTC`)}. Dots are measured, the line is the cost model's.</p>
<div class="charts">${axes.map(chart).join("\n")}</div>
</body>
</html>
`;
}

/** The ends of an axis, a twentieth beyond what it holds. */
function ends(values: readonly number[]): [least: number, most: number] {
  const logs = values.map(Math.log);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const room = Math.max(0.05 * (most - least), 0.02);
  return [least - room, most + room];
}

function chart({ axis, variant, points, whole, upper }: AxisResult): string {
  const said = (growth: Growth | null): string => growth?.exponent.toFixed(2) ?? "–";
  const caption = `${axis}, ${variant}: exponent ${said(whole)}, from the middle on ${said(upper)}`;
  const times = (of: (line: Line) => number | null) =>
    points.flatMap((point) => {
      const ms = of(point);
      return ms === null ? [] : [{ size: point.size, ms }];
    });
  const measured = times(({ measuredMs }) => measuredMs);
  const predicted = times(({ predictedMs }) => predictedMs);
  if (measured.length === 0) return "";
  const [x0, x1] = ends(points.map(({ size }) => size));
  const all = [...measured, ...predicted].map(({ ms }) => ms);
  const [y0, y1] = ends(all);
  const x = (size: number): string =>
    (LEFT + ((Math.log(size) - x0) / (x1 - x0)) * (RIGHT - LEFT)).toFixed(1);
  const y = (ms: number): string => (BOTTOM - ((Math.log(ms) - y0) / (y1 - y0)) * (BOTTOM - TOP)).toFixed(1);
  const line = predicted.map(({ size, ms }) => `${x(size)},${y(ms)}`).join(" ");
  const dots = measured.map(({ size, ms }) => `<circle cx="${x(size)}" cy="${y(ms)}" r="4"/>`);
  const sizes = points.map(
    ({ size }) => `<text x="${x(size)}" y="${BOTTOM + 16}" text-anchor="middle">${size}</text>`,
  );
  const bounds = [Math.min(...all), Math.max(...all)].map(
    (ms) => `<text x="${LEFT - 6}" y="${y(ms)}" text-anchor="end">${escaped(time(ms))}</text>`,
  );
  const frame = `<path d="M${LEFT} ${TOP}V${BOTTOM}H${RIGHT}"/>`;
  return `<figure><figcaption>${escaped(caption)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(caption)}">
${[frame, `<polyline points="${line}"/>`, ...dots, ...sizes, ...bounds].join("\n")}
</svg></figure>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6575; --page: #ffffff; --line: #c2590c; --dot: #14866d; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa5b5; --page: #14181f; --line: #ff9a4d; --dot: #3fc7a4; }
}
body { margin: 0 auto; max-width: 1240px; padding: 16px; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 8px; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 18px 28px; }
figure { margin: 0; }
figcaption { font-size: 13px; font-weight: 600; }
text { font-size: 11px; fill: var(--soft); }
path { fill: none; stroke: var(--soft); }
polyline { fill: none; stroke: var(--line); stroke-width: 1.5; }
circle { fill: var(--dot); }
`;
