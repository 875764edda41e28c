// Colour, or none: FORCE_COLOR and NO_COLOR as Node reads them, else whether a terminal is there.

import { styleText } from "node:util";

type Format = Parameters<typeof styleText>[0];

/** Text in a format, or the text alone. */
export type Paint = (format: Format, text: string) => string;

export const plain: Paint = (_, text) => text;

/** Colours as they are, whatever the stream: `painter` has decided already. */
export const coloured: Paint = (format, text) => {
  // else Node 22 and later look at stdout themselves; the first Nodes with styleText know no options
  return styleText(format, text, { validateStream: false });
};

/** FORCE_COLOR wins over NO_COLOR, both over the terminal; "0" and "false" force colours off. */
export function painter(terminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: kind } = env;
  if (forced !== undefined) return forced === "0" || forced === "false" ? plain : coloured;
  if (refused !== undefined && refused !== "") return plain;
  return terminal && kind !== "dumb" ? coloured : plain;
}
