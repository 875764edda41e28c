// readNpy and writeNpy against NumPy's own files (test/fixtures/arrays.py), a writer of this test's own, and every way in which a
// file can be none.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type NpyArray, type NpyDtype, readNpy, writeNpy } from "../../src/data.ts";
import { refuses as refusesAny } from "../support/errors.ts";
import fc from "../support/property.ts";

interface Saved {
  readonly name: string;
  readonly dtype: NpyDtype;
  readonly shape: number[];
  /** row-major: bits of floats in hexadecimal digits, other numbers as they are */
  readonly values: readonly string[];
  readonly file: string;
}
interface Fixtures {
  readonly halves: string;
  readonly read: readonly Saved[];
  readonly refused: readonly Pick<Saved, "name" | "file">[];
}
const fixtures: Fixtures = JSON.parse(readFileSync("test/fixtures/arrays.json", "utf8"));
const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

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
};

function told(data: NpyArray["data"]): string[] {
  const buffer = data.slice().buffer;
  if (data instanceof Float32Array) return Array.from(new Uint32Array(buffer), (bits) => bits.toString(16));
  if (data instanceof Float64Array)
    return Array.from(new BigUint64Array(buffer), (bits) => bits.toString(16));
  return Array.from(data, String);
}

/** A file with this header, as it stands, and data behind it. */
function file(header: string, data: Iterable<number> = [], version = [1, 0]): Uint8Array {
  const length = version[0] === 1 ? 2 : 4;
  const text = Buffer.from(header, "latin1");
  const bytes = new Uint8Array([0x93, ...Buffer.from("NUMPY"), ...version, 0, 0, 0, 0, ...text, ...data]);
  bytes.copyWithin(8 + length, 12);
  new DataView(bytes.buffer).setUint16(8, text.length, true);
  if (length === 4) new DataView(bytes.buffer).setUint16(10, 0, true);
  return bytes.subarray(0, 8 + length + text.length + [...data].length);
}
const header = (descr: string, shape: string, fortran = "False"): string =>
  `{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;

/** Expects the refusal of a plain file, and of the same file gzipped. */
async function refuses(bytes: Uint8Array, ...pieces: string[]): Promise<void> {
  await refusesAny(() => readNpy(bytes), "NPY", "readNpy: ", ...pieces);
  await refusesAny(() => readNpy(gzipSync(bytes)), "NPY", "readNpy: ");
}

describe("what NumPy saves", () => {
  it.each(fixtures.read.map((each) => [each.name, each] as const))("%s", async (_, saved) => {
    const bytes = fromBase64(saved.file);
    for (const source of [bytes, bytes.buffer as ArrayBuffer, gzipSync(bytes)]) {
      const { shape, data, dtype } = await readNpy(source);
      expect(dtype).toBe(saved.dtype);
      expect(shape).toEqual(saved.shape);
      expect(data.constructor).toBe(ARRAYS[saved.dtype]);
      expect(told(data)).toEqual(saved.values);
    }
  });

  it("at every offset of a larger buffer, which is not changed", async () => {
    for (const saved of fixtures.read) {
      const bytes = fromBase64(saved.file);
      const larger = new Uint8Array(bytes.length + 9).fill(0xee);
      for (let at = 0; at < 9; at += saved.values.length > 100 ? 4 : 1) {
        larger.set(bytes, at);
        const before = larger.slice();
        expect(told((await readNpy(larger.subarray(at, at + bytes.length))).data)).toEqual(saved.values);
        expect(Buffer.compare(larger, before)).toBe(0);
      }
    }
  });

  it("writeNpy writes the same bytes, but for byte order, order of axes and version", async () => {
    let same = 0;
    for (const { name, file } of fixtures.read) {
      const bytes = fromBase64(file);
      const array = await readNpy(bytes);
      const written = writeNpy(array);
      const other =
        /'(>|<f2)|'fortran_order': True/.test(Buffer.from(bytes.subarray(0, 128)).toString("latin1")) ||
        bytes[6] !== 1;
      if (!other) {
        expect(Buffer.compare(written, bytes), name).toBe(0);
        same++;
      }
      const again = await readNpy(written);
      expect(again.shape).toEqual(array.shape);
      expect(told(again.data)).toEqual(told(array.data));
      expect(again.dtype).toBe(array.dtype === "float16" ? "float32" : array.dtype);
    }
    expect(same).toBeGreaterThan(25);
  });

  it("all halves", async () => {
    const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
    const { data } = await readNpy(file(header("'<f2'", "(65536,)"), new Uint8Array(bits.buffer)));
    const [numbers, nans] = [
      Float32Array.from(data as Float32Array).filter((x) => !Number.isNaN(x)),
      2 * 1023,
    ];
    expect(numbers.length).toBe(2 ** 16 - nans);
    const hash = createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex");
    expect(hash).toBe(fixtures.halves);
  });

  it.each([
    ["objects", `the dtype is "|O"`, "pickled"],
    ["text", `the dtype is "<U2"`, "Number the texts"],
    ["bytes", `the dtype is "|S2"`, "Number the texts"],
    ["records", "a list of fields", "Save each field"],
    ["complex", `the dtype is "<c8"`, "real and imaginary"],
    ["times", `the dtype is "<M8[D]"`, "datetime64"],
    ["durations", `the dtype is "<m8[s]"`, "timedelta64"],
    ["void", `the dtype is "|V3"`, "Save each field"],
    ["long double", `the dtype is "<f16"`, "astype"],
    ["archive", "begins with 50 4b 03 04", "out of the .npz"],
  ])("what it saves and is not read: %s", async (name, ...pieces) => {
    const saved = fixtures.refused.find((each) => each.name === name);
    await refuses(fromBase64(saved?.file ?? ""), ...pieces);
  });
});

describe("views and copies", () => {
  const data = new Float32Array([1, 2, 3]);
  it("aligned values are a view, other values a copy, and never a Buffer", async () => {
    const bytes = writeNpy({ shape: [3], data });
    const aligned = await readNpy(bytes);
    expect([aligned.data.buffer, aligned.data.byteOffset]).toEqual([bytes.buffer, bytes.length - 12]);
    const larger = new Uint8Array(bytes.length + 1);
    larger.set(bytes, 1);
    const copied = await readNpy(larger.subarray(1));
    expect(copied.data).toEqual(data);
    expect(copied.data.buffer.byteLength).toBe(12);
    const of = await readNpy(Buffer.from(writeNpy({ shape: [2], data: new Uint8Array([5, 6]) })));
    expect(of.data).toEqual(new Uint8Array([5, 6]));
    expect(of.data.constructor).toBe(Uint8Array);
  });

  it("shared memory", async () => {
    const bytes = writeNpy({ shape: [3], data });
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expect(Array.from((await readNpy(shared)).data as Float32Array)).toEqual([1, 2, 3]);
  });
});

describe("any array", () => {
  const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 });
  const product = (shape: readonly number[]): number => shape.reduce((all, size) => all * size, 1);

  it("comes back as it was written", async () => {
    const any = fc
      .tuple(shapes, fc.constantFrom(...Object.values(ARRAYS)), fc.infiniteStream(fc.nat(255)))
      .map(([shape, Type, bytes]): Pick<NpyArray, "shape" | "data"> => {
        const raw = new Uint8Array(product(shape) * Type.BYTES_PER_ELEMENT);
        return { shape, data: new Type(raw.map(() => bytes.next().value as number).buffer) };
      });
    await fc.assert(
      fc.asyncProperty(any, async ({ shape, data }) => {
        const bytes = writeNpy({ shape, data });
        expect((bytes.length - data.byteLength) % 64).toBe(0);
        const read = await readNpy(bytes);
        expect(read.shape).toEqual(shape);
        expect(told(read.data)).toEqual(told(data));
      }),
      { numRuns: 300 },
    );
  });

  it("in Fortran order and of either byte order, by its definition", async () => {
    const any = fc.tuple(shapes, fc.boolean(), fc.boolean());
    await fc.assert(
      fc.asyncProperty(any, async ([shape, fortran, big]) => {
        const n = product(shape);
        const bytes = new Uint8Array(4 * n);
        const view = new DataView(bytes.buffer);
        const expected = new Int32Array(n);
        for (let k = 0; k < n; k++) {
          // the indices of the k-th value in row-major order, and where it stands
          let [at, stride] = [0, 1];
          shape.forEach((size, d) => {
            const index = Math.floor(k / product(shape.slice(d + 1))) % size;
            at += index * stride;
            stride *= size;
          });
          expected[k] = 1_000_003 * (k + 1);
          view.setInt32(4 * (fortran ? at : k), expected[k] as number, !big);
        }
        const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape})`;
        const read = await readNpy(
          file(header(`'${big ? ">" : "<"}i4'`, tuple, fortran ? "True" : "False"), bytes),
        );
        expect(read).toEqual({ shape, data: expected, dtype: "int32" });
      }),
      { numRuns: 300 },
    );
  });
});

