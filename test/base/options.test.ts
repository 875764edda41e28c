// The known name that is nearest to a mistyped one, and where it is offered.

import { expect, it } from "vitest";
import { checkNames, nearest } from "../../src/base/options.ts";
import { refuses } from "../support/errors.ts";

const KNOWN = ["loss", "optimizer", "epochs", "batchSize", "shuffle", "signal", "f1"];

it.each([
  ["epoch", "epochs"],
  ["Epochs", "epochs"],
  ["epohcs", "epochs"],
  ["batch_size", "batchSize"],
  ["optimiser", "optimizer"],
  ["bachsize", "batchSize"],
  ["f2", "f1"],
  ["shufle", "shuffle"],
  ["los", "loss"],
  ["learningRate", undefined],
  ["x", undefined],
  ["", undefined],
  ["f22", undefined],
])("%s", (name, meant) => {
  expect(nearest(name, KNOWN)).toBe(meant);
});

it("of two that are equally near the first", () => {
  expect(nearest("abd", ["abc", "abe"])).toBe("abc");
  expect(nearest("abd", ["abce", "abe"])).toBe("abe");
});

it("an unknown option's error offers it, and names all", async () => {
  const known = `Known: ${KNOWN.join(", ")}.`;
  const bad = (options: object) => () => checkNames("fit", options, KNOWN);
  await refuses(
    bad({ batchsize: 3 }),
    "OPTION",
    `unknown option "batchsize". Did you mean batchSize? ${known}`,
  );
  await refuses(bad({ momentum: 3 }), "OPTION", `unknown option "momentum". ${known}`);
});

it("a very long name is like none, and takes no time", () => {
  const start = performance.now();
  expect(nearest("batchSize".repeat(1_000_000), KNOWN)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(1000);
});
