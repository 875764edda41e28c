// Turns CSV text that comes in pieces into tables. Where a quote is in sight a parser is asked for the cells (csv.ts brings it); where
// there is none, fields lie between delimiters, and numbers are read from the text as it stands.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import {
  apart,
  CategoryCells,
  type Cells,
  type ColumnCells,
  isMissing,
  NoCells,
  NumberCells,
} from "./csv-cells.ts";
import type { CheckedCsv } from "./csv-options.ts";
import { noColumn } from "./names.ts";
import { Decimals } from "./number.ts";
import { type Dialect, sniff } from "./sniff.ts";
import type { Table } from "./table.ts";
import { COUNTED, count } from "./targets.ts";

/** Rows from which the types of columns are told, and values of these rows at most. */
const [SAMPLE_ROWS, SAMPLE_VALUES] = [1000, 2 ** 21];
/** Rows of a table, and values of it at most, where nothing is said. */
const [CHUNK_ROWS, CHUNK_VALUES] = [8192, 2 ** 22];
/** Blanks behind a closing quote at the end of a piece, of which the next piece will tell whether they are in their place. */
const BLANKS = 1024;

/** Cells of a line. */
type Row = readonly string[];

/** What the core of Papa Parse gives. */
export interface Parsed {
  /** cells of rows; those of a last line that may go on are left out */
  readonly data: readonly Row[];
  /** of quotes; `row` is the number of rows before it */
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  /** where the rows end */
  readonly meta: { readonly cursor: number };
}

/** What it is told. */
export interface Settings {
  delimiter: string;
  newline: "\n" | "\r";
  comments: string | false;
  quoteChar?: string;
  /** nothing is quoted */
  fastMode?: true;
  /** is given every row by itself */
  step?: (row: Parsed) => void;
}

/** @param final  whether the last line ends where the text does */
export type Parse = (text: string, settings: Settings, final: boolean) => Parsed;

/** What is known once the first rows are. */
interface Open {
  /** one a field, in the order of the text */
  readonly fields: readonly Cells[];
  readonly names: readonly string[];
  /** those of the table, in its order */
  readonly kept: readonly ColumnCells[];
  readonly chunkRows: number;
}

/** How far a text has been read, and where its whole records end: further where all are to be seen once more. */
interface Read {
  readonly used: number;
  readonly whole: number;
}

/** Reads one text. */
export class CsvReader {
  readonly #where: string;
  readonly #options: CheckedCsv;
  readonly #parse: Parse;
  readonly #decimals: Decimals;
  /** what has come and is not used up, and the number of its first line */
  #text = "";
  #line = 1;
  /** characters of text without which there is nothing new to be seen in it */
  #enough: number;
  readonly #least: number;
  #dialect: Dialect = { delimiter: ",", newline: "\n" };
  #open: Open | undefined;
  /** rows since the last table */
  #rows = 0;
  #tables = 0;

  /** @param least  characters that are read at once; fewer wait for more */
  constructor(where: string, options: CheckedCsv, parse: Parse, least: number) {
    this.#where = where;
    this.#options = options;
    this.#parse = parse;
    this.#decimals = new Decimals(options.decimal);
    this.#least = least;
    this.#enough = least;
  }

