// The table of conformance as text: written between two marks of a Markdown page, read back, compared.

import type { Table } from "./measure.ts";

export const BEGIN = "<!-- conformance: npm run conformance -- --write -->";
export const END = "<!-- /conformance -->";

/** What a page holds: the recorded error by `title/subject/column/build`; `*` where it stands for every build that has none of its own. */
export type Recorded = ReadonlyMap<string, number>;

/** The page with its table replaced. */
export function render(page: string, tables: readonly Table[]): string {
  const { before, after } = cut(page);
  return `${before}${BEGIN}\n\n${tables.map(tableText).join("\n\n")}\n\n${END}${after}`;
}

function tableText({ title, columns, lines }: Table): string {
  const rows = lines.map(
    ({ subject, errors }) => `| ${subject} | ${columns.map((c) => cellText(errors[c])).join(" | ")} |`,
  );
  return [`| ${title} | ${columns.join(" | ")} |`, `|---|${"---|".repeat(columns.length)}`, ...rows].join(
    "\n",
  );
}

/** The figure of the first build, and with their names those of builds that have another. */
function cellText(errors: Readonly<Record<string, number>> = {}): string {
  const [first, ...others] = Object.entries(errors).map(([build, error]) => [build, figure(error)] as const);
  const apart = others.filter(([, error]) => error !== first?.[1]);
  return [first?.[1] ?? "", ...apart.map(([build, error]) => `${build} ${error}`)].join(", ");
}

/** Three digits, rounded up: what is recorded is never smaller than what was measured. */
export function figure(error: number | undefined): string {
  if (error === undefined) return "";
  if (error === 0) return "0";
  if (!Number.isFinite(error)) return "∞";
  const unit = 10 ** (Math.floor(Math.log10(error)) - 2);
  return String(Number((Math.ceil(error / unit - 1e-9) * unit).toPrecision(3)));
}

const largest = (errors: Readonly<Record<string, number>> = {}): string =>
  figure(Math.max(...Object.values(errors)));

/** Reads the tables of a page back. */
export function parse(page: string): Recorded {
  const recorded = new Map<string, number>();
  let title = "";
  let columns: string[] = [];
  let heading = true;
  for (const line of cut(page).table.split("\n")) {
    const [first = "", ...cells] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (!line.startsWith("|")) heading = true;
    else if (heading) [title, columns, heading] = [first, cells, false];
    else if (!first.startsWith("---")) {
      for (const [i, cell] of cells.entries()) {
        for (const part of cell === "" ? [] : cell.split(", ")) {
          const [error = "", build = "*"] = part.split(" ").reverse();
          recorded.set(
            `${title}/${first}/${columns[i]}/${build}`,
            error === "∞" ? Number.POSITIVE_INFINITY : Number(error),
          );
        }
      }
    }
  }
  return recorded;
}

/** Of what is recorded, that of tables and builds of which there are figures. */
export function measured(recorded: Recorded, tables: readonly Table[]): Recorded {
  const titles = tables.map(({ title }) => title);
  const errors = tables.flatMap(({ lines }) => lines.flatMap((line) => Object.values(line.errors)));
  const builds = new Set(["*", ...errors.flatMap((cell) => Object.keys(cell))]);
  return new Map(
    [...recorded].filter(([key]) => {
      const [title = "", ...rest] = key.split("/");
      return titles.includes(title) && builds.has(rest.at(-1) ?? "");
    }),
  );
}

/** The measured figures for a terminal, what is worse than recorded, and how many are better. */
export function compare(
  tables: readonly Table[],
  recorded: Recorded,
): { lines: string[]; worse: string[]; better: number } {
  const lines: string[] = [];
  const worse: string[] = [];
  const unseen = new Set(recorded.keys());
  let better = 0;
  for (const { title, columns, lines: measured } of tables) {
    const width = 79 - 10 * columns.length;
    const row = (first: string, cells: readonly string[]): string =>
      `${(first.length < width ? first : `${first.slice(0, width - 2)}…`).padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}`;
    lines.push("", row(title, columns));
    for (const { subject, errors } of measured) {
      lines.push(
        row(
          `  ${subject}`,
          columns.map((column) => largest(errors[column])),
        ),
      );
      for (const [column, cell] of Object.entries(errors)) {
        for (const [build, error] of Object.entries(cell)) {
          const place = `${title}/${subject}/${column}`;
          const key = recorded.has(`${place}/${build}`) ? `${place}/${build}` : `${place}/*`;
          const known = recorded.get(key);
          unseen.delete(key);
          if (known === undefined) worse.push(`${place}, ${build}: ${figure(error)}, and nothing recorded`);
          else if (!(error <= known)) worse.push(`${place}, ${build}: ${figure(error)}, recorded ${known}`);
          else if (figure(error) !== figure(known)) better++;
        }
      }
    }
  }
  for (const key of unseen) worse.push(`${key}: recorded, and no longer measured`);
  return { lines: lines.slice(1), worse, better };
}

function cut(page: string): { before: string; table: string; after: string } {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the page lacks the marks ${BEGIN} … ${END}`);
  return {
    before: page.slice(0, begin),
    table: page.slice(begin + BEGIN.length, end),
    after: page.slice(end + END.length),
  };
}
