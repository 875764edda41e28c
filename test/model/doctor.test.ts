// fit warns of data that spoil training, once a data set, unless it is told not to look.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { datasetStream } from "../../src/data/stream.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import { floats, integers } from "../oracle/data.ts";
import { blobSet } from "../support/blobs.ts";
import { refuses } from "../support/errors.ts";
import { weights } from "../support/state.ts";

const xent = await init();
const model = () =>
  xent.sequential({ input: 3, loss: crossEntropy(), optimizer: sgd({ lr: 1e-6 }) }, [dense(4)]);
const large = () => dataset({ x: floats(1, 60, 0, 500), y: integers(2, 20, 0, 3), features: 3 });
const warnings: string[] = [];
beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(process, "emitWarning").mockImplementation((text) => void warnings.push(String(text)));
});
afterEach(() => vi.restoreAllMocks());

it("warns at the first fit of a data set, of whichever model, and trains as it would have", async () => {
  const data = large();
  const [a, b] = [model(), model()];
  await a.fit(data, { inspect: false });
  expect(warnings).toEqual([]);
  await b.fit(data, { validation: { split: 0.2 } });
  expect(warnings).toEqual([expect.stringContaining("fit: All columns are far from the scale")]);
  await b.fit(data, { validation: { split: 0.2 } });
  await a.fit(data);
  expect(warnings.length).toBe(1);
  await a.fit(large());
  expect(warnings.length).toBe(2);
});

it("warns of a stream by its first block, once too", async () => {
  const stream = datasetStream({ chunks: () => [large(), large()], blockRows: 20 });
  for (const each of [model(), model()]) {
    await each.fit(stream);
    await each.fit(stream, { validation: stream });
  }
  expect(warnings).toEqual([expect.stringContaining("fit: All columns are far from the scale")]);
});

it("has nothing to say of good data", async () => {
  await model().fit(blobSet(1, 90, 3, 4));
  expect(warnings).toEqual([]);
});

it("refuses an inspect that is no boolean, and nothing has changed", async () => {
  const [m, twin] = [model(), model()];
  const odd = { inspect: "no" as unknown as boolean };
  await refuses(() => m.fit(large(), odd), "OPTION", 'fit: inspect is "no"', "true or false");
  for (const each of [m, twin]) await each.fit(blobSet(1, 90, 3, 4));
  expect(weights(m)).toBe(weights(twin));
  expect(warnings).toEqual([]);
});