describe("headers", () => {
  const four = [1, 0, 2, 0];
  const expected = { shape: [2], data: new Uint16Array([1, 2]), dtype: "uint16" };

  it.each([
    ["any order of keys", `{'shape': (2,), 'fortran_order': False, 'descr': '<u2'}`],
    ["no comma behind the last", `{'descr': '<u2', 'fortran_order': False, 'shape': (2,)}`],
    ["double quotes", `{"descr": "<u2", "fortran_order": False, "shape": (2,)}\n`],
    ["blanks and line ends", ` { 'descr'\n:\t'<u2' ,'fortran_order':False,'shape' : ( 2 , ) , } \n \n`],
    ["no blanks", `{'descr':'<u2','fortran_order':False,'shape':(2,)}`],
    ["a size of Python 2", `{'descr': '<u2', 'fortran_order': False, 'shape': (2L,), }`],
    ["the machine's own byte order", `{'descr': '=u2', 'fortran_order': False, 'shape': (2,), }`],
    ["Fortran order of one dimension", header("'<u2'", "(2,)", "True")],
  ])("%s", async (_, text) => {
    expect(await readNpy(file(text, four))).toEqual(expected);
    expect(await readNpy(file(text, four, [2, 0]))).toEqual(expected);
    expect(await readNpy(file(text, four, [3, 0]))).toEqual(expected);
  });

  it.each([
    ["empty", "", `expected "{", found its end`],
    ["no dict", "[1]", `expected "{", found "[1]"`],
    ["no end", `{'descr': '<u2'`, `expected "," or "}", found its end`],
    ["something behind it", `${header("'<u2'", "(2,)")}x`, "expected the end"],
    [
      "a key twice",
      `{'descr': '<u2', 'descr': '<u2', 'fortran_order': False, 'shape': (2,)}`,
      `the key "descr"`,
    ],
    ["another key", `{'descr': '<u2', 'order': False, 'shape': (2,)}`, `the key "order", expected descr,`],
    ["a key that all objects have", `{'__proto__': '<u2'}`, `the key "__proto__"`],
    ["no descr", `{'fortran_order': False, 'shape': (2,)}`, "no descr"],
    ["no order", `{'descr': '<u2', 'shape': (2,)}`, "no fortran_order"],
    ["no shape", `{'descr': '<u2', 'fortran_order': False}`, "no shape"],
    ["nothing", "{}", "no descr"],
    ["a key without quotes", "{descr: '<u2'}", "expected a key in quotes"],
    ["a string without its end", "{'descr", "expected a key in quotes"],
    ["two kinds of quotes", `{'descr": '<u2'}`, `expected ":", found "<u2'}"`],
    ["an escape", `{'d\\x65scr': '<u2'}`, "expected a key in quotes"],
    ["no colon", "{'descr' '<u2'}", `expected ":"`],
    ["two commas", "{'descr': '<u2',, 'shape': (2,)}", "expected a key in quotes"],
    ["no comma", "{'descr': '<u2' 'shape': (2,)}", `expected "," or "}"`],
    ["a descr without quotes", "{'descr': u2}", "expected a dtype in quotes"],
    ["an order that is a number", header("'<u2'", "(2,)", "0"), "expected True or False"],
    ["an order in other letters", header("'<u2'", "(2,)", "false"), "expected True or False"],
    ["a longer word", header("'<u2'", "(2,)", "Falsehood"), `expected "," or "}"`],
    ["a shape that is a number", header("'<u2'", "2"), `expected "(", found "2`],
    ["a number in brackets", header("'<u2'", "(2)"), "without a comma"],
    ["a list", header("'<u2'", "[2]"), `expected "("`],
    ["a negative size", header("'<u2'", "(-2,)"), "expected an integer from 0"],
    ["a fraction", header("'<u2'", "(2.0,)"), `expected "," or ")"`],
    ["an exponent", header("'<u2'", "(2e0,)"), `expected "," or ")"`],
    ["a leading zero", header("'<u2'", "(02,)"), `expected "," or ")"`],
    ["a hexadecimal size", header("'<u2'", "(0x2,)"), `expected "," or ")"`],
    ["an empty size", header("'<u2'", "(,)"), "expected an integer from 0"],
    ["a size beyond 2⁵³", header("'<u2'", "(9007199254740992,)"), "expected an integer from 0"],
    ["a size of many digits", header("'<u2'", `(${"9".repeat(400)},)`), "expected an integer from 0"],
    ["65 dimensions", header("'<u2'", `(${"1,".repeat(65)})`), "more than 64 dimensions"],
    ["many dimensions", header("'<u2'", `(${"1,".repeat(20_000)})`), "more than 64 dimensions"],
    ["an empty dtype", header("''", "(2,)"), `the dtype is "", expected one of |b1, |u1, |i1, <u2,`],
    ["a dtype without byte order", header("'u2'", "(2,)"), `the dtype is "u2"`],
    ["a byte order for bytes", header("'<u1'", "(2,)"), `the dtype is "<u1"`],
    ["none for more", header("'|u2'", "(2,)"), `the dtype is "|u2"`],
    ["two byte orders", header("'<>u2'", "(2,)"), `the dtype is "<>u2"`],
    ["a width that is not known", header("'<u3'", "(2,)"), `the dtype is "<u3"`],
    ["a kind that is not known", header("'<x2'", "(2,)"), `the dtype is "<x2"`],
    ["a property of objects", header("'<constructor'", "(2,)"), `the dtype is "<constructor"`],
    ["a character beyond ASCII", header("'<é'", "(2,)"), `the dtype is "<é"`],
  ])("refused: %s", async (_, text, piece) => {
    await refuses(file(text, four), piece);
    await refuses(file(text, four, [3, 0]), piece);
  });
});

