// A model that was trained with a preprocessing: raw rows of every form, targets in their own units, what is refused, and that all of
// it is in the file and comes back, in hosted runtimes too.

import { afterAll, describe, expect, it } from "vitest";
import { standardize } from "../../src/data/encodings.ts";
import type { Preprocessing } from "../../src/data/prepared.ts";
import { preprocess } from "../../src/data/preprocess.ts";
import type { Table } from "../../src/data/table.ts";
import * as nn from "../../src/index.ts";
import { source } from "../oracle/data.ts";
import { refuses } from "../support/errors.ts";
import { hash, weights } from "../support/state.ts";

const xent = await nn.init({ precision: "strict" });
const far = await nn.hosted({ precision: "strict" });
afterAll(() => far.dispose());

const TOWNS = ["Bern", "Oslo", "Rome"];
const next = source(4);
const people = Array.from({ length: 90 }, (_, i) => {
  const [age, town] = [Math.round(20 + 60 * next()), TOWNS[i % 3] as string];
  // a number of f32, so that it is one as a target of its own
  const rent = Math.fround(400 + 10 * age + 300 * (i % 3) + 20 * next());
  return { age, town, rent, tall: next() < 0.4 ? "yes" : "no" };
});
type Person = (typeof people)[number];
const [train, test] = [people.slice(0, 70), people.slice(70)];

const classified = preprocess(train, { target: "tall", ignore: ["rent"] });
const priced = preprocess(train, { target: "rent", ignore: ["tall"], scaleTarget: standardize() });

async function fitted(prepared: Preprocessing, loss: nn.LossSpec, rows: readonly Person[] = train) {
  const model = xent.sequential({ input: prepared.features, seed: 2 }, [nn.dense(prepared.outputs)]);
  await model.fit(prepared.dataset(rows), {
    loss,
    optimizer: nn.adam({ lr: 0.05 }),
    epochs: 30,
    inspect: false,
  });
  return model;
}
const classifier = await fitted(classified, nn.crossEntropy());
const pricer = await fitted(priced, nn.mse());

/** The same model, which has never heard of raw rows. */
function plainly(model: nn.Sequential, loss: nn.LossSpec): nn.Sequential {
  const twin = xent.sequential({ input: model.input, loss }, [nn.dense(model.outputs)]);
  twin.loadStateDict(model.stateDict());
  return twin;
}

describe("takes raw rows", () => {
  it("of every form, wherever it takes rows", () => {
    const x = classified.transform(test).x;
    const twin = plainly(classifier, nn.crossEntropy());
    const table: Table = {
      rows: test.length,
      columns: [
        {
          name: "town",
          type: "category",
          values: Int32Array.from(test, ({ town }) => TOWNS.indexOf(town)),
          categories: TOWNS,
        },
        { name: "age", type: "number", values: Float64Array.from(test, ({ age }) => age) },
      ],
    };
    for (const rows of [test, test.map(({ age, town }) => [age, town]), table]) {
      expect(classifier.predict(rows)).toEqual(twin.predict(x));
      expect(classifier.logits(rows)).toEqual(twin.logits(x));
      expect(classifier.predictClass(rows)).toEqual(twin.predictClass(x));
      expect(classifier.activations(rows)).toEqual(twin.activations(x));
    }
    expect(classifier.preprocessing).toBe(classified);
    expect(twin.preprocessing).toBeUndefined();
  });

  it("and gives numbers in the target's own units", () => {
    const twin = plainly(pricer, nn.mse());
    const { x } = priced.transform(test);
    expect(pricer.predict(test)).toEqual(priced.restore(twin.predict(x)));
    // outputs as they are
    expect(pricer.logits(test)).toEqual(twin.logits(x));
    const predicted = pricer.predict(test);
    const rents = test.map(({ rent }) => rent);
    const mean = rents.reduce((sum, rent) => sum + rent / rents.length, 0);
    const off = (of: (i: number) => number) => rents.reduce((sum, rent, i) => sum + (rent - of(i)) ** 2, 0);
    expect(off((i) => predicted[i] as number)).toBeLessThan(off(() => mean) / 4);
  });

  it("in single steps, with class names, and targets in their own units", async () => {
    const optimizer = nn.sgd({ lr: 0.1 });
    const [one, other] = [await fitted(priced, nn.mse()), plainly(pricer, nn.mse())];
    const { x, y } = priced.dataset(test) as { x: Float32Array; y: Float32Array };
    const rents = Float32Array.from(test, ({ rent }) => rent);
    expect(await one.trainOnBatch(test, rents, { optimizer })).toEqual(
      await other.trainOnBatch(x, y, { optimizer }),
    );
    expect(weights(one)).toBe(weights(other));
    expect(one.gradients({ x: test, y: rents })).toEqual(other.gradients({ x, y }));
    const [named, ids] = [
      await fitted(classified, nn.crossEntropy()),
      plainly(classifier, nn.crossEntropy()),
    ];
    const set = classified.dataset(test);
    await named.trainOnBatch(
      test,
      test.map(({ tall }) => tall),
      { optimizer },
    );
    await ids.trainOnBatch(set.x, set.y as Int32Array, { optimizer });
    expect(weights(named)).toBe(weights(ids));
  });
});

