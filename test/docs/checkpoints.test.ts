// docs/checkpoints.md against the code: the options, dtypes, names and refusals that it names.

import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { decodeSafetensors } from "../../src/io/decode.ts";
import { LIMITS } from "../../src/io/limits.ts";
import { encodeSafetensors, type SafeDtype } from "../../src/io/safetensors.ts";
import * as node from "../../src/node.ts";
import { refuses } from "../support/errors.ts";

const text = readFileSync("docs/checkpoints.md", "utf8");

/** A file with this header and `data` bytes behind it. */
function file(header: string, data = 0): Uint8Array {
  const bytes = new Uint8Array(8 + header.length + data);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

it("what it imports is exported", () => {
  const names = [...text.matchAll(/import \{ ([\w, ]+) \} from "xent\/node"/g)].flatMap(([, list]) =>
    (list as string).split(", "),
  );
  expect(names.length).toBeGreaterThanOrEqual(3);
  for (const name of [...names, "writeFileAtomic"]) expect(node).toHaveProperty(name);
});

it("the options of its example are taken", () => {
  const every = /every: (\{[^}]+\})/.exec(text)?.[1] as string;
  const parsed = JSON.parse(every.replace(/(\w+):/g, '"$1":')) as node.CheckpointEvery;
  const model = { save: () => new Uint8Array(0) };
  expect(node.checkpoint({ path: "unwritten", model, every: parsed })).toHaveProperty("flush");
});

it("the header of its example is what is written", () => {
  const header = /```json\n(.+)\n```/.exec(text)?.[1] as string;
  const data = new Float32Array(6);
  const bytes = encodeSafetensors([["0.weight", { dtype: "F32", shape: [2, 3], data }]], [["key", "value"]]);
  const length = new DataView(bytes.buffer).getUint32(0, true);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toBe(header);
  expect(length % 8).toBe(0);
});

it("the dtypes are those that are known, in the order of a file", () => {
  const dtypes = /Known dtypes are `([^`]+)`/.exec(text)?.[1]?.split(" ") as SafeDtype[];
  expect(dtypes.length).toBeGreaterThan(10);
  const one = (dtype: string, begin: number, end: number): string =>
    `{"dtype":"${dtype}","shape":[1],"data_offsets":[${begin},${end}]}`;
  const widths = dtypes.map((dtype) => (dtype === "BOOL" ? 8 : Number(/\d+/.exec(dtype)?.[0])) / 8);
  let end = 0;
  const members = dtypes.map((dtype, i) => {
    const begin = end;
    end += widths[i] as number;
    return `"${dtype}":${one(dtype, begin, end)}`;
  });
  const { tensors } = decodeSafetensors(file(`{${members.join(",")}}`, end));
  expect([...tensors.values()].map(({ dtype }) => dtype)).toEqual(dtypes);
  // written in any order, they come in this one
  const written = decodeSafetensors(encodeSafetensors([...tensors].reverse()));
  expect([...written.tensors.keys()]).toEqual(dtypes);
});

it.each([
  ["blanks before the first brace", " {}", 0],
  ["a name twice", '{"__metadata__":{"a":"1","a":"2"}}', 0],
  ["fields it does not know", '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}', 1],
  ["a tensor written as an array", '{"a":["U8",[1],[0,1]]}', 1],
  ["`null` as metadata", '{"__metadata__":null}', 0],
])("refused though the reference takes it, as it says: %s", async (what, header, data) => {
  expect(text.replaceAll("\n", " ")).toContain(what);
  await refuses(() => decodeSafetensors(file(header, data)), "CHECKPOINT");
});

it("the limits are those of the code", () => {
  const told = [
    ...text.matchAll(/^\| ([^|]+) \| ([\d,]+)(?: bytes, as in the reference; ([\d,]+)| characters)?/gm),
  ].map(([, what, ...numbers]) => [
    (what as string).trim(),
    ...numbers.flatMap((number) => (number === undefined ? [] : [Number(number.replaceAll(",", ""))])),
  ]);
  expect(told).toEqual([
    ["header", LIMITS.header, LIMITS.gzippedHeader],
    ["tensors", LIMITS.tensors],
    ["dimensions of a tensor", LIMITS.rank],
    ["a name, or a key of the metadata", LIMITS.name],
    ["entries of the metadata", LIMITS.entries],
    ["a value of the metadata", LIMITS.value],
    ["arrays and objects of JSON in each other", LIMITS.depth],
    ["layers of a model", LIMITS.layers],
    // test/model/layers.test.ts holds it
    ["residual blocks in each other", 16],
  ]);
});

it("convert.py is shipped, and takes what is shown", () => {
  const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { files: string[] };
  expect(files).toContain("python");
  expect([...text.matchAll(/convert\.py /g)].length).toBe(3);
  expect(existsSync("python/convert.py")).toBe(true);
});
