// Bars for each piece of work: how many times as long as xent everybody took, on a logarithmic scale from 1 to both sides, so
// that what is faster than xent is seen as well as what is slower. One SVG that needs nothing else.

import { escaped } from "../markup.ts";
import { digits } from "../statistics.ts";
import { time } from "../table.ts";
import type { Result } from "./report.ts";
import { lineName } from "./table.ts";

const WIDTH = 760;
const ROW = 18;
const HEAD = 34;
const NAMES = 152;
const FIGURES = 148;
const AXIS = 26;
const CAPTION = 10;

/** One bar: a system in one of its ways, and how many times as long as the reference it took. */
interface Bar {
  readonly name: string;
  readonly own: boolean;
  readonly medianMs: number;
  readonly ratio: number;
}

/** What all are compared with: the build that `init` takes, on one thread. */
export const isReference = ({ build, wide, threads }: Result): boolean =>
  build === "relaxed" && !wide && threads === 1;

/** Undefined where nothing was measured on xent's own default build. */
export function chart(results: readonly Result[], works: readonly string[]): string | undefined {
  const groups = works
    .map((work) => ({ work, bars: barsOf(results.filter((result) => result.work === work)) }))
    .filter(({ bars }) => bars.length > 1);
  if (groups.length === 0) return undefined;
  const ratios = groups.flatMap(({ bars }) => bars.map(({ ratio }) => ratio));
  const [least, most] = [Math.min(...ratios, 0.5), Math.max(...ratios, 2)].map(Math.log10) as [
    number,
    number,
  ];
  const room = WIDTH - NAMES - FIGURES;
  const x = (ratio: number): number => NAMES + (room * (Math.log10(ratio) - least)) / (most - least);
  let y = CAPTION;
  const parts = [
    `<text class="figure" x="${WIDTH}" y="12">time as a multiple of xent relaxed's; to the left of 1 is faster</text>`,
  ];
  for (const { work, bars } of groups) {
    parts.push(`<text class="work" x="0" y="${y + 22}">${escaped(work)}</text>`);
    y += HEAD;
    for (const bar of bars) {
      const [from, to] = [Math.min(x(1), x(bar.ratio)), Math.max(x(1), x(bar.ratio))];
      const kind = bar.own ? "own" : bar.ratio < 1 ? "faster" : "peer";
      parts.push(
        `<text class="name" x="${NAMES - 8}" y="${y + 13}">${escaped(bar.name)}</text>`,
        `<rect class="${kind}" x="${round(from)}" y="${y + 3}" width="${round(Math.max(1, to - from))}" height="${ROW - 6}"/>`,
        `<text class="figure" x="${WIDTH}" y="${y + 13}">${digits(bar.ratio)} × · ${time(bar.medianMs)}</text>`,
      );
      y += ROW;
    }
  }
  const ticks = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].filter(
    (tick) => Math.log10(tick) >= least && Math.log10(tick) <= most,
  );
  // labels of a crowded axis: powers of ten only
  const labelled = ticks.length > 8 ? ticks.filter((tick) => Number.isInteger(Math.log10(tick))) : ticks;
  const lines = ticks.map(
    (tick) =>
      `<line class="${tick === 1 ? "one" : "grid"}" x1="${round(x(tick))}" x2="${round(x(tick))}" y1="${CAPTION + HEAD - 6}" y2="${y + 4}"/>`,
  );
  const labels = labelled.map(
    (tick) => `<text class="tick" x="${round(x(tick))}" y="${y + AXIS - 6}">${tick} ×</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + AXIS}" role="img" aria-label="Time of each library as a multiple of that of xent's default build on one thread">
<style>${STYLE}</style>
${[...lines, ...parts, ...labels].join("\n")}
</svg>
`;
}

function barsOf(results: readonly Result[]): Bar[] {
  const reference = results.find((result) => result.system === "xent" && isReference(result));
  if (reference === undefined) return [];
  return results
    .filter((result) => result.system === "xent" || isReference(result))
    .map((result) => ({
      name: lineName(result),
      own: result.system === "xent",
      medianMs: result.medianMs,
      ratio: ratioTo(reference, result),
    }))
    .sort((a, b) => a.ratio - b.ratio);
}

/** Of a result of the same work, beside xent's own or any other. */
export const ratioTo = (reference: Result, result: Result): number =>
  result.system === "xent" ? result.medianMs / reference.medianMs : result.ratio;

const round = (value: number): number => Math.round(10 * value) / 10;

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #333; }
.work { font-weight: 600; font-size: 13px; fill: #111; }
.name, .figure { text-anchor: end; }
.figure { font-variant-numeric: tabular-nums; fill: #555; }
.tick { text-anchor: middle; font-size: 11px; fill: #777; }
.grid { stroke: #e3e3e3; } .one { stroke: #555; }
.own { fill: #0b6e4f; } .peer { fill: #9aa5b1; } .faster { fill: #c1662f; }
@media (prefers-color-scheme: dark) {
  text { fill: #ccc; } .work { fill: #eee; } .figure { fill: #aaa; } .tick { fill: #888; }
  .grid { stroke: #333; } .one { stroke: #999; }
  .own { fill: #3dbd8d; } .peer { fill: #6b7682; } .faster { fill: #e08a52; }
}`;
