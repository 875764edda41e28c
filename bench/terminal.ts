// What the bench writes to the terminal: lines of the report on stdout, progress on stderr.

import { clearLine, cursorTo } from "node:readline";

export const COLUMNS = 80;

export const print = (lines: readonly string[]): void => console.log(lines.join("\n"));

/** One line on a terminal's stderr, overwritten by the next and gone at the end. */
export function progress(line: string): void {
  if (!process.stderr.isTTY) return;
  cursorTo(process.stderr, 0);
  process.stderr.write(line.slice(0, COLUMNS - 1));
  clearLine(process.stderr, 1);
}

const LABEL = 8;

/** `label   text`, broken between words where 80 columns end. */
export function labelled(label: string, text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && LABEL + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((part, i) => `${(i === 0 ? label : "").padEnd(LABEL)}${part}`);
}