  /**
   * Takes a piece of the text, and gives the tables that are full; with the last piece all that there is.
   *
   * @param final  whether the text ends here
   */
  *read(piece: string, final: boolean): Generator<Table> {
    this.#text += piece;
    if (!final && this.#text.length < this.#enough) return;
    const text = this.#text;
    const { quote, maxRecord } = this.#options;
    const quoted = quote !== "" && text.includes(quote);
    const { used, whole } =
      this.#open === undefined
        ? yield* this.#head(text, final)
        : quoted
          ? yield* this.#quoted(text, final, this.#open)
          : yield* this.#plain(text, final, this.#open);
    if (text.length - whole > maxRecord) {
      throw this.#failure(
        this.#line + this.#lineEnds(text, used, whole),
        `the record that begins here has not ended after ${text.length - whole} characters, and maxRecord is ${maxRecord}`,
        `A quote may not be closed. Pass maxRecord for longer records, quote: "" if nothing is quoted.`,
      );
    }
    this.#text = text.slice(used);
    // of what is longer than a piece all will be looked at again: by then it shall have doubled
    this.#enough = Math.max(this.#least, 2 * this.#text.length);
    if (final && (this.#rows > 0 || this.#tables === 0)) yield this.#table();
  }

  /** The names, and as many rows as it takes to tell the types of columns. */
  *#head(text: string, final: boolean): Generator<Table, Read> {
    const dialect = sniff(text, final, this.#options);
    if (dialect === undefined) return { used: 0, whole: 0 };
    this.#dialect = dialect;
    const { data, cursor } = this.#cells(text, final);
    const first = data.findIndex((cells) => !isBlank(cells));
    const names = data[first];
    if (names === undefined && final) {
      throw new XentError(
        "CSV",
        `${this.#where}: the text has no lines, expected a line of names and rows`,
        "See what was read: the file may be empty.",
      );
    }
    if (names === undefined) return { used: 0, whole: cursor };
    const { header } = this.#options;
    const begin = header === true ? first + 1 : first;
    const wanted = Math.min(SAMPLE_ROWS, Math.ceil(SAMPLE_VALUES / names.length));
    const sample = data.slice(begin).filter((cells) => !isBlank(cells));
    if (sample.length < wanted && !final) return { used: 0, whole: cursor };
    const line = this.#lineOf(text, first);
    this.#open = this.#begin(this.#names(names, line), sample.slice(0, wanted));
    yield* this.#rowsOf(text, data, begin, this.#open);
    this.#line += this.#lineEnds(text, 0, cursor);
    return { used: cursor, whole: cursor };
  }

  /** Rows among which there are quotes. */
  *#quoted(text: string, final: boolean, open: Open): Generator<Table, Read> {
    const { data, cursor } = this.#cells(text, final);
    yield* this.#rowsOf(text, data, 0, open);
    this.#line += this.#lineEnds(text, 0, cursor);
    return { used: cursor, whole: cursor };
  }

  *#rowsOf(text: string, data: readonly Row[], from: number, open: Open): Generator<Table> {
    const { fields, names } = open;
    for (let r = from; r < data.length; r++) {
      const cells = data[r] as Row;
      if (isBlank(cells)) continue;
      if (cells.length !== fields.length) throw this.#uneven(this.#lineOf(text, r), cells.length, open);
      for (let c = 0; c < fields.length; c++) {
        const cell = cells[c] as string;
        if (!(fields[c] as Cells).set(this.#rows, cell)) {
          throw this.#noNumber(this.#lineOf(text, r), names[c] as string, cell);
        }
      }
      if (++this.#rows === open.chunkRows) yield this.#table();
    }
  }

  /** Rows without a quote, up to the last line's end. */
  *#plain(text: string, final: boolean, open: Open): Generator<Table, Read> {
    const { fields } = open;
    const { comment } = this.#options;
    const { newline, delimiter } = this.#dialect;
    let from = 0;
    while (from < text.length) {
      const next = text.indexOf(newline, from);
      if (next < 0 && !final) break;
      const stop = next < 0 ? text.length : next;
      const end = newline === "\n" && text.charCodeAt(stop - 1) === 13 && stop > from ? stop - 1 : stop;
      const skipped =
        (comment !== "" && text.startsWith(comment, from)) ||
        end === from ||
        (mayBeBlank(text.charCodeAt(from)) && isBlankLine(text.slice(from, end), delimiter));
      if (!skipped) {
        let [at, c] = [from, 0];
        for (; c < fields.length && at <= end; c++) {
          const to = (fields[c] as Cells).scan(this.#rows, text, at, end);
          if (to < 0) {
            const cell = text.slice(at, end).split(delimiter)[0] as string;
            throw this.#noNumber(this.#line, open.names[c] as string, cell);
          }
          at = to + 1;
        }
        if (at !== end + 1 || c < fields.length) {
          throw this.#uneven(this.#line, text.slice(from, end).split(delimiter).length, open);
        }
        this.#rows++;
      }
      this.#line++;
      from = stop + 1;
      if (this.#rows === open.chunkRows) yield this.#table();
    }
    const used = Math.min(from, text.length);
    return { used, whole: used };
  }

  /** The table of the rows since the last one. */
  #table(): Table {
    const rows = this.#rows;
    const columns = (this.#open as Open).kept.map((cells) => cells.take(rows));
    this.#rows = 0;
    this.#tables++;
    return { rows, columns };
  }

  /** Cells of the rows that are whole, and where these end. */
  #cells(text: string, final: boolean): { data: readonly Row[]; cursor: number } {
    const { quote } = this.#options;
    const { data, errors, meta } = this.#parse(text, this.#settings(), final);
    const [first, second] = errors;
    if (first !== undefined) {
      const { code, row = 0 } = first;
      // what follows a closing quote at the end of a piece, blanks aside, is not seen yet
      const tail = text.slice(text.lastIndexOf(quote) + 1);
      const early = !final && second === undefined && row >= data.length && tail.length <= BLANKS;
      if (!early || tail.trim() !== "") {
        throw this.#failure(
          this.#lineOf(text, row),
          code === "MissingQuotes"
            ? "the record that begins here has a quote that is not closed before the text ends"
            : "the record that begins here has a field in quotes that goes on behind them",
          `Inside quotes a quote is doubled: ${quote}${quote}. Pass quote: "" if nothing is quoted.`,
        );
      }
    }
    return { data, cursor: meta.cursor };
  }

  #settings(): Settings {
    const { quote, comment } = this.#options;
    return {
      ...this.#dialect,
      comments: comment === "" ? false : comment,
      ...(quote === "" ? { fastMode: true } : { quoteChar: quote }),
    };
  }

