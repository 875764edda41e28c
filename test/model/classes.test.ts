// A model remembers the names of its classes, and refuses data in which ids have others; the same on a hosted runtime.

import { afterAll, describe, expect, it } from "vitest";
import { type Dataset, type DatasetOptions, dataset } from "../../src/data/dataset.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { type Sequential, trainingOf } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { bceWithLogits } from "../../src/nn/losses.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats } from "../oracle/data.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const here = await init();
const there = await hosted();
afterAll(() => there.dispose());

const x = floats(1, 60);
const NAMES = ["cat", "dog", "eel"];
const labels = Array.from({ length: 20 }, (_, i) => NAMES[i % 3] as string);
const set = (options: Omit<DatasetOptions, "x">): Dataset => dataset({ x, features: 3, ...options });
const named = set({ y: labels });
const known = { input: 3, seed: 1, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };

describe.each(["here", "there"])("a model %s", (where) => {
  const make = async (options: object = {}, outputs = 3): Promise<Any> =>
    (where === "here" ? here : there).sequential({ ...known, ...options }, [dense(outputs)]);

  it("has the names of the data that it is trained with", async () => {
    const m = await make();
    expect(m.classes).toBeUndefined();
    await m.evaluate(named);
    expect(m.classes).toBeUndefined();
    await m.fit(set({ y: labels.map((name) => NAMES.indexOf(name)) }));
    expect(m.classes).toBeUndefined();
    await m.fit(named);
    expect(m.classes).toEqual(NAMES);
    await m.fit(set({ y: labels.map((name) => NAMES.indexOf(name)) }));
    expect(m.classes).toEqual(NAMES);
  });

  it("has them from steps, and from a fit that failed later", async () => {
    const m = await make();
    for await (const _ of m.steps(named)) expect(m.classes).toEqual(NAMES);
    const other = await make();
    const callbacks = [{ onEpochEnd: () => expect.fail("mine") }];
    await expect(other.fit(named, { callbacks })).rejects.toThrow("mine");
    expect(other.classes).toEqual(NAMES);
  });

  it("gives them with a confusion matrix: the data's, or else its own", async () => {
    const m = await make();
    const ids = set({ y: labels.map((name) => NAMES.indexOf(name)) });
    expect(await m.confusionMatrix(ids)).not.toHaveProperty("names");
    expect(await m.confusionMatrix(named)).toMatchObject({ labels: [0, 1, 2], names: NAMES });
    await m.fit(named);
    expect(await m.confusionMatrix(ids)).toMatchObject({ labels: [0, 1, 2], names: NAMES });
  });

  it("tells two classes apart with one output", async () => {
    const two = set({ y: labels.map((name) => (name === "eel" ? "fish" : "beast")) });
    const m = await make({ loss: bceWithLogits() }, 1);
    await m.fit(two);
    expect(m.classes).toEqual(["beast", "fish"]);
    expect((await m.confusionMatrix(two)).names).toEqual(["beast", "fish"]);
  });

  const turned = set({ y: labels, classes: ["dog", "cat", "eel"] });
  const lacking = set({ y: labels.map((name) => (name === "eel" ? "dog" : name)) });
  it.each([
    ["fit", "fit", (m: Any) => m.fit(turned)],
    ["validation", "fit: validation", (m: Any) => m.fit(named, { validation: turned })],
    ["steps", "steps", (m: Any) => m.steps(turned).next()],
    ["evaluate", "evaluate", (m: Any) => m.evaluate(turned)],
    ["confusionMatrix", "confusionMatrix", (m: Any) => m.confusionMatrix(turned)],
  ] as const)("refuses other names: %s", async (_, call, run) => {
    const m = await make();
    await m.fit(named);
    await refuses(
      () => run(m),
      "LABEL",
      `${call}: class 0 is "dog" in the data set, and "cat" in the model`,
      "model.classes",
    );
    expect(m.classes).toEqual(NAMES);
    await m.fit(named);
  });

  it("refuses fewer or more names than it has classes, before it is trained", async () => {
    const m = await make();
    await refuses(
      () => m.fit(lacking),
      "SHAPE",
      "fit: the data set names 2 classes, the model has 3 outputs",
    );
    await refuses(
      () => m.fit(named, { validation: lacking }),
      "SHAPE",
      "fit: validation: the data set names 2",
    );
    expect(m.classes).toBeUndefined();
    await m.fit(named, { validation: set({ y: labels, classes: m.classes ?? NAMES }) });
  });
});

it("names can be set by who loads a model", async () => {
  const m: Sequential = here.sequential(known, [dense(3)]);
  trainingOf(m).classes = NAMES;
  expect(m.classes).toBe(NAMES);
});
