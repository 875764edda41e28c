// fit with a share of its data kept back to validate with.

import { afterAll, expect, it } from "vitest";
import { split } from "../../src/data/split.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { hash, weights } from "../support/state.ts";

const xent = await init({ precision: "strict" });
const there = await hosted({ precision: "strict" });
afterAll(() => there.dispose());
const known = { input: 6, seed: 5, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) };
const layers = [dense(8), relu(), dense(4)];
const model = () => xent.sequential(known, layers);
const data = blobSet(1, 90, 6, 4, 2);

it.each([{ split: 0.2 }, { split: 0.3, stratified: true }, { split: 0.1, shuffle: false }])(
  "%j is split by the model's seed, the same rows in every call",
  async ({ split: share, ...how }) => {
    const [a, b, c] = [model(), model(), await there.sequential(known, layers)];
    const { train, validation } = split(data, { validation: share, seed: 5, ...how });
    for (const metrics of [["accuracy"], ["f1"]] as const) {
      const options = { epochs: 2, batchSize: 8, metrics };
      const history = await a.fit(train, { ...options, validation });
      expect(history.steps).toBe(2 * Math.ceil(train.rows / 8));
      expect(await b.fit(data, { ...options, validation: { split: share, ...how } })).toEqual(history);
      expect(await c.fit(data, { ...options, validation: { split: share, ...how } })).toEqual(history);
    }
    expect(weights(b)).toBe(weights(a));
    expect(hash(await c.stateDict())).toBe(weights(a));
  },
);

it.each([
  ["a share of 1", { split: 1 }, "OPTION", "fit: validation: split is 1", "below 1"],
  ["an unknown name", { split: 0.1, stratify: true }, "OPTION", '"stratify"', "Did you mean stratified?"],
  ["a seed, which is the model's", { split: 0.1, seed: 1 }, "OPTION", 'unknown option "seed"'],
  ["a number", 0.1, "OPTION", "fit: validation", "0.1"],
  ["a data set's copy", { ...data }, "OPTION", "fit: validation", "an object"],
] as [string, Any, Any, ...string[]][])(
  "refuses %s, and nothing has changed",
  async (_, validation, code, ...pieces) => {
    const [m, twin] = [model(), model()];
    await refuses(() => m.fit(data, { validation }), code, ...pieces);
    await refuses(
      async () => (await there.sequential(known, layers)).fit(data, { validation }),
      code,
      ...pieces,
    );
    for (const each of [m, twin]) await each.fit(data);
    expect(weights(m)).toBe(weights(twin));
  },
);

it("refuses data that are none before it splits them", async () => {
  const none: Any = [1, 2];
  await refuses(
    () => model().fit(none, { validation: { split: 0.1 } }),
    "OPTION",
    "fit: the data is an array",
  );
  const narrow = blobSet(1, 20, 2, 4);
  await refuses(() => model().fit(narrow, { validation: { split: 0.1 } }), "SHAPE", "2 features");
});
