// readStateDict and writeSafetensors: files that PyTorch wrote, by state_dicts.py, into models of xent that compute the same; numbers
// of other widths against PyTorch's own conversion; and what is refused.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readSafetensors, readStateDict, type SafeSource, writeSafetensors } from "../../src/data.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { batchNorm1d, prelu } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import { earlyStopping } from "../../src/train/early.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
interface Net {
  readonly name: string;
  readonly file: string;
  readonly state: Record<string, Tensor>;
  readonly x: readonly number[];
  readonly logits: readonly number[];
}
const fixtures: {
  nets: Net[];
  norm: { file: string; state: Record<string, Tensor> };
  conversions: Record<"F16" | "BF16" | "F64", { file: string; f32: string }>;
} = JSON.parse(readFileSync("test/fixtures/state_dicts.json", "utf8"));
const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));

const xent = await init();
const model = () => xent.sequential({ input: 4 }, [dense(6), relu(), dense(3)]);
const named = fixtures.nets.find(({ name }) => name === "names of its own") as Net;
const rename = (name: string): string => name.replace("fc1", "0").replace("head.1", "2");

describe("files of PyTorch", () => {
  it.each(fixtures.nets.map((net) => [net.name, net] as const))("%s", (_, net) => {
    const state = readStateDict(bytesOf(net.file), { rename });
    expect(Object.keys(state).sort()).toEqual(Object.keys(net.state).map(rename).sort());
    for (const [name, { shape, data }] of Object.entries(net.state)) {
      expect(state[rename(name)]).toEqual({ shape, data: Float32Array.from(data) });
    }
    const m = model();
    m.loadStateDict(state);
    // exact: all are eighths
    expect([...m.logits(Float32Array.from(net.x))]).toEqual(net.logits);
  });

  it("running statistics come along, counts of batches do not", () => {
    const state = readStateDict(bytesOf(fixtures.norm.file));
    const expected = Object.entries(fixtures.norm.state);
    expect(Object.keys(state).sort()).toEqual(expected.map(([name]) => name).sort());
    for (const [name, { shape, data }] of expected) {
      expect(state[name]).toEqual({ shape, data: Float32Array.from(data) });
    }
    const m = xent.sequential({ input: 4 }, [dense(6), batchNorm1d(), prelu(), dense(3)]);
    m.loadStateDict(state);
    expect(m.stateDict()).toEqual(state);
  });

  it.each(["F16", "BF16", "F64"] as const)("%s to f32 as PyTorch does it, bit by bit", (dtype) => {
    const { file, f32 } = fixtures.conversions[dtype];
    const got = readStateDict(bytesOf(file)).t?.data as Float32Array;
    const expected = new Float32Array(bytesOf(f32).buffer as ArrayBuffer);
    expect(got.length).toBe(expected.length);
    expect(got.length).toBeGreaterThan(400);
    // of a NaN, an engine may change the bits
    for (const [i, value] of expected.entries())
      expect(Object.is(got[i], value), `${i}: ${value}`).toBe(true);
    const kinds = [Number.isNaN, (v: number) => v !== 0 && Math.abs(v) < 2 ** -14, (v: number) => v < -1];
    for (const is of kinds) expect(expected.some(is)).toBe(true);
  });
});

describe("files of xent", () => {
  it("what belongs to training is left out, whatever it is", async () => {
    const m = xent.sequential({ input: 4, seed: 5 }, [dense(6), batchNorm1d(), relu(), dense(3)]);
    const options = { loss: crossEntropy(), optimizer: adam(), epochs: 4, metrics: ["f1"] } as const;
    let left = 3;
    await m.fit(blobSet(1, 40, 4, 3), { ...options, callbacks: [earlyStopping({ patience: 9 })] });
    for await (const _ of m.steps(blobSet(1, 40, 4, 3), { batchSize: 8 })) if (--left === 0) break;
    const names = [...readSafetensors(m.save()).tensors.keys()];
    expect(names.some((name) => name.startsWith("optimizer."))).toBe(true);
    expect(readStateDict(m.save())).toEqual(m.stateDict());
  });

  it("of another file, tensors of these names are parameters like others", () => {
    const one = { shape: [1], data: Float32Array.of(1) };
    const names = ["best.weight", "last.weight", "optimizer.0.weight", "metrics"];
    const file = writeSafetensors(Object.fromEntries(names.map((name) => [name, one])));
    expect(Object.keys(readStateDict(file)).sort()).toEqual([...names].sort());
  });
});

