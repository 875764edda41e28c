// The tables of README.md and bench/README.md: a line for each system, a column for each piece of work, in each cell how many
// times as long as xent it took, on its default build and one thread, and the time itself.

import { digits } from "../statistics.ts";
import { time } from "../table.ts";
import { isReference, ratioTo } from "./chart.ts";
import { PEERS } from "./contestants.ts";
import type { Report, Result } from "./report.ts";
import { lineName } from "./table.ts";

/** Pieces of work that go side by side, by name, with what their columns are called. */
const TABLES: readonly (readonly (readonly [work: string, head: string])[])[] = [
  [
    ["gemm 512x512x512 NN", "product, 512³"],
    ["step 784-128-10 b128 relu sgd", "step 784-128-10, 128 rows"],
    ["step 784-512-256-10 b128 relu sgd", "step 784-512-256-10, 128 rows"],
    ["step 64-32-10 b32 sigmoid sgd", "step 64-32-10, 32 rows"],
    ["98 % of MNIST 784-512-256-10 b128 relu adam", "98 % of MNIST"],
  ],
  [
    ["step 784-30-10 b10 sigmoid sgd", "step 784-30-10, 10 rows"],
    ["step 4-16-3 b16 sigmoid sgd", "step 4-16-3, 16 rows"],
    ["step 784-512-512-10 b128 relu adam", "step 784-512-512-10, 128 rows, Adam"],
    ["step 784-30-10 b1 sigmoid quadratic sgd", "step 784-30-10, one row, quadratic"],
    ["first step 784-128-10 b128 relu sgd", "first step of a process"],
  ],
  [128, 256, 1024].map((n) => [`gemm ${n}x${n}x${n} NN`, `product, ${n}³`] as const),
  ...["784-128-10", "784-512-256-10"].map((net) =>
    [1, 32, 1024].map(
      (rows) =>
        [`predict ${net} b${rows} relu`, `${net}, ${rows === 1 ? "one row" : `${rows} rows`}`] as const,
    ),
  ),
];

export function markdownLines({ results }: Report): string[] {
  // the default build first, the others of xent, then the peers as they are listed
  const systems = ["xent", ...PEERS.map(({ system }) => system)];
  const rank = (result: Result): number =>
    systems.indexOf(result.system) + (result.system === "xent" && result.build === "simd" ? 0.5 : 0);
  const place = [...results].sort((a, b) => rank(a) - rank(b)).map(lineName);
  return TABLES.flatMap((columns) => {
    const known = columns.filter(([work]) => results.some((result) => result.work === work));
    if (known.length === 0) return [];
    const names = [...new Set(results.filter((r) => known.some(([work]) => r.work === work)).map(lineName))];
    const rows = names
      .sort((a, b) => place.indexOf(a) - place.indexOf(b))
      .map((name) => {
        const cells = known.map(([work]) => cell(results, work, name));
        return `| ${name} | ${cells.join(" | ")} |`;
      });
    return [
      `| | ${known.map(([, head]) => head).join(" | ")} |`,
      `|---|${"---|".repeat(known.length)}`,
      ...rows,
      "",
    ];
  });
}

function cell(results: Report["results"], work: string, name: string): string {
  const all = results.filter((result) => result.work === work && lineName(result) === name);
  const found = all.find(isReference) ?? all[0];
  const reference = results.find(
    (result) => result.work === work && result.system === "xent" && isReference(result),
  );
  if (found === undefined) return "–";
  if (reference === undefined) return time(found.medianMs);
  return `${digits(ratioTo(reference, found))} ×, ${time(found.medianMs)}`;
}
