// Files that load must refuse: cut off, damaged, changed by somebody, of another net. Each is CHECKPOINT, and the model is what it
// was, to the byte. What such a file costs is load-sizes.test.ts's; a bit changed anywhere is soak/faults/flipped.test.ts's.

import { beforeEach, describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { decodeSafetensors } from "../../src/io/decode.ts";
import { encodeSafetensors, type SafeTensor } from "../../src/io/safetensors.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { integers, source } from "../oracle/data.ts";
import { refuses, thrown } from "../support/errors.ts";
import { expectBytes } from "../support/resumed.ts";
import { changed, data, good, type Json, net, options, run, trained, xent } from "../support/whole-file.ts";

let victim: Sequential;
let before: Uint8Array;
// a test that fails is not to bring others down
beforeEach(async () => {
  victim = await trained();
  before = victim.save();
});

/** Refused with the pieces, by both ways of loading, and the model as it was. */
async function refused(file: Uint8Array, ...pieces: string[]): Promise<void> {
  expectBytes(victim.save(), before, "before");
  await refuses(() => victim.load(file), "CHECKPOINT", ...pieces);
  await refuses(() => xent.load(file), "CHECKPOINT", ...pieces);
  expectBytes(victim.save(), before);
}

it("the file that is changed here is good, and has all that a file can have", async () => {
  const loaded = await xent.load(good);
  expectBytes(loaded.save(), good);
  const names = [...decodeSafetensors(good).tensors.keys()];
  for (const start of ["optimizer.1.", "best.", "last.", "metrics", "1.num_batches_tracked"]) {
    expect(names.some((name) => name.startsWith(start))).toBe(true);
  }
  expectBytes(
    changed("training", () => undefined),
    good,
  );
});

describe("damaged", () => {
  it("cut off anywhere", async () => {
    const lengths = [...Array.from({ length: 40 }, (_, i) => i), ...integers(3, 60, 40, good.length - 1)];
    for (const length of [...lengths, good.length - 1]) await refused(good.slice(0, length));
  });

  it("with more behind", async () => {
    const more = new Uint8Array(good.length + 1);
    more.set(good);
    await refused(more, "1 bytes before the file");
  });

  it("two bytes changed, and then resumed: an XentError or a run", async () => {
    const next = source(6);
    const header = new DataView(good.buffer, good.byteOffset).getUint32(0, true) + 8;
    let runs = 0;
    for (let i = 0; i < 600; i++) {
      const file = good.slice();
      for (const _ of [0, 1]) {
        const at = Math.floor(next() * header);
        // digits become digits, so that more of it can be read
        const digit = (file[at] as number) >= 0x30 && (file[at] as number) <= 0x39;
        if (digit) file[at] = 0x30 + Math.floor(next() * 10);
        else if (i % 4 === 0) file[at] = 0x20 + Math.floor(next() * 95);
      }
      const error = await thrown(async () => {
        const loaded = await xent.load(file);
        await loaded.fit(data, { ...options, resume: true, onNaN: "rollback" });
        runs++;
      });
      if (error !== undefined) expect(error).toBeInstanceOf(XentError);
    }
    expect(runs).toBeGreaterThan(50);
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["text", new TextEncoder().encode('{"hello": "there"}')],
    ["a string", "model.safetensors" as unknown as Uint8Array],
    ["undefined", undefined as unknown as Uint8Array],
  ])("%s", async (_, bytes) => {
    await refused(bytes);
  });
});

describe("of another net", () => {
  const file = (input: number, seed: number, layers: typeof net) =>
    xent.sequential({ input, seed }, layers).save();
  it.each<[string, () => Uint8Array, ...string[]]>([
    ["input", () => file(5, 6, net), "input is 5 in the file and 4 in the model"],
    [
      "a width",
      () => file(4, 6, [dense(7), ...net.slice(1)]),
      'layer 0 is {"kind":"dense","units":7',
      '"units":6',
    ],
    ["one layer less", () => file(4, 6, net.slice(0, 3)), "layer 3 is missing in the file"],
    ["one more", () => file(4, 6, [...net, relu()]), 'layer 4 is {"kind":"relu"} in the file and missing'],
    [
      "another kind",
      () => file(4, 6, [net[0] as (typeof net)[0], relu(), relu(), dense(3)]),
      'layer 1 is {"kind":"relu"}',
      "batchNorm1d",
    ],
    ["the seed", () => file(4, 7, net), "seed is 7 in the file and 6 in the model"],
  ])("%s", async (_, make, ...pieces) => {
    await refuses(() => victim.load(make()), "CHECKPOINT", ...pieces, "xent.load()");
    expectBytes(victim.save(), before);
    // which makes the model that it is of
    expect((await xent.load(make())).save()).toEqual(make());
  });

  it("of somebody else", async () => {
    const { tensors } = decodeSafetensors(good);
    await refused(encodeSafetensors(tensors), 'no "xent" in its metadata', "loadStateDict");
    await refused(encodeSafetensors(tensors, [["format", "pt"]]), 'no "xent"');
  });
});

describe("metadata", () => {
  it.each<[string, string, (value: Json) => unknown, ...string[]]>([
    ["another format", "xent", () => ({ format: 2 }), "format 2, expected 1"],
    ["no JSON", "model", () => "{", '"model" in the metadata, character 1: expected a string'],
    ["a key twice", "xent", () => '{"format":1,"format":1}', '"format" comes twice'],
    [
      "a key twice, deep",
      "training",
      (t) => JSON.stringify(t).replace('"sums":{', '"sums":{"loss":0,'),
      '"loss" comes twice',
    ],
    ["a number beyond f64", "model", () => '{"input":1e999}', "expected a value"],
    ["a list", "training", () => [], "training is an array"],
    ["null", "model", () => "null", "model is null"],
    ["deep JSON", "model", () => "[".repeat(200_000), "deeper than 64"],
    ["no input", "model", (m) => delete m.input && m, "model.input is undefined"],
    ["half a feature", "model", (m) => ({ ...m, input: 4.5 }), "model.input is 4.5"],
    ["a huge input", "model", (m) => ({ ...m, input: 2 ** 52 }), ""],
    ["a negative seed", "model", (m) => ({ ...m, seed: -1 }), "model.seed is -1"],
    ["a huge seed", "model", (m) => ({ ...m, seed: 2 ** 40 }), ""],
    ["no layers", "model", (m) => ({ ...m, layers: [] }), "model.layers"],
    ["layers of no kind", "model", (m) => ({ ...m, layers: [{ kind: "__proto__" }] }), "model.layers"],
    ["layers that are a number", "model", (m) => ({ ...m, layers: 5 }), "model.layers"],
    ["a layer of null", "model", (m) => ({ ...m, layers: [null] }), "model.layers"],
    ["a huge layer", "model", (m) => ({ ...m, layers: [{ kind: "dense", units: 1e9 }] }), ""],
    [
      "a large layer",
      "model",
      (m) => ({ ...m, layers: [{ kind: "dense", units: 1e7 }, ...(m.layers as Json[]).slice(1)] }),
      "",
    ],
    [
      "an option of a layer",
      "model",
      (m) => ({ ...m, layers: [{ kind: "relu", slope: 1 }] }),
      "model.layers",
    ],
    [
      "layers within layers",
      "model",
      (m) => {
        const deep = `${'{"kind":"residual","layers":['.repeat(3000)}{"kind":"relu"}${"]}".repeat(3000)}`;
        return JSON.stringify({ ...m, layers: "deep" }).replace('"deep"', `[${deep}]`);
      },
      "",
    ],
    ["no scaling", "model", (m) => ({ ...m, scaling: null }), "model.scaling is null"],
    [
      "an infinite scale",
      "model",
      (m) => ({ ...m, scaling: { scale: "Infinity", shift: 0 } }),
      "model.scaling",
    ],
    ["a scale beyond f32", "model", (m) => ({ ...m, scaling: { scale: 1e300, shift: 0 } }), "model.scaling"],
    ["a loss of no kind", "model", (m) => ({ ...m, loss: { kind: "toString" } }), "model.loss"],
    [
      "weights of a loss",
      "model",
      (m) => ({ ...m, loss: { kind: "crossEntropy", weight: [1, 2, 3, 4, 5] } }),
      "model.loss",
    ],
    ["no loss at all", "model", (m) => ({ ...m, loss: 7 }), "model.loss"],
    ["classes", "model", (m) => ({ ...m, classes: [1, 2, 3] }), "model.classes"],
    ["one class", "model", (m) => ({ ...m, classes: ["a"] }), "model.classes"],
    ["an optimiser", "training", (t) => ({ ...t, optimizer: { kind: "constructor" } }), "training.optimizer"],
    [
      "its option",
      "training",
      (t) => ({ ...t, optimizer: { kind: "adam", lr: "much" } }),
      "training.optimizer",
    ],
    [
      "another optimiser",
      "training",
      (t) => ({ ...t, optimizer: { kind: "sgd", lr: 1 } }),
      '2 tensors of "adam mean square"',
    ],
    ["no optimiser", "training", (t) => ({ ...t, optimizer: undefined }), "2 tensors"],
    ["no rates", "training", (t) => ({ ...t, rates: undefined }), "belongs to nothing"],
    ["rates of another kind", "training", (t) => ({ ...t, rates: { kind: "sgd", steps: 1 } }), "sgd"],
    [
      "negative steps",
      "training",
      (t) => ({ ...t, rates: { ...(t.rates as Json), steps: -1 } }),
      "training.rates.steps is -1",
    ],
    [
      "three powers",
      "training",
      (t) => ({ ...t, rates: { ...(t.rates as Json), powers: [1, 2, 3] } }),
      "training.rates.powers",
    ],
    [
      "powers of text",
      "training",
      (t) => ({ ...t, rates: { ...(t.rates as Json), powers: ["a", 0] } }),
      "training.rates: powers[0]",
    ],
    [
      "powers above 1",
      "training",
      (t) => ({ ...t, rates: { ...(t.rates as Json), powers: [2, 0.5] } }),
      "training.rates: powers[0]",
    ],
    ["batches", "training", (t) => ({ ...t, batches: 1.5 }), "training.batches is 1.5"],
    ["a run of null", "training", (t) => ({ ...t, run: null }), "training.run is null"],
    [
      "an epoch beyond its figures",
      "training",
      (t) => ({ ...t, run: { ...run(t), epoch: 9 } }),
      "training.run.series.loss",
    ],
    ["a negative row", "training", (t) => ({ ...t, run: { ...run(t), row: -8 } }), "training.run.row is -8"],
    [
      "a negative step",
      "training",
      (t) => ({ ...t, run: { ...run(t), step: -1 } }),
      "training.run.step is -1",
    ],
    [
      "sums",
      "training",
      (t) => ({ ...t, run: { ...run(t), sums: { loss: null } } }),
      "training.run.sums.loss",
    ],
    [
      "series of text",
      "training",
      (t) => ({ ...t, run: { ...run(t), series: { loss: ["a", "b"] } } }),
      "training.run.series.loss[0]",
    ],
    [
      "series without a loss",
      "training",
      (t) => ({ ...t, run: { ...run(t), series: {} } }),
      "training.run.series",
    ],
    [
      "series that are no list",
      "training",
      (t) => ({ ...t, run: { ...run(t), series: { loss: { length: 2 } } } }),
      "training.run.series.loss",
    ],
    [
      "early stopping",
      "training",
      (t) => ({ ...t, run: { ...run(t), early: { best: 1, epoch: -2, waited: 0 } } }),
      "training.run.early.epoch",
    ],
    ["settings", "training", (t) => ({ ...t, run: { ...run(t), settings: "all" } }), "training.run.settings"],
  ])("%s", async (_, key, change, ...pieces) => {
    await refused(changed(key, change), ...pieces);
  });

  it.each(["__proto__", "constructor", "prototype", "toString"])(
    "names of prototypes are refused wherever they stand: %s",
    async (name) => {
      const places: [string, string][] = [
        ["xent", '{"format"'],
        ["model", '{"input"'],
        ["model", '{"kind"'],
        ["training", '{"optimizer"'],
        ["training", '{"loss"'],
        ["training", '{"epochs"'],
      ];
      for (const [key, where] of places) {
        const file = changed(key, (value) => {
          const text = JSON.stringify(value);
          const other = text.replace(where, `{"${name}":{"polluted":1},${where.slice(1)}`);
          return other === text ? `{"${name}":{},${text.slice(1)}` : other;
        });
        await refused(file, `"${name}" is refused as a name`);
      }
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    },
  );
});

describe("tensors", () => {
  const withTensors = (change: (tensors: Map<string, SafeTensor>) => void): Uint8Array => {
    const { tensors, metadata } = decodeSafetensors(good);
    change(tensors);
    return encodeSafetensors(tensors, metadata);
  };
  const f32 = (shape: readonly number[], fill = 0): SafeTensor => ({
    dtype: "F32",
    shape,
    data: new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(fill),
  });
  it.each<[string, (tensors: Map<string, SafeTensor>) => unknown, ...string[]]>([
    ["a weight is missing", (t) => t.delete("0.weight"), '"0.weight" is missing'],
    ["another shape", (t) => t.set("0.weight", f32([4, 6])), '"0.weight" has shape [4,6]'],
    [
      "another dtype",
      (t) => t.set("0.bias", { dtype: "I32", shape: [6], data: new Int32Array(6) }),
      '"0.bias" is missing',
    ],
    ["NaN", (t) => t.set("0.bias", f32([6], Number.NaN)), '"0.bias" holds NaN'],
    ["a negative variance", (t) => t.set("1.running_var", f32([6], -1)), "running_var"],
    ["one more", (t) => t.set("9.weight", f32([1])), '"9.weight" belongs to nothing'],
    ["half of the best weights", (t) => t.delete("best.0.bias"), '"0.bias" is missing'],
    ["NaN in the last weights", (t) => t.set("last.3.bias", f32([3], Number.NaN)), "NaN"],
    ["half of a slot", (t) => t.delete("optimizer.1.3.bias"), '"3.bias" is missing'],
    [
      "one slot less",
      (t) => [...t.keys()].filter((name) => name.startsWith("optimizer.1.")).map((name) => t.delete(name)),
      "1 tensors",
    ],
    [
      "batches of another type",
      (t) => t.set("1.num_batches_tracked", { dtype: "F32", shape: [], data: Float32Array.of(1) }),
      '"1.num_batches_tracked" belongs to nothing',
    ],
    [
      "batches of a layer that counts none",
      (t) => t.set("0.num_batches_tracked", { dtype: "I64", shape: [], data: BigInt64Array.of(1n) }),
      '"0.num_batches_tracked" belongs to nothing',
    ],
    ["metrics of another type", (t) => t.set("metrics", f32([4])), '"metrics" belongs to nothing'],
  ])("%s", async (_, change, ...pieces) => {
    await refused(withTensors(change), ...pieces);
  });

  it("an infinite square is let pass", async () => {
    const file = withTensors((t) => t.set("optimizer.1.0.bias", f32([6], Number.POSITIVE_INFINITY)));
    expectBytes((await xent.load(file)).save(), file);
  });

  it.each<[string, () => Uint8Array, string]>([
    ["metrics are missing", () => withTensors((t) => t.delete("metrics")), "the metrics of half an epoch"],
    [
      "metrics of others",
      () => withTensors((t) => t.set("metrics", { dtype: "U8", shape: [3], data: new Uint8Array(3) })),
      "the metrics of half an epoch",
    ],
    [
      "a row where no step ends",
      () => changed("training", (t) => ({ ...t, run: { ...run(t), row: 5 } })),
      "row 5 of an epoch",
    ],
    [
      "a row beyond the data",
      () => changed("training", (t) => ({ ...t, run: { ...run(t), row: 48 } })),
      "row 48 of an epoch",
    ],
    [
      "a schedule's state",
      () => changed("training", (t) => ({ ...t, run: { ...run(t), schedule: { lr: -1 } } })),
      "reduceOnPlateau: its state",
    ],
    [
      "a schedule's state of none",
      () => changed("training", (t) => ({ ...t, run: { ...run(t), schedule: undefined } })),
      "reduceOnPlateau: its state",
    ],
  ])("resume refuses: %s", async (_, make, piece) => {
    const loaded = await xent.load(make());
    const saved = loaded.save();
    await refuses(() => loaded.fit(data, { ...options, resume: true }), "STATE", piece);
    expectBytes(loaded.save(), saved);
    expect((await loaded.fit(data, options)).stopped).toBe("done");
  });
});