describe("refuses", () => {
  const raw = nn.dataset({ x: classified.transform(test).x, y: new Int32Array(test.length), features: 4 });
  const other = preprocess(test, { target: "tall", ignore: ["rent"] });

  it("data that were prepared otherwise, or not at all, and stays as it was", async () => {
    const before = weights(classifier);
    for (const data of [raw, other.dataset(test)]) {
      for (const call of [
        () => classifier.fit(data),
        () => classifier.evaluate(data),
        () => classifier.confusionMatrix(data),
        () => classifier.fit(classified.dataset(train), { validation: data }),
        () => classifier.steps(data).next(),
      ])
        await refuses(call, "PREPROCESSING", "not prepared as those", "model.preprocessing.dataset(rows)");
    }
    expect(weights(classifier)).toBe(before);
    expect(classifier.preprocessing).toBe(classified);
    // validation that is not prepared as the training rows are
    const fresh = xent.sequential({ input: 4 }, [nn.dense(2)]);
    const mixed = () =>
      fresh.fit(classified.dataset(train), {
        validation: raw,
        loss: nn.crossEntropy(),
        optimizer: nn.sgd({ lr: 1 }),
      });
    await refuses(mixed, "PREPROCESSING", "validation");
    expect(fresh.preprocessing).toBeUndefined();
  });

  it("rows of which something is missing or unknown, by row and column", async () => {
    await refuses(() => classifier.predict([{ age: 30 }]), "COLUMN", "predict", '"town"');
    await refuses(
      () => classifier.logits([{ age: 30, town: "Roma" }]),
      "COLUMN",
      "logits",
      '"Roma"',
      '"Rome"',
    );
    await refuses(() => classifier.predict(new Float32Array(4)), "COLUMN", '"town"');
  });

  it("nothing of a preprocessing that is equal", async () => {
    const again = preprocess(train, { target: "tall", ignore: ["rent"] });
    expect(again).not.toBe(classified);
    const all = await classifier.evaluate(again.dataset(test));
    expect(all).toEqual(await classifier.evaluate(classified.dataset(test)));
  });
});

it("has its gradients checked on raw rows too", async () => {
  const rows = train.slice(0, 5);
  const y = rows.map(({ rent }) => rent);
  const checked = await nn.gradCheck(pricer, { x: rows, y });
  expect(checked.passed).toBe(true);
  const { x } = priced.transform(rows);
  const own = priced.targets(y, rows.length).y;
  expect(checked).toEqual(await nn.gradCheck(plainly(pricer, nn.mse()), { x, y: own }));
  const named = await nn.gradCheck(classifier, { x: rows, y: rows.map(({ tall }) => tall) });
  expect(named.passed).toBe(true);
});

