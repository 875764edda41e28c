// What load asks of the host for a file: no memory and no array for sizes that the file only says, and the model as it was where the
// host refuses.

import { describe, expect, it } from "vitest";
import { refuses } from "../support/errors.ts";
import { memoriesMade, memoriesRefused } from "../support/memories.ts";
import { expectBytes } from "../support/resumed.ts";
import {
  changed,
  good,
  type Json,
  withLayers as layers,
  net,
  run,
  trained,
  xent,
} from "../support/whole-file.ts";

const victim = await trained();
const before = victim.save();

it("a host that refuses the memory leaves the model as it was", async () => {
  // trained without slots: those of the file need a memory of their own
  const m = xent.sequential({ input: 4, seed: 6 }, net);
  const file = m.save();
  // has no memory yet: what it is to begin with is drawn after the refusal
  const fresh = xent.sequential({ input: 4, seed: 6 }, net);
  await memoriesRefused(async () => {
    await refuses(() => m.load(good), "MEMORY");
    await refuses(() => fresh.load(good), "MEMORY");
  });
  expectBytes(m.save(), file);
  expectBytes(fresh.save(), file);
  await m.load(good);
  expectBytes(m.save(), good);
});

describe("what a file only says of sizes costs nothing: no memory of WebAssembly, no array, and it is refused", () => {
  const huge = 2 ** 53 - 1;
  const deep = (n: number): Json =>
    Array.from({ length: n }).reduce<Json>((inner) => ({ kind: "residual", layers: [inner] }), {
      kind: "relu",
    });
  it.each<[string, () => Uint8Array, ...string[]]>([
    ["an input", () => changed("model", (m) => ({ ...m, input: huge })), '"0.weight" has shape [6,4]'],
    ["an input of 1 GiB", () => changed("model", (m) => ({ ...m, input: 2 ** 26 })), '"0.weight" has shape'],
    ["units", () => layers(([one, ...rest]) => [{ ...one, units: huge }, ...rest]), '"0.weight" has shape'],
    [
      "a layer beyond all of them",
      () => layers((list) => [...list, { kind: "dense", units: huge }]),
      '"4.weight" is missing',
    ],
    [
      "thousands of layers",
      () => layers((list) => [...list, ...Array(5000).fill({ kind: "dense", units: 1e6 })]),
      '"4.weight" is missing',
    ],
    [
      "too many layers",
      () => layers((list) => [...list, ...Array(100_000).fill({ kind: "relu" })]),
      "there are more than 100000",
    ],
    [
      "too many layers, in blocks",
      () => layers((list) => [...list, { kind: "residual", layers: Array(100_000).fill({ kind: "relu" }) }]),
      "there are more than 100000",
    ],
    ["17 blocks in each other", () => layers((list) => [...list, deep(17)]), "more than 16 blocks"],
    ["40 blocks in each other", () => layers((list) => [...list, deep(40)]), "deeper than 64"],
    [
      "an optimiser of another size",
      () => changed("training", (t) => ({ ...t, optimizer: { kind: "sgd", lr: 1 } })),
    ],
    [
      "a run of ever",
      () => changed("training", (t) => ({ ...t, run: { ...run(t), epoch: huge } })),
      "series",
    ],
  ])("%s", async (_, make, ...pieces) => {
    const file = make();
    const sizes = await memoriesMade(async () => {
      await refuses(() => victim.load(file), "CHECKPOINT", ...pieces);
      await refuses(() => xent.load(file), "CHECKPOINT", ...pieces);
    });
    expect(sizes).toEqual([]);
    expectBytes(victim.save(), before);
  });

  it("as many memories as models where the file is good", async () => {
    expect(await memoriesMade(() => xent.load(good))).toHaveLength(1);
    expect(await memoriesMade(() => xent.load(good).then((m) => m.load(good)))).toHaveLength(1);
  });
});