describe("written", () => {
  it("an object or a map, the type by the array or by name: read as it was given", () => {
    const tensors: Record<string, SafeSource> = {
      f32: { shape: [2], data: Float32Array.of(1.5, -0) },
      f64: { shape: [1, 1], data: Float64Array.of(Math.PI) },
      i32: { shape: [], data: Int32Array.of(-7) },
      i64: { shape: [1], data: BigInt64Array.of(-(2n ** 63n)) },
      u64: { shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      u32: { shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
      i16: { shape: [1], data: Int16Array.of(-5) },
      u16: { shape: [1], data: Uint16Array.of(65535) },
      i8: { shape: [0, 3], data: new Int8Array(0) },
      u8: { shape: [3], data: Uint8Array.of(1, 2, 255) },
      half: { dtype: "F16", shape: [1], data: Uint16Array.of(0x3c00) },
      brain: { dtype: "BF16", shape: [1], data: Uint16Array.of(0x3f80) },
      truth: { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) },
    };
    const dtypes = [
      "F32",
      "F64",
      "I32",
      "I64",
      "U64",
      "U32",
      "I16",
      "U16",
      "I8",
      "U8",
      "F16",
      "BF16",
      "BOOL",
    ];
    const file = writeSafetensors(tensors, { note: "é", more: "{}" });
    const back = readSafetensors(file);
    expect([...back.metadata]).toEqual([
      ["note", "é"],
      ["more", "{}"],
    ]);
    for (const [i, [name, { shape, data }]] of Object.entries(tensors).entries()) {
      expect(back.tensors.get(name)).toEqual({ dtype: dtypes[i], shape, data });
    }
    expect(writeSafetensors(back.tensors, back.metadata)).toEqual(file);
  });

  it("a state dict as it is", () => {
    const state = model().stateDict();
    expect(readStateDict(writeSafetensors(state))).toEqual(state);
  });
});

describe("refused", () => {
  const file = writeSafetensors({
    a: { shape: [1], data: Float32Array.of(1) },
    b: { shape: [], data: Float32Array.of(2) },
  });
  const ids = writeSafetensors({ ids: { shape: [1], data: Int32Array.of(1) } });
  it.each<[string, "OPTION" | "CHECKPOINT" | "STATE", () => unknown, ...string[]]>([
    ["an unknown option", "OPTION", () => readStateDict(file, { renam: String } as Any), "renam", "rename"],
    [
      "a rename that is none",
      "OPTION",
      () => readStateDict(file, { rename: { a: "0" } as Any }),
      "rename is an object",
    ],
    [
      "a name that is none",
      "OPTION",
      () => readStateDict(file, { rename: () => 3 as Any }),
      'rename("a") is 3',
    ],
    ["a dangerous name", "OPTION", () => readStateDict(file, { rename: () => "__proto__" }), '"__proto__"'],
    [
      "one name for two",
      "CHECKPOINT",
      () => readStateDict(file, { rename: () => "x" }),
      'are called "x"',
      '"b"',
    ],
    ["whole numbers", "CHECKPOINT", () => readStateDict(ids), '"ids" is I32', "rename"],
    ["no file", "CHECKPOINT", () => readStateDict(new Uint8Array(3)), "the file has 3 bytes"],
    ["no tensors", "OPTION", () => writeSafetensors(7 as Any), "tensors are 7"],
    ["a list of tensors", "OPTION", () => writeSafetensors([1] as Any), "tensors are an array of 1"],
    ["metadata of numbers", "CHECKPOINT", () => writeSafetensors({}, { a: 1 } as Any), 'metadata "a" is 1'],
    [
      "no data",
      "CHECKPOINT",
      () => writeSafetensors({ a: { shape: [1] } as Any }),
      'data of "a" is undefined',
    ],
    ["no tensor", "CHECKPOINT", () => writeSafetensors({ a: null as Any }), 'data of "a" is undefined'],
    [
      "a shape that does not fit",
      "CHECKPOINT",
      () => writeSafetensors({ a: { shape: [2], data: new Uint8Array(3) } }),
      "3 elements",
    ],
    [
      "names of its own",
      "STATE",
      () => model().loadStateDict(readStateDict(bytesOf(named.file))),
      '"fc1.bias"',
      "0.weight",
      "readStateDict(bytes, { rename })",
    ],
  ])("%s", async (_, code, call, ...pieces) => {
    await refuses(call, code, ...pieces);
  });

  it("a tensor can be left out", () => {
    expect(readStateDict(ids, { rename: () => undefined })).toEqual({});
    expect(Object.keys(readStateDict(file, { rename: (name) => (name === "a" ? undefined : name) }))).toEqual(
      ["b"],
    );
  });
});
