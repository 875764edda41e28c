// The messages that list what a user may call against the kinds there are: each maker stands in the message of its family.

import { expect, it } from "vitest";
import * as nn from "../../src/index.ts";
import { INITIALIZERS, LAYERS, LOSSES, OPTIMIZERS } from "../../src/model/kinds.ts";
import { thrown } from "../support/errors.ts";

const xent = await nn.init({ threads: 1 });
const net = (layers: readonly unknown[], options: object = {}) =>
  xent.sequential({ input: 2, ...options }, layers as nn.LayerSpec[]);

it.each<[string, object, () => unknown]>([
  ["layers", LAYERS, () => net([{ kind: "none" }])],
  ["losses", LOSSES, () => net([nn.dense(1)], { loss: { kind: "none" } })],
  ["optimisers", OPTIMIZERS, () => net([nn.dense(1)], { loss: nn.mse(), optimizer: { kind: "none" } })],
  ["initial values", INITIALIZERS, () => net([nn.dense(1, { init: { kind: "none" } as never })])],
])("%s", async (_, kinds, make) => {
  const { message } = (await thrown(make)) as nn.XentError;
  const listed = [...message.matchAll(/(\w+)\(/g)].map(([, name]) => name);
  expect(Object.keys(kinds).filter((kind) => !listed.includes(kind))).toEqual([]);
});
