// Lines of a report: facts, tables, paragraphs. Texts come in; nothing is printed here.

import type { Paint } from "./style.ts";

/** A name and its fact a line; either may come from a file. */
export function facts(pairs: readonly (readonly [name: string, fact: string])[], paint: Paint): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, fact]) => `${paint("dim", harmless(name).padEnd(width))}  ${harmless(fact)}`);
}

/**
 * Columns under their heads, two blanks between them: the first to the left, numbers to the right.
 *
 * @param words  other columns that hold words, and stand to the left
 */
export function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
  words: readonly number[] = [],
): string[] {
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) =>
        i === 0 || words.includes(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      )
      .join("  ")
      .trimEnd();
  return [paint("dim", line(heads)), ...rows.map(line)];
}

/** Words in lines of at most so many columns. */
export function wrap(text: string, width = 80): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A text from a file, such as the name of a column, without what steers a terminal. */
export function harmless(text: string): string {
  return text.replace(STEERING, "·");
}

/** The same in one line of at most so many characters. */
export function clip(text: string, width = 24): string {
  const shown = [...harmless(text)];
  return shown.length <= width ? shown.join("") : `${shown.slice(0, width - 1).join("")}…`;
}

/** Control characters, line ends, and those that turn the direction of writing. */
const STEERING = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;