  #names(cells: Row, line: number): readonly string[] {
    const { header, maxColumns } = this.#options;
    if (cells.length > maxColumns) {
      throw this.#failure(
        line,
        `the row has ${cells.length} fields, and maxColumns is ${maxColumns}`,
        this.#about("Pass maxColumns if it is a table of so many columns."),
      );
    }
    if (header === false) return cells.map((_, i) => String(i));
    if (header !== true) {
      if (header.length === cells.length) return header;
      throw this.#failure(
        line,
        `the row has ${count(cells.length, "field")}, and header has ${count(header.length, "name")}`,
        this.#about("Name every field."),
      );
    }
    const names = cells.map((cell, i) => apart(cell.trim() || String(i)));
    const places = new Map<string, number>();
    for (const [i, name] of names.entries()) {
      const before = places.get(name);
      if (before !== undefined) {
        throw this.#failure(
          line,
          `columns ${before} and ${i} ${COUNTED} are both named ${show(name)}`,
          "Name them differently, or pass other names as header and leave this line out.",
        );
      }
      places.set(name, i);
    }
    return names;
  }

  #begin(names: readonly string[], sample: readonly Row[]): Open {
    const { types, select = names, missing } = this.#options;
    const places = new Map(names.map((name, i) => [name, i]));
    for (const [option, list] of Object.entries({ types: [...types.keys()], select })) {
      const unknown = list.find((name) => !places.has(name));
      if (unknown !== undefined) throw noColumn(`${this.#where}: ${option}`, unknown, names);
    }
    const rules = { ...this.#dialect, decimals: this.#decimals, missing: new Set(missing) };
    const isNumber = (cell = ""): boolean => !Number.isNaN(this.#decimals.of(cell)) || isMissing(cell, rules);
    const columns = new Map<string, ColumnCells>();
    for (const name of select) {
      const c = places.get(name) as number;
      const type = types.get(name) ?? (sample.every((row) => isNumber(row[c])) ? "number" : "category");
      const Kind = type === "number" ? NumberCells : CategoryCells;
      columns.set(name, new Kind(name, rules, c === names.length - 1));
    }
    const fields = names.map((name, c) => columns.get(name) ?? new NoCells(rules, c === names.length - 1));
    const kept = [...columns.values()];
    const { chunkRows = Math.min(CHUNK_ROWS, Math.ceil(CHUNK_VALUES / kept.length)) } = this.#options;
    return { fields, names, kept, chunkRows };
  }

  /** Line ends in a part of a text. */
  #lineEnds(text: string, from: number, to: number): number {
    const { newline } = this.#dialect;
    let lines = 0;
    for (let at = text.indexOf(newline, from); at >= 0 && at < to; at = text.indexOf(newline, at + 1))
      lines++;
    return lines;
  }

  /** The number of the line on which a row begins. Only errors ask: the text is parsed once more, up to there. */
  #lineOf(text: string, row: number): number {
    let at = 0;
    if (row > 0) {
      let left = row;
      const step = ({ meta }: Parsed): void => {
        if (--left === 0) at = meta.cursor;
      };
      this.#parse(text, { ...this.#settings(), step }, true);
    }
    const { comment } = this.#options;
    while (comment !== "" && text.startsWith(comment, at)) {
      const next = text.indexOf(this.#dialect.newline, at);
      if (next < 0) break;
      at = next + 1;
    }
    return this.#line + this.#lineEnds(text, 0, at);
  }

  #uneven(line: number, fields: number, { names }: Open): XentError {
    return this.#failure(
      line,
      `the row has ${count(fields, "field")}, expected ${names.length}, one for each column`,
      this.#about("A field that holds one must be in quotes, and quotes must be closed."),
    );
  }

  #noNumber(line: number, name: string, cell: string): XentError {
    const { types, missing } = this.#options;
    const why = types.has(name) ? "types says so" : `the first ${SAMPLE_ROWS} rows have numbers there`;
    const bare = cell.trim();
    const list = JSON.stringify([...missing, bare.length > 40 ? "…" : bare]);
    return new XentError(
      "COLUMN",
      `${this.#where}: line ${line}: column ${show(name)} has ${show(bare)}, expected a finite decimal number, as ${why}`,
      `If the value is missing there, pass missing: ${list}; if it is a category, types: { ${JSON.stringify(name)}: "category" }.`,
    );
  }

  /** A hint about the delimiter, after which comes what else may help. */
  #about(more: string): string {
    return `The delimiter is ${JSON.stringify(this.#dialect.delimiter)}: pass delimiter if it is another. ${more}`;
  }

  #failure(line: number, problem: string, hint: string): XentError {
    return new XentError("CSV", `${this.#where}: line ${line}: ${problem}`, hint);
  }
}

/** Whether a line has nothing but blanks. */
function isBlank(row: Row): boolean {
  return row.length === 1 && (row[0] as string).trim() === "";
}

function isBlankLine(line: string, delimiter: string): boolean {
  return line.trim() === "" && !line.includes(delimiter);
}

/** Whether `trim` may take a character away; beyond ASCII the blanks begin with U+00A0. */
function mayBeBlank(code: number): boolean {
  return code <= 32 || code >= 0xa0;
}
