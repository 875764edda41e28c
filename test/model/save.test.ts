// What save writes: a plain safetensors file, the same for the same state, and what load makes of it.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LayerSpec, LossSpec, OptimizerSpec } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import * as nn from "../../src/index.ts";
import { decodeSafetensors } from "../../src/io/decode.ts";
import { encodeSafetensors } from "../../src/io/safetensors.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { frozen } from "../../src/nn/layer.ts";
import { bceWithLogits, huber, mse } from "../../src/nn/losses.ts";
import { batchNorm1d, dropout, layerNorm, prelu, residual } from "../../src/nn/norms.ts";
import { adagrad, adam, adamw, rmsprop } from "../../src/train/adaptive.ts";
import { earlyStopping } from "../../src/train/early.ts";
import { reduceOnPlateau } from "../../src/train/schedules.ts";
import { sgd } from "../../src/train/sgd.ts";
import { noDecay } from "../../src/train/update-options.ts";
import { blobSet, blobs, byteSet } from "../support/blobs.ts";
import { memoriesMade } from "../support/memories.ts";
import { expectBytes } from "../support/resumed.ts";
import { bits, weights } from "../support/state.ts";

const xent = await init();
const { dense, relu } = nn;
const data = blobSet(1, 50, 5, 3);
const metadata = (file: Uint8Array): Record<string, unknown> =>
  Object.fromEntries([...decodeSafetensors(file).metadata].map(([key, json]) => [key, JSON.parse(json)]));

const nets: readonly (readonly [string, readonly LayerSpec[]])[] = [
  ["dense", [dense(3)]],
  ["no bias", [dense(7, { bias: false }), relu(), dense(3)]],
  [
    "norms and a residual",
    [dense(8), batchNorm1d(), relu(), residual([layerNorm(), dense(8), prelu()]), dropout(0.5), dense(3)],
  ],
  ["frozen layers", [frozen(dense(8)), frozen(batchNorm1d()), nn.gelu({ approximate: "tanh" }), dense(3)]],
  [
    "every activation",
    [
      dense(4),
      nn.leakyRelu(),
      nn.elu({ alpha: 0.5 }),
      nn.silu(),
      nn.softplus({ beta: 3 }),
      nn.tanh(),
      nn.sigmoid(),
      dense(3),
    ],
  ],
];
const optimizers: readonly OptimizerSpec[] = [
  sgd({ lr: 0.1 }),
  sgd({ lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01, clipNorm: 1 }),
  adam({ lr: 0.01, l1: 0.001, clipValue: 1 }),
  adamw({ groups: [noDecay, { layers: ["0"], lrScale: 0.5 }] }),
  rmsprop({ centered: true, momentum: 0.5 }),
  adagrad({ initialAccumulator: 0.3, schedule: reduceOnPlateau({ mode: "max", monitor: "accuracy" }) }),
];

