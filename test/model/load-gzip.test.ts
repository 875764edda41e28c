// Saved models that were gzipped since: loaded as they are, and what of them is refused before it is unpacked.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { isGzip } from "../../src/base/gunzip.ts";
import { readSafetensors, writeSafetensors } from "../../src/data.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { loadModel } from "../../src/node.ts";
import { adam } from "../../src/train/adaptive.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { memoriesMade } from "../support/memories.ts";
import { expectBytes } from "../support/resumed.ts";

const xent = await init();
const model = () => xent.sequential({ input: 4, seed: 6 }, [dense(6), relu(), dense(3)]);
const trained = model();
await trained.fit(blobSet(1, 40, 4, 3), { loss: crossEntropy(), optimizer: adam(), epochs: 2 });
const plain = trained.save();
const packed = new Uint8Array(gzipSync(plain));

/** The first 8 bytes of a file, and blanks. */
function beginning(header: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header), true);
  return bytes;
}

it("a gzipped model is loaded as the plain one: by the runtime, by a model, from a file, at any offset, from shared memory", async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(packed.length + 3));
  shared.set(packed, 3);
  for (const bytes of [packed, Buffer.from(packed), packed.buffer, shared.subarray(3)]) {
    expectBytes((await xent.load(bytes)).save(), plain);
    const other = model();
    await other.load(bytes);
    expectBytes(other.save(), plain);
  }
  const folder = mkdtempSync(join(tmpdir(), "xent-"));
  try {
    const path = join(folder, "model.safetensors.gz");
    writeFileSync(path, packed);
    expectBytes((await loadModel(xent, path)).save(), plain);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("the model is busy while its file is unpacked", async () => {
  const m = model();
  const loading = m.load(packed);
  await refuses(() => m.load(packed), "BUSY");
  await loading;
  expectBytes(m.save(), plain);
});

it.each<[string, () => Uint8Array, string]>([
  ["cut off", () => packed.slice(0, -9), "do not unpack"],
  ["the magic alone", () => packed.slice(0, 2), "do not unpack"],
  ["followed by bytes", () => new Uint8Array([...packed, 7]), ""],
  ["the model cut off", () => new Uint8Array(gzipSync(plain.slice(0, -5))), "is cut off"],
  ["gzipped twice", () => new Uint8Array(gzipSync(packed)), "its header alone takes"],
  [
    "text",
    () => new Uint8Array(gzipSync(Buffer.from("no model, but a text of some length"))),
    "length of its header",
  ],
  [
    "64 MB behind a small model",
    () => new Uint8Array(gzipSync(Buffer.concat([plain, new Uint8Array(2 ** 26)]))),
    `goes on behind the ${plain.length} bytes`,
  ],
  [
    "a header of 17 MB, unpacked from some KB",
    () => new Uint8Array(gzipSync(beginning(2 ** 24 + 1, 2 ** 24 + 9))),
    "at most 16777216 are unpacked",
  ],
  [
    "tensors of 2⁵² bytes",
    () => {
      const text = `{"a":{"dtype":"U8","shape":[${2 ** 52}],"data_offsets":[0,${2 ** 52}]}}`;
      const bytes = beginning(text.length, 8 + text.length);
      bytes.set(Buffer.from(text), 8);
      return new Uint8Array(gzipSync(bytes));
    },
    "says of itself that it has 45035996273",
  ],
])("refused: %s", async (_, make, piece) => {
  const bytes = make();
  const m = model();
  const before = m.save();
  const sizes = await memoriesMade(async () => {
    await refuses(() => xent.load(bytes), "CHECKPOINT", piece);
    await refuses(() => m.load(bytes), "CHECKPOINT", piece);
  });
  expect(sizes).toEqual([]);
  expectBytes(m.save(), before);
});

it("no file that save writes begins as gzip does, however long its header: that is a multiple of 8, and 0x8b1f is odd", () => {
  const { tensors, metadata } = readSafetensors(plain);
  for (let filler = 0x8800; filler < 0x8d00; filler++) {
    metadata.set("filler", "x".repeat(filler));
    expect(isGzip(writeSafetensors(tensors, metadata))).toBe(false);
  }
});