describe("damage", () => {
  const whole = writeNpy({ shape: [2, 2], data: new Float32Array([1, 2, 3, 4]) });

  it("cut off at every byte", async () => {
    for (let n = 0; n < whole.length; n++)
      await refuses(whole.subarray(0, n), `the file has ${n} bytes, expected`);
    await refuses(
      whole.subarray(0, -1),
      "has 143 bytes, expected 144 for float32 of the shape [2, 2]",
      "cut off",
    );
  });

  it("gzip cut off, or followed by something", async () => {
    const packed = gzipSync(whole);
    for (let n = 2; n < packed.length; n++)
      await refusesAny(() => readNpy(packed.subarray(0, n)), "NPY", "do not unpack");
    await refusesAny(
      () => readNpy(new Uint8Array([...packed, 0])),
      "NPY",
      "does not end where its content does",
    );
  });

  it("bytes behind it", async () => {
    await refuses(new Uint8Array([...whole, 0]), "has 145 bytes, expected 144", "last 1");
  });

  it("another magic or version", async () => {
    await refuses(
      new TextEncoder().encode("<!doctype html>"),
      "begins with 3c 21 64 6f 63 74, expected 93 4e 55",
    );
    await refuses(new TextEncoder().encode("<"), "begins with 3c, expected");
    for (const [major, minor] of [
      [0, 0],
      [4, 0],
      [1, 1],
      [255, 255],
    ]) {
      const bytes = whole.slice();
      bytes.set([major as number, minor as number], 6);
      await refuses(bytes, `the version is ${major}.${minor}, expected 1.0, 2.0 or 3.0`);
    }
  });

  it("a header that is longer than the file, or than any", async () => {
    const bytes = whole.slice();
    bytes.set([0xff, 0xff], 8);
    await refuses(bytes, "has 144 bytes, expected 65545 at least");
    bytes.set([2, 0, 0, 0, 1, 0], 6);
    await refuses(bytes, "the header has 65536 bytes, expected 65535 at most");
    bytes.set([0xff, 0xff, 0xff, 0xff], 8);
    await refuses(bytes, "the header has 4294967295 bytes");
  });

  it("sizes that multiply beyond all numbers, and to nothing", async () => {
    const most = Number.MAX_SAFE_INTEGER;
    await refuses(file(header("'<u2'", `(${most}, ${most})`)), "cut off");
    await refuses(file(header("'<u2'", `(${`${most},`.repeat(64)})`)), "expected Infinity");
    const none = await readNpy(file(header("'<u2'", `(0, ${`${most},`.repeat(63)})`, "True")));
    expect(none.data).toEqual(new Uint16Array(0));
  });

  it("a bomb", async () => {
    const zeros = gzipSync(Buffer.concat([whole, Buffer.alloc(1e7)]));
    await refusesAny(() => readNpy(zeros), "NPY", "goes on behind the 144 bytes");
    const claims = gzipSync(file(header("'<f8'", "(1099511627776,)"), new Uint8Array(100)));
    await refusesAny(() => readNpy(claims), "NPY", "expected 4294967296 at most");
  });

  it("booleans that are none", async () => {
    await refuses(file(header("'|b1'", "(3,)"), [0, 1, 2]), "the boolean at index 2 (counted from 0) is 2");
  });

  it("no bytes at all", async () => {
    for (const bad of ["x.npy", undefined, null, [0x93], new Float32Array(4)])
      await refusesAny(() => readNpy(bad as unknown as Uint8Array), "NPY", "expected a Uint8Array");
  });
});

