// The report as one page that asks nothing of anybody: the chart, and under it all figures.

import { escaped } from "../markup.ts";
import { chart } from "./chart.ts";
import type { Report } from "./report.ts";
import { tableLines } from "./table.ts";

export function page(report: Report): string {
  const { header, results } = report;
  const works = [...new Set(results.map(({ work }) => work))];
  const row = (name: string, text: string): string => `<dt>${escaped(name)}</dt><dd>${escaped(text)}</dd>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>xent beside other libraries, ${escaped(header.date.slice(0, 10))}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>xent beside other libraries</h1>
${header.smoke ? '<p class="warning">A smoke run: the figures mean nothing.</p>' : ""}
<dl>
${[
  row("date", `${header.date.slice(0, 16).replace("T", " ")} UTC`),
  row("CPU", `${header.cpu}, ${header.cores} ${header.cores === 1 ? "core" : "cores"}, ${header.platform}`),
  row("engine", header.engine),
  ...header.systems.map(({ system, version, backends }) => row(system, `${version}: ${backends.join("; ")}`)),
].join("\n")}
</dl>
<p>How many times as long as xent's default build on one thread each took. To the left of 1 it was faster, to the right slower;
the scale is logarithmic.</p>
<figure>${chart(results, works) ?? ""}</figure>
<h2>All figures</h2>
<p>Columns are ratios to xent in each of its builds, on one thread and on two: above 1 xent was faster.</p>
<pre>${escaped(tableLines(report).join("\n").trim())}</pre>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.15rem 1rem; font-size: 0.9rem; }
dt { opacity: 0.65; } dd { margin: 0; }
figure { margin: 1rem 0; } svg { width: 100%; height: auto; }
pre { font-size: 0.8rem; line-height: 1.35; overflow-x: auto; }
.warning { color: #c1662f; font-weight: 600; }
`;