describe("keeps it", () => {
  it("in its file, from which the same file comes", async () => {
    for (const model of [classifier, pricer]) {
      const bytes = model.save();
      const again = await xent.load(bytes);
      expect(again.preprocessing?.spec).toEqual(model.preprocessing?.spec);
      expect(again.classes).toEqual(model.classes);
      expect(again.predict(test)).toEqual(model.predict(test));
      expect(again.save()).toEqual(bytes);
      const fresh = xent.sequential({ input: model.input, seed: 2 }, [nn.dense(model.outputs)]);
      await fresh.load(bytes);
      expect(fresh.predict(test)).toEqual(model.predict(test));
    }
  });

  it("when a split, a stream or a resumed run go on with it", async () => {
    const model = xent.sequential({ input: 4, seed: 2 }, [nn.dense(2)]);
    const options = { loss: nn.crossEntropy(), optimizer: nn.adam({ lr: 0.01 }), inspect: false };
    const data = classified.dataset(train);
    await model.fit(data, { ...options, epochs: 2, stopAfterEpoch: 1, validation: { split: 0.2 } });
    expect(model.preprocessing).toBe(classified);
    const again = await xent.load(model.save());
    await again.fit(data, { ...options, epochs: 2, resume: true, validation: { split: 0.2 } });
    await model.fit(data, { ...options, epochs: 2, resume: true, validation: { split: 0.2 } });
    expect(again.save()).toEqual(model.save());

    const table: Table = {
      rows: train.length,
      columns: [
        { name: "age", type: "number", values: Float64Array.from(train, ({ age }) => age) },
        {
          name: "town",
          type: "category",
          values: Int32Array.from(train, ({ town }) => TOWNS.indexOf(town)),
          categories: TOWNS,
        },
        {
          name: "tall",
          type: "category",
          values: Int32Array.from(train, ({ tall }) => Number(tall === "no")),
          categories: ["yes", "no"],
        },
      ],
    };
    const [streamed, whole] = [0, 1].map(() => xent.sequential({ input: 4, seed: 2 }, [nn.dense(2)])) as [
      nn.Sequential,
      nn.Sequential,
    ];
    await streamed.fit(
      classified.stream(() => [table]),
      options,
    );
    await whole.fit(data, options);
    expect(weights(streamed)).toBe(weights(whole));
    expect(streamed.preprocessing).toBe(classified);
  });

  it("in a hosted runtime, which tells of it", async () => {
    const model = await far.sequential({ input: 3 + 1, seed: 2 }, [nn.dense(1)]);
    expect(model.preprocessing).toBeUndefined();
    const run = { loss: nn.mse(), optimizer: nn.adam({ lr: 0.05 }), epochs: 30, inspect: false };
    await model.fit(priced.dataset(train), run);
    expect(hash(await model.stateDict())).toBe(weights(pricer));
    expect(model.preprocessing?.spec).toEqual(priced.spec);
    expect(await model.predict(test)).toEqual(pricer.predict(test));
    const again = await far.load(pricer.save());
    expect(again.preprocessing?.spec).toEqual(priced.spec);
    expect(await again.predict(test)).toEqual(pricer.predict(test));
    await expect(again.predict([{ age: 3 }])).rejects.toMatchObject({ code: "COLUMN" });
    const more = again.preprocessing?.dataset(test) as nn.Dataset;
    expect(await again.evaluate(more)).toEqual(await pricer.evaluate(priced.dataset(test)));
    // a file that knows of none takes it away, and the names of classes with it
    const named = await far.sequential({ input: 4, seed: 2 }, [nn.dense(2)]);
    const before = await named.save();
    await named.fit(classified.dataset(train), { ...run, loss: nn.crossEntropy() });
    expect(named.classes).toEqual(["no", "yes"]);
    await named.load(before);
    expect([named.classes, named.preprocessing]).toEqual([undefined, undefined]);
    await named.load(classifier.save());
    expect(named.classes).toEqual(["no", "yes"]);
    expect(named.preprocessing?.spec).toEqual(classified.spec);
  });
});