describe("saved, loaded, and saved again: the same bytes", () => {
  it.each(nets)("%s", async (_, layers) => {
    for (const optimizer of optimizers) {
      const loss = crossEntropy({ weight: [1, 2, 3] });
      // named here, as a fit that is refused leaves the model as it was
      const m = xent.sequential({ input: 5, seed: 4, loss }, layers);
      const fresh = m.save();
      expectBytes((await xent.load(fresh)).save(), fresh, "untrained");
      await m
        .fit(data, {
          loss,
          optimizer,
          epochs: 2,
          metrics: ["accuracy"],
          callbacks: [earlyStopping({ patience: 9 })],
        })
        .catch((error: Error) => expect(error.message).toContain("layer"));
      const file = m.save();
      const loaded = await xent.load(file);
      expectBytes(loaded.save(), file, optimizer.kind);
      expect(weights(loaded)).toBe(weights(m));
      expect(bits(loaded.predict(data.x))).toEqual(bits(m.predict(data.x)));
      expect(await loaded.evaluate(data)).toEqual(await m.evaluate(data));
      // into a model that has been through something else
      const other = xent.sequential({ input: 5, seed: 4 }, layers);
      await other.fit(blobSet(3, 20, 5, 3), { loss: crossEntropy(), optimizer: adam(), batchSize: 10 });
      await other.load(file);
      expectBytes(other.save(), file, `${optimizer.kind}, into another`);
      await other.load(fresh);
      const back = await xent.load(other.save());
      expect(weights(back)).toBe(weights(xent.sequential({ input: 5, seed: 4 }, layers)));
    }
  });

  it.each<[string, LossSpec]>([
    ["bceWithLogits", bceWithLogits({ posWeight: [1, 2, 3] })],
    ["huber", huber({ delta: 0.3, reduction: "sum" })],
  ])("with %s", async (_, loss) => {
    const y = blobs(2, 50, 3, 2).x.map((v) => Number(v > 0));
    const m = xent.sequential({ input: 5, seed: 4, loss, optimizer: adam() }, [dense(3)]);
    await m.fit(dataset({ x: data.x, y, features: 5 }));
    const loaded = await xent.load(m.save());
    expectBytes(loaded.save(), m.save());
    expect(bits(loaded.predict(data.x))).toEqual(bits(m.predict(data.x)));
  });

  it("the scaling of bytes and the names of classes come along", async () => {
    const bytes = byteSet(1, 40, 5, 3, { scale: 0.01, shift: -0.5 });
    const named = dataset({
      x: bytes.x,
      y: bytes.y,
      features: 5,
      scale: 0.01,
      shift: -0.5,
      classes: ["a", "b", 'ж"\\'],
    });
    const m = xent.sequential({ input: 5 }, [dense(6), relu(), dense(3)]);
    await m.fit(named, { loss: crossEntropy(), optimizer: adam() });
    const loaded = await xent.load(m.save());
    expect(loaded.classes).toEqual(["a", "b", 'ж"\\']);
    const row = Uint8Array.of(0, 50, 100, 200, 255);
    expect(bits(loaded.predict(row))).toEqual(bits(m.predict(row)));
    const plain = await xent.load(xent.sequential({ input: 5 }, [dense(3)]).save());
    expect(plain.classes).toBeUndefined();
  });
});

