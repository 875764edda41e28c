// The header of a safetensors file: JSON of one fixed form, read strictly and within limits. Offsets and sizes are whole numbers here;
// whether they fit the file is not asked.

import type { Failure } from "../base/bytes.ts";
import { show } from "../base/options.ts";
import { JsonReader } from "./json.ts";
import { LIMITS } from "./limits.ts";
import { isWhole, METADATA } from "./safetensors.ts";

/** What the header says of a tensor. */
export interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly offsets: readonly [begin: number, end: number];
}

export interface Header {
  readonly entries: Map<string, Entry>;
  readonly metadata: Map<string, string>;
}

/**
 * Reads `{"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …}`. Fields come in any order.
 *
 * @param text     the header, and blanks behind it
 * @param failure  makes the error for something that is not so
 */
export function parseHeader(text: string, failure: Failure): Header {
  const reader = new JsonReader(text, (problem) =>
    failure(`header, ${problem}`, "The file is damaged, or no safetensors file."),
  );
  const header: Header = { entries: new Map(), metadata: new Map() };
  // the reference takes blanks before it, its description of the format does not
  if (!text.startsWith("{")) throw reader.unexpected('"{"');
  reader.object((name) => {
    if (name === METADATA) {
      reader.object((key) => {
        checkName(reader, key);
        if (header.metadata.size === LIMITS.entries) {
          throw reader.odd(`more than ${LIMITS.entries} entries of metadata`);
        }
        header.metadata.set(key, whole(reader, LIMITS.value, `the value of ${show(key)}`));
      });
    } else {
      checkName(reader, name);
      if (header.entries.size === LIMITS.tensors) throw reader.odd(`more than ${LIMITS.tensors} tensors`);
      header.entries.set(name, entry(reader, name));
    }
  });
  reader.end();
  return header;
}

function entry(reader: JsonReader, name: string): Entry {
  let dtype: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  reader.object((field) => {
    if (field === "dtype") dtype = whole(reader, LIMITS.name, "a dtype");
    else if (field === "shape") shape = sizes(reader, LIMITS.rank);
    else if (field === "data_offsets") offsets = sizes(reader, 2);
    else throw reader.odd(`tensor ${show(name)} has ${show(field)}, expected dtype, shape and data_offsets`);
  });
  const [begin, end] = offsets ?? [];
  if (!dtype || !shape || begin === undefined || end === undefined) {
    throw reader.odd(`tensor ${show(name)} must have a dtype, a shape and two data_offsets`);
  }
  return { dtype, shape, offsets: [begin, end] };
}

/** So many integers at most. */
function sizes(reader: JsonReader, most: number): number[] {
  const list: number[] = [];
  reader.list(() => {
    if (list.length === most) throw reader.odd(`more than ${most} numbers in a list`);
    list.push(reader.size());
  });
  return list;
}

function whole(reader: JsonReader, most: number, what: string): string {
  const text = reader.string();
  if (text.length > most) throw reader.odd(`${what} has ${text.length} characters, at most ${most} are read`);
  if (!isWhole(text)) throw reader.odd(`expected a string of whole characters, found ${show(text)}`);
  return text;
}

function checkName(reader: JsonReader, name: string): void {
  if (name.length > LIMITS.name) {
    throw reader.odd(`a name has ${name.length} characters, at most ${LIMITS.name} are read`);
  }
  if (!isWhole(name)) throw reader.odd(`expected a name of whole characters, found ${show(name)}`);
}
