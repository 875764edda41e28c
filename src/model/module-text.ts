// Pieces of the text of an exported module: names as literals, numbers as base64; and what TypeScript is told of every such module.
// Nothing here knows what the code does.

/** Numbers that code refers to by name. */
export interface Constants {
  /** a tensor of the model's state dict; undefined if it has none of that name */
  read(name: string): Float32Array | undefined;
  /** Has the module hold these numbers. Returns the name, an identifier. */
  add(name: string, data: Float32Array): string;
}

/**
 * A value as JavaScript. Names are anybody's text: nothing in them ends the literal, the line (U+2028, U+2029 in older engines), or
 * the script element of a page that has the module inline.
 */
export function literal(value: unknown): string {
  const json = value === undefined ? "undefined" : JSON.stringify(value);
  return json.replace(/[<\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Bytes of a line: 120 characters. */
const LINE = 90;

/** f32, little-endian, one list after another, in lines of base64; decoders of base64 skip the ends of lines. */
export function base64Lines(lists: readonly Float32Array[]): string {
  const view = new DataView(new ArrayBuffer(lists.reduce((sum, { length }) => sum + 4 * length, 0)));
  let at = 0;
  for (const list of lists) {
    for (const value of list) {
      view.setFloat32(at, value, true);
      at += 4;
    }
  }
  const bytes = new Uint8Array(view.buffer);
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += LINE) {
    lines.push(btoa(String.fromCharCode(...bytes.subarray(from, from + LINE))));
  }
  return lines.join("\n");
}

/**
 * The types of every module that {@link exportModule} makes, for a `.d.ts` file beside it.
 * @category Export
 * @example
 * ```ts
 * import { dense, init } from "xent";
 * import { exportModule, moduleTypes } from "xent/module";
 * import { writeFileAtomic } from "xent/node";
 * const text = new TextEncoder();
 * const xent = await init();
 * const model = xent.sequential({ input: 4 }, [dense(3)]);
 * await writeFileAtomic("net.js", text.encode(exportModule(model)));
 * await writeFileAtomic("net.d.ts", text.encode(moduleTypes));
 * moduleTypes.includes("export declare function predict(rows: Rows): Float32Array;"); // → true
 * ```
 */
export const moduleTypes = `/** Rows as the model takes them: flat numbers, arrays, or objects by column name. */
export type Rows = Float32Array | Float64Array | Uint8Array | readonly object[];
/** Features of a row. */
export declare const input: number;
/** Numbers that a row gives. */
export declare const outputs: number;
/** Names of the classes by their ids. */
export declare const classes: readonly string[] | undefined;
/** Names of the columns of raw rows. */
export declare const columns: readonly string[] | undefined;
/** What the model's loss makes of its outputs, row after row: \`[rows · outputs]\`. */
export declare function predict(rows: Rows): Float32Array;
/** The class of each row: \`[rows]\`. */
export declare function predictClass(rows: Rows): Int32Array;
/** The outputs of the last layer, row after row: \`[rows · outputs]\`. */
export declare function logits(rows: Rows): Float32Array;
`;
