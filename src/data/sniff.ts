// The first record of a CSV text: what separates its fields, and what ends its lines. Its fields are read by csv-reader.ts.

/** Delimiters that are looked for, the likeliest first. */
const DELIMITERS = [",", ";", "\t", "|"] as const;

/** What is known of a text before it is read. */
export interface Rules {
  /** undefined: to be found out */
  readonly delimiter: string | undefined;
  /** "" where nothing is quoted */
  readonly quote: string;
  /** what lines begin with that are to be skipped; "" where there are none */
  readonly comment: string;
  /** the decimal point, which is no delimiter */
  readonly decimal: string;
}

/** How lines and fields end. */
export interface Dialect {
  readonly delimiter: string;
  /** "\n" also where lines end with "\r\n": what is trimmed need not be told apart */
  readonly newline: "\n" | "\r";
}

/**
 * Looks at the first line that is neither blank nor a comment. Of the delimiters, the one that stands there most often outside
 * quotes is taken, of equals the first.
 *
 * @param final  whether the text ends here
 * @returns undefined where more of the text is needed
 */
export function sniff(text: string, final: boolean, rules: Rules): Dialect | undefined {
  const { quote, comment } = rules;
  const looked = DELIMITERS.filter((each) => each !== rules.decimal && each !== quote);
  const found = new Map<string, number>((rules.delimiter ? [rules.delimiter] : looked).map((d) => [d, 0]));
  let blank = true;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] as string;
    if (comment !== "" && isStart(text, at) && text.startsWith(comment, at)) {
      at = endOfLine(text, at);
    } else if (letter === "\n" || letter === "\r") {
      if (blank) continue;
      if (letter === "\r" && at + 1 === text.length && !final) return undefined;
      return { delimiter: most(found), newline: letter === "\r" && text[at + 1] !== "\n" ? "\r" : "\n" };
    } else if (letter === quote && (isStart(text, at) || found.has(text[at - 1] as string))) {
      // a quote opens a field at its beginning alone
      blank = false;
      at = closing(text, at + 1, quote);
    } else {
      const count = found.get(letter);
      if (count !== undefined) found.set(letter, count + 1);
      if (count !== undefined || letter.trim() !== "") blank = false;
    }
  }
  return final ? { delimiter: most(found), newline: "\n" } : undefined;
}

function isStart(text: string, at: number): boolean {
  return at === 0 || text[at - 1] === "\n" || text[at - 1] === "\r";
}

function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === "\n" || text[at] === "\r") return at;
  return text.length;
}

/** Where a quoted field that has been opened is closed; the text's end where it is not. A quote in it is doubled. */
function closing(text: string, from: number, quote: string): number {
  for (let at = text.indexOf(quote, from); at >= 0; at = text.indexOf(quote, at + 2)) {
    if (text[at + 1] !== quote) return at;
  }
  return text.length;
}

/** The first of those that were found most often. */
function most(found: ReadonlyMap<string, number>): string {
  return [...found].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
