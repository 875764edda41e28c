// The report as one page that asks nothing of anybody: rooflines (roofline.ts), and bars for each case and variant.

import { byteSize } from "./header-lines.ts";
import { colourOf, escaped, labelOf, suiteOf } from "./markup.ts";
import { copyOf, type Header, type Report, type Result } from "./report.ts";
import { domainOf, MARKS, roofline } from "./roofline.ts";
import { digits } from "./statistics.ts";
import { time } from "./table.ts";

export function page({ header, results }: Report): string {
  const alone = results.filter(({ name, threads }) => threads === 1 && suiteOf(name) !== "threads");
  const by = (suite: string): Result[] => alone.filter(({ name }) => suiteOf(name) === suite);
  const together = results.filter(({ speedup }) => speedup !== null);
  const { peakGflops } = header;
  const speed =
    peakGflops === null
      ? { what: "GFLOP/s", of: ({ gflops }: Result) => gflops, unit: undefined }
      : { what: "share of P", of: ({ shareOfPeak }: Result) => shareOfPeak ?? 0, unit: 1 };
  const figure = (result: Result): string =>
    `${peakGflops === null ? digits(result.gflops) : (result.shareOfPeak ?? 0).toFixed(2)} · ${time(result.medianMs)}`;
  const ofCopy = (result: Result): number =>
    (result.gbytes ?? 0) / (copyOf(header.copyGbytes, result.engine) ?? Number.POSITIVE_INFINITY);
  const memory = alone.filter(({ gbytes }) => gbytes !== null);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>xent bench, ${escaped(header.date.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>xent bench</h1>
${header.smoke ? '<p class="warning">A smoke run: the figures mean nothing.</p>' : ""}
<dl>${headerRows(header).join("\n")}</dl>
${rooflines(alone, header)}
${bars(`Training steps: ${speed.what}`, by("step"), header, speed.of, figure, speed.unit)}
${bars(`Matrix products: ${speed.what}`, by("gemm"), header, speed.of, figure, speed.unit)}
${bars(
  "Several threads: speed against one",
  together,
  header,
  (r) => r.speedup ?? 0,
  (r) => `${digits(r.speedup ?? 0)} × · ${time(r.medianMs)}`,
  1,
)}
${bars("Bound by memory: share of a copy", memory, header, ofCopy, (r) => `${digits(r.gbytes ?? 0)} GB/s`, 1)}
</body>
</html>
`;
}

function headerRows(header: Header): string[] {
  const { peakGflops, mulAddGflops, clockGhz, copyGbytes, variants } = header;
  const row = (name: string, text: string): string => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`;
  const engines = [...new Set(variants.map(({ engine }) => engine))];
  // with several engines it stands at each roofline
  const copies = engines.length > 1 ? [] : copyGbytes;
  return [
    row("date", `${header.date.slice(0, 16).replace("T", " ")} UTC`),
    row("CPU", `${header.cpu}, ${header.cores} ${header.cores === 1 ? "core" : "cores"}, ${header.platform}`),
    row(engines.length > 1 ? "engines" : "engine", engines.join(", ")),
    row(
      "P",
      peakGflops === null
        ? "none, so there are no shares"
        : `${digits(peakGflops)} GFLOP/s of 128-bit multiply-adds (${digits(mulAddGflops ?? 0)} with × and + apart), ${digits(clockGhz ?? 0)} GHz, by ${header.peakEngine}`,
    ),
    ...(copies.length === 0
      ? []
      : [
          row(
            "copy",
            copies.map(({ bytes, gbytes }) => `${digits(gbytes)} GB/s of ${byteSize(bytes)}`).join(", "),
          ),
        ]),
    row(
      "medians",
      `over ${counted(header.rounds, "round")} or more, ${counted(header.processes, "process")} each`,
    ),
  ];
}

/** `1 round`, `15 rounds`, `3 processes` */
function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : what.endsWith("s") ? "es" : "s"}`;
}

function rooflines(results: readonly Result[], header: Header): string {
  const domain = domainOf(results, header);
  if (domain === undefined) return "";
  const labels = [...new Set(results.map((result) => labelOf(result, header)))];
  const charts = labels.map((label) => {
    const own = results.filter((result) => labelOf(result, header) === label);
    return `<figure><figcaption>${escaped(label)}</figcaption>${roofline(own, header, domain)}</figure>`;
  });
  const legend = Object.entries(MARKS).filter(([suite]) =>
    results.some(({ name }) => suiteOf(name) === suite),
  );
  const marks = legend.map(
    ([suite, mark]) =>
      `<span><svg class="mark" viewBox="-7 -7 14 14"><path class="${suite}" d="${mark}"/></svg>${suite}</span>`,
  );
  return `<h2>Rooflines</h2><p class="legend">${marks.join(" ")}</p><div class="blocks">${charts.join("\n")}</div>`;
}

/**
 * A block for each case, with a bar for each variant.
 *
 * @param unit  where a line crosses the bars, if one is to
 */
function bars(
  title: string,
  results: readonly Result[],
  header: Header,
  lengthOf: (result: Result) => number,
  figureOf: (result: Result) => string,
  unit: number | undefined,
): string {
  if (results.length === 0) return "";
  const most = Math.max(...results.map(lengthOf), unit ?? 0) || 1;
  const percent = (value: number): string => `${((100 * value) / most).toFixed(1)}%`;
  const blocks = [...new Set(results.map(({ name }) => name))].map((name) => {
    const rows = results
      .filter((result) => result.name === name)
      .map((result) => {
        const bar = `<i class="${colourOf(result)}" style="width:${percent(lengthOf(result))}"></i>`;
        return `<span>${escaped(labelOf(result, header))}</span><b>${bar}</b><span>${escaped(figureOf(result))}</span>`;
      });
    return `<section><h3>${escaped(name)}</h3><div class="bars">${rows.join("\n")}</div></section>`;
  });
  const mark = unit === undefined ? "" : ` style="--unit:${percent(unit)}"`;
  return `<h2>${escaped(title)}</h2><div class="blocks"${mark}>${blocks.join("\n")}</div>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6575; --line: #d9dee6; --page: #ffffff; --track: #eef1f5;
  --simd: #3a6fd8; --relaxed: #14866d; --wide: #c2590c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6eaf0; --soft: #9aa5b5; --line: #353d4a; --page: #14181f; --track: #232a35;
    --simd: #7aa5ff; --relaxed: #3fc7a4; --wide: #ff9a4d; }
}
body { margin: 0 auto; max-width: 1240px; padding: 16px; background: var(--page); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 22px; margin: 0 0 8px; }
h2 { font-size: 18px; margin: 32px 0 8px; }
h3 { font-size: 14px; margin: 0 0 4px; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.warning { border-left: 4px solid var(--wide); padding-left: 10px; }
.blocks { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); gap: 18px 28px; }
figure { margin: 0; }
figcaption { font-weight: 600; }
svg { display: block; width: 100%; height: auto; }
.legend span { margin-right: 16px; white-space: nowrap; }
.mark { display: inline-block; width: 15px; height: 15px; margin-right: 4px; vertical-align: -2px; }
line.grid { stroke: var(--line); }
line.roof { stroke: var(--ink); stroke-width: 1.5; }
line.dashed { stroke-dasharray: 5 3; }
.stroke { display: inline-block; width: 24px; height: 6px; margin-right: 5px; vertical-align: 3px; }
figure .legend { margin: 0; font-size: 12px; color: var(--soft); }
text { font-size: 11px; fill: var(--soft); }
.roof-label { fill: var(--ink); }
path { stroke: var(--page); stroke-width: 0.75; }
path.gemm { fill: var(--simd); } path.step { fill: var(--wide); } path.elementwise { fill: var(--relaxed); }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 3px 8px; align-items: center;
  font-size: 13px; font-variant-numeric: tabular-nums; }
.bars span:nth-child(3n) { text-align: right; }
.bars b { position: relative; height: 12px; background: var(--track); }
.bars b::after { content: ""; position: absolute; left: var(--unit, -9px); top: -2px; bottom: -2px; border-left: 1px solid var(--ink); }
.bars i { display: block; height: 100%; }
.bars .simd { background: var(--simd); } .bars .relaxed { background: var(--relaxed); } .bars .wide { background: var(--wide); }
`;
