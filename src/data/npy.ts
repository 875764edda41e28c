// NPY, the format of numpy.save: a magic string, a version, a header in Python's words, the values as they lie in memory. One
// array a file; archives of several (.npz) are not read. Source: numpy.lib.format of NumPy.

import { elements, hex, reserve, toBytes, typed } from "../base/bytes.ts";
import { XentError } from "../base/errors.ts";
import { gunzip, isGzip } from "../base/gunzip.ts";
import { widenHalves } from "../base/half.ts";
import { checkNames, show } from "../base/options.ts";
import { formatHeader, MOST_DIMENSIONS, type NpyDtype, type NpyHeader, parseHeader } from "./npy-header.ts";
import { count } from "./targets.ts";

/** What a NPY file holds. */
export interface NpyArray {
  /** one size a dimension, outermost first; `[]` is a single value */
  shape: number[];
  /** the values, row-major; as many as the product of the shape */
  data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array
    | BigInt64Array
    | BigUint64Array;
  /** of the file, by NumPy's name: `bool` is given as bytes, `float16` as a Float32Array, which has all of its values */
  dtype: NpyDtype;
}

/** What {@link writeNpy} takes; also what {@link readNpy} gives. */
export interface NpySource {
  /** one size a dimension, outermost first; none is a single value */
  shape: readonly number[];
  /** the values, row-major; its type decides the dtype */
  data: NpyArray["data"];
  /** `bool` for bytes that are 0 and 1; otherwise that of the data. What was read of `float16` is written as `float32`. */
  dtype?: NpyDtype | undefined;
}

const ARRAYS = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  uint64: BigUint64Array,
  int64: BigInt64Array,
  float16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** "\x93NUMPY" */
const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
/** Magic and version. */
const BEGIN = 8;
/** Of a header: what version 1.0 can have. Longer ones are those of structured arrays. */
const MOST_HEADER = 65_535;
/** Where values begin is a multiple of this. */
const ALIGN = 64;

/**
 * Reads a NPY file as numpy.save writes it, plain or gzipped: versions 1.0 to 3.0, numbers and booleans of either byte order. An
 * array in Fortran order is put in row-major order.
 *
 * @param bytes  the whole file
 * @returns shape, values and dtype. Values that are little-endian, row-major and aligned in a plain file are a view of `bytes`, all
 *          others a copy.
 * @throws {XentError} `NPY` if the bytes are no NPY file, or not exactly one, or one of objects, text, records, times or complex numbers
 * @category Files
 * @example
 * ```ts
 * import { readFile, writeFile } from "node:fs/promises";
 * import { readNpy, writeNpy } from "xent/data";
 * await writeFile("features.npy", writeNpy({ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }));
 * const { shape, data, dtype } = await readNpy(await readFile("features.npy"));
 * [shape, data, dtype]; // → [[2, 2], [1, 2, 3, 4], "float32"]
 * ```
 */
export async function readNpy(bytes: Uint8Array | ArrayBuffer): Promise<NpyArray> {
  const given = toBytes(bytes, unreadable);
  return parse(isGzip(given) ? await gunzip(given, claimed, unreadable) : given);
}

/**
 * The bytes of a NPY file, the same that numpy.save writes of such an array: version 1.0, little-endian, row-major.
 *
 * @param array  shape and values; what {@link readNpy} gives is also taken
 * @throws {XentError} `NPY` the data is no typed array of these, has not as many values as the shape, or is not of the dtype; `OPTION` an unknown
 *         name
 * @category Files
 * @example
 * ```ts
 * import { dense, init } from "xent";
 * import { writeNpy } from "xent/data";
 * import { writeFileAtomic } from "xent/node";
 * const xent = await init();
 * const model = xent.sequential({ input: 2 }, [dense(3)]);
 * const bytes = writeNpy({ shape: [2, 3], data: model.logits([[1, 2], [3, 4]]) });
 * await writeFileAtomic("logits.npy", bytes);
 * String.fromCharCode(...bytes.subarray(1, 6)); // → "NUMPY"
 * ```
 */
