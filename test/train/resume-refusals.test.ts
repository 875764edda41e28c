// What a run is not resumed with, and after; and what no file holds.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import type { FitOptions } from "../../src/model/options.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { mse } from "../../src/nn/losses.ts";
import { adamw } from "../../src/train/adaptive.ts";
import { earlyStopping } from "../../src/train/early.ts";
import { cosine } from "../../src/train/schedules.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobs, byteSet } from "../support/blobs.ts";
import { squares } from "../support/custom-losses.ts";
import { refuses, thrown } from "../support/errors.ts";
import { abortingAt, expectBytes, expectSame } from "../support/resumed.ts";
import { data, full, how, inOneGo, layers } from "../support/six-epochs.ts";

const xent = await init();
const model = () => xent.sequential({ input: 6, seed: 9 }, layers);

const whole = await inOneGo(xent);

describe("is refused", () => {
  const begun = async () => {
    const m = model();
    await m.fit(data, { ...full, signal: abortingAt(10) });
    return m;
  };
  const other = blobs(1, 100, 6, 4, 1.2);
  const changed = other.x.slice();
  changed[599] = (changed[599] as number) + 1e-6;

  it.each<[string, typeof data, FitOptions, ...string[]]>([
    ["one value of the data", dataset({ x: changed, y: other.y, features: 6 }), {}, "the data are not those"],
    [
      "a label",
      dataset({ x: other.x, y: other.y.map((id, i) => (i === 50 ? (id + 1) % 4 : id)), features: 6 }),
      {},
      "the data are not those",
    ],
    [
      "weights of rows",
      dataset({ ...other, features: 6, weight: new Float32Array(100).fill(1) }),
      {},
      "the data are not those",
    ],
    ["bytes", byteSet(1, 100, 6, 4), {}, "the data are not those"],
    ["other validation data", data, { validation: data }, "the validation data are not those"],
    ["no validation data", data, { validation: undefined as never }, "validation is null"],
    ["batchSize", data, { batchSize: 8 }, "batchSize is 8", "begun with 16"],
    ["accumulate", data, { accumulate: 2 }, "accumulate is 2", "begun with 1"],
    ["dropLast", data, { dropLast: true }, "dropLast is true", "begun with false"],
    ["shuffle", data, { shuffle: false }, "shuffle is false", "begun with true"],
    [
      "an option of the optimiser",
      data,
      { optimizer: adamw({ lr: 0.02, weightDecay: 0.1, schedule: cosine({ min: 0.001 }) }) },
      '"weightDecay":0.1',
    ],
    ["its schedule", data, { optimizer: adamw({ lr: 0.02 }) }, "optimizer is", '"schedule"'],
    ["another optimiser", data, { optimizer: sgd({ lr: 0.02 }) }, '"kind":"sgd"', '"kind":"adamw"'],
    ["an option of the loss", data, { loss: crossEntropy({ labelSmoothing: 0.1 }) }, '"labelSmoothing":0.1'],
    ["metrics", data, { metrics: ["accuracy"] }, "metrics is"],
    ["early stopping", data, { callbacks: [earlyStopping()] }, "earlyStopping is"],
  ])("%s", async (_, set, options, ...pieces) => {
    const m = await begun();
    const file = m.save();
    await refuses(
      () => m.fit(set, { ...full, ...options, resume: true }),
      "STATE",
      "resume is true",
      ...pieces,
    );
    expectBytes(m.save(), file);
    const loaded = await xent.load(file);
    await refuses(() => loaded.fit(set, { ...full, ...options, resume: true }), "STATE", ...pieces);
    expectSame({ history: await m.fit(data, { ...full, resume: true }), file: m.save() }, whole);
  });

  it.each<[string, (m: Sequential) => unknown, string]>([
    [
      "trainOnBatch",
      (m) => m.trainOnBatch(data.x.slice(0, 12) as Float32Array, [0, 1]),
      "trainOnBatch has changed the weights",
    ],
    ["loadStateDict", (m) => m.loadStateDict(m.stateDict()), "loadStateDict has changed the weights"],
    [
      "an error",
      (m) =>
        thrown(() =>
          m.fit(data, {
            ...full,
            callbacks: [
              {
                onEpochEnd: () => {
                  throw new Error("mine");
                },
              },
            ],
          }),
        ),
      "it ended with an error",
    ],
    [
      "weights that were not finite",
      (m) => m.fit(data, { ...full, optimizer: sgd({ lr: 3e38 }), onNaN: "rollback" }),
      "not finite",
    ],
  ])("after %s", async (_, act, piece) => {
    const m = await begun();
    await act(m);
    await refuses(() => m.fit(data, { ...full, resume: true }), "STATE", "no run to go on with", piece);
    const loaded = await xent.load(m.save());
    await refuses(() => loaded.fit(data, { ...full, resume: true }), "STATE", "no run to go on with", piece);
    // and a new run is possible
    expect((await loaded.fit(data, full)).stopped).toBe("done");
  });

  it("a model that was never trained", async () => {
    await refuses(() => model().fit(data, { ...full, resume: true }), "STATE", "no fit was begun");
    const loaded = await xent.load(model().save());
    await refuses(() => loaded.fit(data, { ...full, resume: true }), "STATE", "no fit was begun");
  });
});

describe("functions do not go into files", () => {
  const halved = adamw({ lr: 0.02, schedule: ({ step, lr }) => lr / (1 + step) });

  it("a schedule must be passed again, and then it is exact; also when the file was saved once more", async () => {
    const options = how({ optimizer: halved });
    const plain = model();
    const expected = { history: await plain.fit(data, options), file: plain.save() };
    const m = model();
    await m.fit(data, { ...options, signal: abortingAt(12) });
    const file = m.save();
    const loaded = await xent.load(file);
    expectBytes(loaded.save(), file);
    const { optimizer: _, ...without } = options;
    for (const resume of [true, false]) {
      await refuses(
        () => loaded.fit(data, { ...without, resume }),
        "OPTION",
        "its schedule was a function",
        "Pass the optimizer again",
      );
    }
    // looks at the gradient of a batch, which lays the memory anew
    loaded.gradients({ x: data.x, y: data.y });
    expectBytes(loaded.save(), file);
    const again = await xent.load(loaded.save());
    expectSame(
      { history: await again.fit(data, { ...options, resume: true }), file: again.save() },
      expected,
    );
    // another one is another run
    await refuses(
      () => again.fit(data, { ...options, optimizer: adamw({ lr: 0.02 }), resume: true }),
      "STATE",
      "optimizer is",
    );
  });

  it("a loss must be passed again", async () => {
    const options = how({ loss: squares() });
    const m = model();
    await m.fit(numbersOf4(), { ...options, signal: abortingAt(12) });
    const loaded = await xent.load(m.save());
    const { loss: _, ...without } = options;
    await refuses(
      () => loaded.fit(numbersOf4(), { ...without, resume: true }),
      "NO_LOSS",
      "no loss is known",
    );
    await refuses(() => loaded.predict(data.x), "NO_LOSS");
    await refuses(
      () => loaded.fit(numbersOf4(), { ...options, loss: mse(), resume: true }),
      "STATE",
      "loss is",
    );
    await refuses(
      () => loaded.fit(numbersOf4(), { ...options, loss: squares({ name: "others" }), resume: true }),
      "STATE",
      '"others"',
    );
    expect((await loaded.fit(numbersOf4(), { ...options, resume: true })).stopped).toBe("done");
  });

  function numbersOf4() {
    return dataset({ x: data.x, y: blobs(4, 100, 4, 2).x, features: 6 });
  }
});
