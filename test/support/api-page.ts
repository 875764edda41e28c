// docs/api.md: a line for every public name, with the first sentence of its docstring.

import type { Public } from "./api.ts";

const HEAD = `# Public names

Every name that the package exports, and the methods of what its functions give, with the first sentence of its docstring. All of the
docstring, with an example that runs, is in the file that the name leads to, in an editor, and on the pages that \`npm run docs\` makes in
\`docs/api/\`.

This page is written by \`npx vitest run --project=computing test/docs/api.test.ts -u\`; the same test without \`-u\` fails where it is
not what the docstrings say.
`;

/**
 * The page.
 *
 * @param order  of the categories
 */
export function apiPage(names: readonly Public[], order: readonly string[]): string {
  // methods before the last, which are types
  const place = (heading: string): number =>
    heading.startsWith(METHODS) ? order.length - 1.5 : order.indexOf(heading);
  const parts = [...grouped(names, ({ entry }) => entry)].map(([entry, all]) => {
    const tables = [...grouped(all, headingOf)].sort(([a], [b]) => place(a) - place(b));
    const module = entry === "src/index.ts" ? "xent" : `xent/${entry.slice("src/".length, -".ts".length)}`;
    return [`## \`${module}\`\n`, ...tables.map(([heading, rows]) => table(heading, rows))].join("\n");
  });
  return [HEAD, ...parts].join("\n");
}

const METHODS = "Methods of";

function headingOf({ kind, name, category }: Public): string {
  if (kind === "method") return `${METHODS} \`${name.split(".")[0]}\``;
  return category ?? "Types";
}

function table(heading: string, rows: readonly Public[]): string {
  const lines = rows.map(({ name, file, text }) => `| [\`${name}\`](../${file}) | ${sentence(text)} |`);
  return `### ${heading}\n\n| | |\n|---|---|\n${lines.join("\n")}\n`;
}

/** The first sentence, in one line. */
export function sentence(text: string): string {
  const [paragraph = ""] = text.split("\n\n");
  const line = paragraph.replace(/\{@link ([\w.]+) *\}/g, "`$1`").replace(/\s*\n\s*/g, " ");
  const [first] = /^.*?\.(?= |$)/.exec(line) ?? [line];
  return first.replace(/:$/, ".").replaceAll("|", "\\|");
}

function grouped(names: readonly Public[], by: (name: Public) => string): Map<string, Public[]> {
  const groups = new Map<string, Public[]>();
  for (const each of names) {
    const key = by(each);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return groups;
}
