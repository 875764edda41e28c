// Lines of a report: facts, tables, paragraphs. Texts come in; nothing is printed here.

import stringWidth from "string-width";
import { harmless } from "./harmless.ts";
import type { Paint } from "./style.ts";

/** Columns of a terminal that a text takes: two for a letter of East Asia or a picture, none for a mark on a letter. */
export const width: (text: string) => number = stringWidth;

/** A name and its fact a line; either may come from a file. */
export function facts(pairs: readonly (readonly [name: string, fact: string])[], paint: Paint): string[] {
  const most = Math.max(...pairs.map(([name]) => width(name)));
  return pairs.map(([name, fact]) => `${paint("dim", left(harmless(name), most))}  ${harmless(fact)}`);
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
  const widths = heads.map((head, i) => Math.max(width(head), ...rows.map((row) => width(row[i] ?? ""))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i === 0 || words.includes(i) ? left : right)(cell, widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [paint("dim", line(heads)), ...rows.map(line)];
}

/** Words in lines of at most so many columns. */
export function wrap(text: string, most = 80): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= most) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A text in so many columns of a terminal, of which a letter of East Asia takes two: at the left of them. */
export function left(text: string, columns: number): string {
  return text + blanks(text, columns);
}

/** The same, at the right. */
export function right(text: string, columns: number): string {
  return blanks(text, columns) + text;
}

const blanks = (text: string, columns: number): string => " ".repeat(Math.max(0, columns - width(text)));

/** A text from a file, without what steers a terminal, in one line that takes at most so many columns. */
export function clip(text: string, most = 24): string {
  const letters = [...harmless(text)];
  // marks on letters count too: there may be thousands on one
  const ends = letters.map((letter) => Math.max(1, width(letter)));
  for (let i = 1; i < ends.length; i++) ends[i] = (ends[i] as number) + (ends[i - 1] as number);
  if ((ends.at(-1) ?? 0) <= most) return letters.join("");
  return `${letters.filter((_, i) => (ends[i] as number) < most).join("")}…`;
}
