// The report as people read it: for each piece of work a line for each system, its time and how many times as long that is as
// xent's, in each of the ways in which xent ran it.

import { digits } from "../statistics.ts";
import { aligned, time } from "../table.ts";
import { labelled } from "../terminal.ts";
import type { Report, Result } from "./report.ts";

export function headLines({ header: { systems } }: Report): string[] {
  return systems.flatMap(({ system, version, backends }) =>
    labelled("", `${system} ${version}: ${backends.join("; ")}`),
  );
}

export function tableLines({ results, notes, sizes, failures }: Report): string[] {
  const works = [...new Set(results.map(({ work }) => work))];
  const tables = works.flatMap((work) => [
    "",
    work,
    ...workLines(
      results.filter((result) => result.work === work),
      new Map(notes.filter((note) => note.work === work).map((note) => [keyOf(note), note])),
    ),
    ...coresLines(results.filter((result) => result.work === work)),
  ]);
  return [...tables, ...sizeLines(sizes), ...failureLines({ failures })];
}

/** Who has no figures, and why. */
export function failureLines({ failures }: Pick<Report, "failures">): string[] {
  const reasons = new Map<string, string[]>();
  for (const { work, system, reason } of failures) {
    const key = `${system}: ${reason}`;
    reasons.set(key, [...(reasons.get(key) ?? []), work]);
  }
  const failed = [...reasons].flatMap(([reason, list]) =>
    labelled("", `${reason} (${list.length > 2 ? `${list.length} pieces of work` : list.join(", ")})`),
  );
  return failed.length > 0 ? ["", "without figures", ...failed] : [];
}

const keyOf = ({
  system,
  build,
  wide,
  threads,
}: {
  system: string;
  build: string | null;
  wide: boolean | null;
  threads: number;
}) => JSON.stringify(system === "xent" ? [system, build, wide, threads] : [system, threads]);

/** `xent relaxed × 2`, `xent wide`, `PyTorch × 2` */
export function lineName({ system, build, wide, threads, peerThreads }: Result): string {
  const kind = system === "xent" ? `xent ${wide ? "wide" : build}` : system;
  const count = system === "xent" ? threads : peerThreads;
  return count === 1 ? kind : `${kind} × ${count}`;
}

/** A column of ratios for each way in which xent ran. */
const columnName = ({ build, wide, threads }: Result): string =>
  `${wide ? "wide" : build}${threads === 1 ? "" : ` × ${threads}`}`;

function workLines(
  results: readonly Result[],
  notes: ReadonlyMap<string, { maxRssBytes?: number; epochs?: number }>,
): string[] {
  const columns = [...new Set(results.map(columnName))];
  const names = [...new Set(results.map(lineName))];
  const extra = notes.size > 0;
  const rows = names.map((name) => {
    const line = results.filter((result) => lineName(result) === name);
    const { medianMs, spread, system, peerThreads, build, wide, threads } = line[0] as Result;
    const [value, unit] = time(medianMs).split(" ") as [string, string];
    const scale = medianMs / Number(value);
    const note = notes.get(
      keyOf({ system, build, wide, threads: system === "xent" ? threads : peerThreads }),
    );
    return [
      name,
      `${value} ${unit}`,
      `${digits(spread.p10Ms / scale)}–${digits(spread.p90Ms / scale)}`,
      ...(extra ? [noteText(note)] : []),
      ...columns.map((column) => {
        const found = line.find((result) => columnName(result) === column);
        return found === undefined || system === "xent" ? "" : digits(found.ratio);
      }),
    ];
  });
  const head = ["", "median", "p10–p90", ...(extra ? [""] : []), ...columns];
  return aligned([head, ...rows], [true, ...head.slice(1).map(() => false)]);
}

/** The ratios to xent on several threads, from the rounds in which there were as many cores. */
function coresLines(results: readonly Result[]): string[] {
  const shared = results.filter(
    ({ system, threads, withCores }) => withCores && threads > 1 && system !== "xent",
  );
  const [first] = shared;
  if (first?.withCores == null) return [];
  const rounds = `${first.withCores.rounds} of ${first.turns} rounds`;
  const columns = [...new Set(shared.map(columnName))];
  const rows = [...new Set(shared.map(lineName))].map((name) => [
    name,
    ...columns.map((column) => {
      const found = shared.find((result) => lineName(result) === name && columnName(result) === column);
      return found?.withCores?.ratio == null ? "–" : digits(found.withCores.ratio);
    }),
  ]);
  if (shared.every(({ withCores }) => withCores?.ratio === null))
    return [`  two cores in ${rounds}: too few`];
  const lines = aligned(
    [[`two cores in ${rounds}`, ...columns], ...rows],
    [true, ...columns.map(() => false)],
  );
  return lines.map((line) => `  ${line}`);
}

const noteText = (note: { maxRssBytes?: number; epochs?: number } | undefined): string => {
  if (note?.maxRssBytes !== undefined) return `${(note.maxRssBytes / 1e6).toFixed(0)} MB`;
  return note?.epochs === undefined ? "" : `${note.epochs} epochs`;
};

function sizeLines(sizes: Report["sizes"]): string[] {
  if (sizes.length === 0) return [];
  return [
    "",
    "bytes downloaded",
    ...aligned(
      [
        ["", "by a page (gzip)", "by npm, unpacked"],
        ...sizes.map(({ name, pageBytes, installBytes }) => [
          name,
          pageBytes === 0 ? "–" : `${digits(pageBytes / 1000)} kB`,
          `${digits(installBytes / 1e6)} MB`,
        ]),
      ],
      [true, false, false],
    ),
  ];
}
