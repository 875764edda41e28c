// What xent writes, read by a library that shares nothing with it: @jax-js/loaders, tensor by tensor.

import { safetensors } from "@jax-js/loaders";
import { describe, expect, it } from "vitest";
import { type SafeArray, type SafeDtype, writeSafetensors } from "../../src/data.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { batchNorm1d, layerNorm, prelu, residual } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import { blobSet } from "../support/blobs.ts";

describe("@jax-js/loaders reads", () => {
  it("a saved model: every parameter, statistic and slot, and the metadata", async () => {
    const xent = await init();
    const m = xent.sequential({ input: 5, seed: 4 }, [
      dense(8),
      batchNorm1d(),
      prelu(),
      residual([layerNorm(), dense(8)]),
      dense(3),
    ]);
    await m.fit(blobSet(1, 50, 5, 3), { loss: crossEntropy(), optimizer: adam(), epochs: 2 });
    const file = m.save();
    const { tensors, metadata } = safetensors.parse(file.slice());
    const state = m.stateDict();
    expect(Object.keys(state).length).toBe(13);
    for (const [name, { shape, data }] of Object.entries(state)) {
      expect(tensors[name]).toEqual({ dtype: "F32", shape, data });
    }
    expect(tensors["1.num_batches_tracked"]).toEqual({ dtype: "I64", shape: [], data: BigInt64Array.of(4n) });
    const slots = Object.keys(tensors).filter((name) => name.startsWith("optimizer."));
    // two of each of the 11 parameters that are trained
    expect(slots).toHaveLength(22);
    expect(Object.keys(metadata ?? {}).sort()).toEqual(["build", "model", "training", "xent"]);
    expect(JSON.parse(metadata?.model ?? "")).toMatchObject({ input: 5, seed: 4 });
  });

  it("every dtype that it knows, all of it", () => {
    const arrays: Partial<Record<SafeDtype, SafeArray>> = {
      F64: Float64Array.of(Math.PI, -0, Number.MIN_VALUE, Number.NaN),
      F32: Float32Array.of(1.5, -0, 2 ** -149, Number.NEGATIVE_INFINITY),
      I64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
      U64: BigUint64Array.of(2n ** 64n - 1n),
      I32: Int32Array.of(-(2 ** 31), 7),
      U32: Uint32Array.of(2 ** 32 - 1),
      I16: Int16Array.of(-(2 ** 15)),
      U16: Uint16Array.of(65535, 1),
      I8: Int8Array.of(-128, 127, 3),
      U8: Uint8Array.of(0, 255, 3),
      BOOL: Uint8Array.of(0, 1, 1),
    };
    const tensors = Object.fromEntries(
      Object.entries(arrays).map(([dtype, data]) => [
        `a ${dtype}`,
        { dtype: dtype as SafeDtype, shape: [1, data.length], data },
      ]),
    );
    // its Float16Array is not on every engine that tests run on
    const halves = "Float16Array" in globalThis;
    if (halves) tensors["a F16"] = { dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) };
    const read = safetensors.parse(writeSafetensors(tensors, { note: "é" }));
    expect(read.metadata).toEqual({ note: "é" });
    expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
    for (const [dtype, data] of Object.entries(arrays)) {
      const { data: got, ...rest } = read.tensors[`a ${dtype}`] as (typeof read.tensors)[string];
      expect(rest).toEqual({ dtype, shape: [1, data.length] });
      const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
        new Uint8Array(buffer, byteOffset, byteLength);
      expect(bytes(got as ArrayBufferView)).toEqual(bytes(data));
    }
    if (halves) expect(Array.from(read.tensors["a F16"]?.data as Iterable<number>)).toEqual([1, -2]);
  });
});
