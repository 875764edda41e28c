// The wire format, read by onnx-proto, and byte by byte against the examples of protobuf's own description.

import { describe, expect, it } from "vitest";
import { encodeOnnx } from "../../src/io/onnx.ts";
import { bytes, float, integer, join, message, text } from "../../src/io/protobuf.ts";
import { refuses } from "../support/errors.ts";
import { decoded, ModelProto, TensorProto } from "../support/onnx.ts";

describe("fields", () => {
  // https://protobuf.dev/programming-guides/encoding/: "A Simple Message", "Length-Delimited Records", "Submessages"
  it.each([
    ["150 in field 1", integer(1, 150), [0x08, 0x96, 0x01]],
    ["a string in field 2", text(2, "testing"), [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]],
    ["a message in field 3", message(3, integer(1, 150)), [0x1a, 0x03, 0x08, 0x96, 0x01]],
    ["a tag of two bytes", integer(20, 1), [0xa0, 0x01, 0x01]],
    ["1 in f32", float(2, 1), [0x15, 0, 0, 0x80, 0x3f]],
    ["nothing", message(7), [0x3a, 0]],
  ])("%s", (_, field, expected) => {
    expect([...join("test", [field])]).toEqual(expected);
  });

  it.each([
    0,
    1,
    127,
    128,
    16_383,
    16_384,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 35,
    2 ** 42 + 3,
    Number.MAX_SAFE_INTEGER,
  ])("the integer %i", (value) => {
    expect(decoded(TensorProto, join("test", [integer(1, value)]))).toEqual({ dims: [value] });
  });

  it("messages in messages, of lengths that take more than one byte", () => {
    const words = "tensor Ω 𝛑 ".repeat(3000);
    const raw = Uint8Array.from({ length: 70_000 }, (_, i) => i % 251);
    const graph = message(7, text(2, words), message(5, bytes(9, raw), text(8, words)));
    const { graph: read } = decoded(ModelProto, join("test", [integer(1, 8), graph])) as {
      graph: { name: string; initializer: { rawData: Uint8Array; name: string }[] };
    };
    expect(read.name).toBe(words);
    expect(read.initializer.map(({ name }) => name)).toEqual([words]);
    expect(Buffer.compare(read.initializer[0]?.rawData as Uint8Array, raw)).toBe(0);
  });
});

it("over 2 GiB is refused before there is a file", async () => {
  const part = bytes(9, new Uint8Array(2 ** 28));
  const parts = Array.from({ length: 8 }, () => part);
  await refuses(() => join("test", parts), "EXPORT", "test: ", String(8 * (2 ** 28 + 6)), "2147483647");
  await refuses(() => join("test", [message(1, ...parts)]), "EXPORT", "2147483647");
});

it("a graph has as many nodes as it likes", () => {
  const nodes = Array.from({ length: 200_000 }, (_, i) => ({
    op: "Relu",
    name: `n${i}`,
    inputs: [i === 0 ? "x" : `n${i - 1}`],
    output: `n${i}`,
    attributes: {},
  }));
  const input = { name: "x", type: "f32", columns: 2 } as const;
  const graph = {
    name: "g",
    input,
    output: { ...input, name: "n199999" },
    nodes,
    constants: [],
    metadata: [],
  };
  const read = decoded(ModelProto, encodeOnnx("test", graph)).graph as { node: { output: string[] }[] };
  expect(read.node.length).toBe(200_000);
  expect(read.node.at(-1)?.output).toEqual(["n199999"]);
});