describe("the file", () => {
  it("is plain safetensors: PyTorch's names, shapes and values, and metadata of JSON that names the build", async () => {
    const m = xent.sequential({ input: 5, seed: 4 }, [dense(8), batchNorm1d(), relu(), dense(3)]);
    await m.fit(data, { loss: crossEntropy(), optimizer: adam(), batchSize: 10, epochs: 2 });
    const { tensors, metadata: strings } = decodeSafetensors(m.save());
    const state = m.stateDict();
    for (const [name, { shape, data: values }] of Object.entries(state)) {
      expect(tensors.get(name)).toEqual({ dtype: "F32", shape, data: values });
    }
    expect(tensors.get("1.num_batches_tracked")).toEqual({
      dtype: "I64",
      shape: [],
      data: BigInt64Array.of(10n),
    });
    expect([...tensors.keys()].filter((name) => name.startsWith("optimizer."))).toHaveLength(12);
    for (const json of strings.values()) expect(() => JSON.parse(json)).not.toThrow();
    expect(Object.keys(metadata(m.save()))).toEqual(["xent", "build", "model", "training"]);
    expect(["simd", "relaxed", "simd-threads", "relaxed-threads"]).toContain(metadata(m.save()).build);
    // written as an encoder of its own right writes it
    expectBytes(encodeSafetensors(tensors, strings), m.save());
  });

  it("has no clock in it", async () => {
    const made = async (): Promise<Uint8Array> => {
      const m = xent.sequential({ input: 5, seed: 4 }, [dense(8), relu(), dense(3)]);
      await m.fit(data, { loss: crossEntropy(), optimizer: adam(), epochs: 3 });
      return m.save();
    };
    const first = await made();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expectBytes(await made(), first);
    expect(readFileSync(new URL("../../src/model/saving.ts", import.meta.url), "utf8")).not.toMatch(
      /Date|performance/,
    );
  });

  it("is of the moment: later training does not reach into it", async () => {
    const m = xent.sequential({ input: 5, seed: 4 }, [dense(8), relu(), dense(3)]);
    const file = m.save();
    const copy = file.slice();
    await m.fit(data, { loss: crossEntropy(), optimizer: adam() });
    expectBytes(file, copy);
  });

  it("may be thrown away after loading: bytes, a Buffer, an ArrayBuffer, at any offset, in shared memory", async () => {
    const m = xent.sequential({ input: 5, seed: 4 }, [dense(8), relu(), dense(3)]);
    await m.fit(data, {
      loss: crossEntropy(),
      optimizer: adam(),
      epochs: 4,
      callbacks: [earlyStopping({ patience: 9 })],
    });
    const file = m.save();
    for (const offset of [0, 1, 3, 8]) {
      const room = new Uint8Array(file.length + offset);
      room.set(file, offset);
      const shared = new Uint8Array(new SharedArrayBuffer(file.length + offset));
      shared.set(room);
      for (const bytes of [
        room.subarray(offset),
        Buffer.from(room).subarray(offset),
        shared.subarray(offset),
        room.slice(offset).buffer,
      ]) {
        const loaded = await xent.load(bytes);
        new Uint8Array(bytes instanceof ArrayBuffer ? bytes : bytes.buffer).fill(255);
        expectBytes(loaded.save(), file, String(offset));
      }
    }
  });

  it("of a model whose squares have left f32 can be read", async () => {
    const { x, y } = blobs(1, 50, 5, 3);
    const m = xent.sequential({ input: 5, seed: 4 }, [dense(3)]);
    const options = { loss: crossEntropy(), optimizer: adam({ lr: 1e-30 }), batchSize: 50 };
    const huge = dataset({ x: x.map((v) => v * 1e25), y, features: 5 });
    await m.fit(huge, { ...options, inspect: false });
    const { tensors } = decodeSafetensors(m.save());
    expect(tensors.get("optimizer.1.0.weight")?.data).toContain(Number.POSITIVE_INFINITY);
    expectBytes((await xent.load(m.save())).save(), m.save());
  });

  it("of half an epoch whose loss is infinite, and ignored, can be read", async () => {
    const { x } = blobs(1, 50, 5, 3);
    const y = new Float32Array(50).fill(1e30);
    const m = xent.sequential({ input: 5, seed: 4 }, [dense(1)]);
    const loss = mse();
    const options = {
      loss,
      optimizer: sgd({ lr: 1e-30 }),
      epochs: 2,
      onNaN: "ignore",
      inspect: false,
      batchSize: 10,
    } as const;
    let left = 7;
    const set = dataset({ x, y, features: 5 });
    const { inspect: _, ...rest } = options;
    for await (const _step of m.steps(set, rest)) if (--left === 0) break;
    const file = m.save();
    const { run } = metadata(file).training as { run: { sums: object; series: object } };
    expect(run.sums).toMatchObject({ loss: "Infinity" });
    expect(run.series).toEqual({ loss: ["Infinity"] });
    const loaded = await xent.load(file);
    expectBytes(loaded.save(), file);
    expect((await loaded.fit(set, { ...options, resume: true })).loss).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });
});

describe("memory", () => {
  it("a model and a load of it take no more than one memory each, and a refused file none", async () => {
    const m = xent.sequential({ input: 5, seed: 4 }, [dense(8), relu(), dense(3)]);
    await m.fit(data, { loss: crossEntropy(), optimizer: adam() });
    const file = m.save();
    expect(await memoriesMade(() => xent.load(file))).toHaveLength(1);
    const { tensors, metadata: strings } = decodeSafetensors(file);
    strings.set("model", (strings.get("model") as string).replace('"units":8', '"units":50000000'));
    const hostile = encodeSafetensors(tensors, strings);
    expect(await memoriesMade(() => xent.load(hostile).catch(() => {}))).toEqual([]);
  });
});