export function writeNpy(array: NpySource): Uint8Array<ArrayBuffer> {
  checkNames("writeNpy", array, ["shape", "data", "dtype"]);
  const { shape, data } = array;
  const dtype = dtypeOf(array);
  const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isShape || shape.length > MOST_DIMENSIONS) {
    throw unwritable(
      `the shape is ${isShape ? count(shape.length, "size") : show(shape)}, expected an array of ${MOST_DIMENSIONS} integers at most, from 0`,
      "Pass a size for each dimension, such as [rows, columns].",
    );
  }
  const values = elements(shape);
  if (values !== data.length) {
    throw unwritable(
      `data has ${count(data.length, "value")}, expected ${values} for the shape [${shape.join(", ")}]`,
      "Check that shape and data belong together.",
    );
  }
  const header = new TextEncoder().encode(formatHeader(dtype, shape));
  // blanks, one at least, and a newline; as NumPy reckons, which adds 64 blanks where one would do
  const unpadded = BEGIN + 2 + header.length + 1;
  const start = unpadded + ALIGN - (unpadded % ALIGN);
  const out = new Uint8Array(reserve(start + data.byteLength));
  out.set([...MAGIC, 1, 0]);
  new DataView(out.buffer).setUint16(BEGIN, start - BEGIN - 2, true);
  out.set(header, BEGIN + 2);
  out.fill(0x20, BEGIN + 2 + header.length, start - 1);
  out[start - 1] = 0x0a;
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return out;
}

/** What the first bytes say of a file. */
interface Layout extends NpyHeader {
  /** where the values begin */
  readonly start: number;
  /** bytes of the whole file */
  readonly total: number;
}

function claimed(bytes: Uint8Array): number | undefined {
  const layout = layoutOf(bytes);
  return typeof layout === "number" ? undefined : layout.total;
}

function parse(file: Uint8Array): NpyArray {
  const layout = layoutOf(file);
  if (typeof layout === "number") {
    throw unreadable(
      `the file has ${file.length} bytes, expected ${layout} at least`,
      "It is empty or cut off: fetch it again.",
    );
  }
  const { dtype, shape, start, total } = layout;
  if (file.length !== total) {
    throw unreadable(
      `the file has ${file.length} bytes, expected ${total} for ${dtype} of the shape [${shape.join(", ")}]`,
      file.length < total
        ? "It is cut off: fetch it again."
        : `The last ${file.length - total} do not belong to it: read arrays that were saved into one file one by one.`,
    );
  }
  const values = ordered(file.subarray(start), layout);
  if (dtype === "float16") {
    const halves = typed(Uint16Array, values);
    const room = new Float32Array(reserve(4 * halves.length));
    return { shape, data: widenHalves(halves, room), dtype };
  }
  if (dtype === "bool") checkBooleans(values);
  return { shape, data: typed<NpyArray["data"]>(ARRAYS[dtype], values), dtype };
}