describe("writeNpy refuses", () => {
  const data = new Float32Array(4);
  it.each([
    ["no object", undefined, "OPTION", "expected an object"],
    ["an unknown name", { shape: [4], data, dtypes: "bool" }, "OPTION", "Did you mean dtype?"],
    ["plain numbers", { shape: [2], data: [1, 2] }, "NPY", "data is an array of 2, expected a typed array"],
    ["no data", { shape: [2] }, "NPY", "data is undefined"],
    ["clamped bytes", { shape: [2], data: new Uint8ClampedArray(2) }, "NPY", "a Uint8ClampedArray"],
    ["a DataView", { shape: [2], data: new DataView(new ArrayBuffer(2)) }, "NPY", "data is a DataView"],
    ["another number of values", { shape: [2, 3], data }, "NPY", "4 values, expected 6 for the shape [2, 3]"],
    ["a shape for one value", { shape: [], data }, "NPY", "4 values, expected 1"],
    ["no shape", { data }, "NPY", "the shape is undefined"],
    ["a shape that is a number", { shape: 4, data }, "NPY", "the shape is 4"],
    ["a negative size", { shape: [-2, -2], data }, "NPY", "the shape is an array of 2"],
    ["a fraction", { shape: [0.5, 8], data }, "NPY", "the shape is an array of 2"],
    ["65 dimensions", { shape: Array(65).fill(1), data: data.subarray(1) }, "NPY", "the shape is 65 sizes"],
    [
      "another dtype",
      { shape: [4], data, dtype: "float64" },
      "NPY",
      `"float64", expected float32 for a Float32Array`,
    ],
    ["a dtype of no array", { shape: [4], data, dtype: "f4" }, "NPY", `the dtype is "f4"`],
    ["booleans of floats", { shape: [4], data, dtype: "bool" }, "NPY", `the dtype is "bool"`],
    [
      "booleans of 2",
      { shape: [1], data: new Uint8Array([2]), dtype: "bool" },
      "NPY",
      "or bool if all are 0 or 1",
    ],
  ] as const)("%s", async (_, array, code, piece) => {
    await refusesAny(() => writeNpy(array as never), code, "writeNpy", piece);
  });
});