/** What the bytes begin with, or how many of them it takes to say so. */
function layoutOf(bytes: Uint8Array): Layout | number {
  const odd = MAGIC.findIndex((byte, i) => i < bytes.length && bytes[i] !== byte);
  if (odd >= 0) {
    const zip = bytes[0] === 0x50 && bytes[1] === 0x4b;
    throw unreadable(
      `the file begins with ${hex(bytes.subarray(0, MAGIC.length))}, expected ${hex(MAGIC)}`,
      zip
        ? "It is an archive: take the .npy files out of the .npz."
        : "It is no NPY file; perhaps a page with an error message.",
    );
  }
  if (bytes.length < BEGIN) return BEGIN;
  const [major, minor] = [bytes[MAGIC.length] as number, bytes[MAGIC.length + 1] as number];
  if (major < 1 || major > 3 || minor !== 0) {
    throw unreadable(
      `the version is ${major}.${minor}, expected 1.0, 2.0 or 3.0`,
      "Save it anew with numpy.save, or fetch it again.",
    );
  }
  const begin = BEGIN + (major === 1 ? 2 : 4);
  if (bytes.length < begin) return begin;
  const view = new DataView(bytes.buffer, bytes.byteOffset, begin);
  const length = major === 1 ? view.getUint16(BEGIN, true) : view.getUint32(BEGIN, true);
  if (length > MOST_HEADER) {
    throw unreadable(
      `the header has ${length} bytes, expected ${MOST_HEADER} at most`,
      "It is that of an array with many fields, or damaged.",
    );
  }
  const start = begin + length;
  if (bytes.length < start) return start;
  // what is no ASCII stands in names of fields, which are refused: one character a byte will do
  const text = Array.from(bytes.subarray(begin, start), (byte) => String.fromCharCode(byte)).join("");
  const header = parseHeader(text, unreadable);
  return { ...header, start, total: start + header.size * elements(header.shape) };
}

/** The values as they are wanted, little-endian and row-major: the same bytes where they are so already. */
function ordered(values: Uint8Array, { size, bigEndian, fortran, shape }: Layout): Uint8Array {
  const transposed = fortran && shape.length > 1;
  const swapped = bigEndian && size > 1;
  if (!transposed && !swapped) return values;
  const sizes = transposed ? shape : [values.length / size];
  const out = new Uint8Array(reserve(values.length));
  // in Fortran's order an index reaches over all values of those before it: 1, s₀, s₀s₁ …
  const strides = sizes.map((_, d) => elements(sizes.slice(0, d)));
  const index = sizes.map(() => 0);
  // size is a power of 2: byte i ^ (size − 1) is byte i from the end
  const flip = swapped ? size - 1 : 0;
  let from = 0;
  for (let to = 0; to < out.length; to += size) {
    for (let i = 0; i < size; i++) out[to + i] = values[from * size + (i ^ flip)] as number;
    for (let d = sizes.length - 1; d >= 0; d--) {
      const next = (index[d] as number) + 1;
      from += strides[d] as number;
      index[d] = next;
      if (next < (sizes[d] as number)) break;
      from -= (strides[d] as number) * next;
      index[d] = 0;
    }
  }
  return out;
}

function checkBooleans(bytes: Uint8Array): void {
  const at = bytes.findIndex((byte) => byte > 1);
  if (at < 0) return;
  throw unreadable(
    `the boolean at index ${at} (counted from 0) is ${bytes[at]}, expected 0 or 1`,
    "The file is damaged: fetch it again.",
  );
}

/** The dtype of what is to be written. */
function dtypeOf({ data, dtype }: NpySource): NpyDtype {
  const own = (Object.keys(ARRAYS) as NpyDtype[]).find(
    (each) => each !== "bool" && each !== "float16" && data instanceof ARRAYS[each],
  );
  if (own === undefined) {
    const known = [...new Set(Object.values(ARRAYS).map(({ name }) => name))].join(", ");
    throw unwritable(
      `data is ${show(data)}, expected a typed array: ${known}`,
      "Convert it to one of these.",
    );
  }
  if (dtype === undefined || dtype === own || (dtype === "float16" && own === "float32")) return own;
  if (dtype !== "bool" || own !== "uint8" || (data as Uint8Array).some((byte) => byte > 1)) {
    throw unwritable(
      `the dtype is ${show(dtype)}, expected ${own} for ${show(data)}${own === "uint8" ? ", or bool if all are 0 or 1" : ""}`,
      "Leave dtype out to have that of the data.",
    );
  }
  return "bool";
}

function unreadable(problem: string, hint: string): XentError {
  return new XentError("NPY", `readNpy: ${problem}`, hint);
}

function unwritable(problem: string, hint: string): XentError {
  return new XentError("NPY", `writeNpy: ${problem}`, hint);
}
