// What is told of an engine that npx could not run.

import { expect, test } from "vitest";
import { lastError } from "../../bench/npx.ts";

test.each([
  [
    "npm ERR! code ETARGET\nnpm ERR! notarget No matching version found for bun@99.0.0.\n",
    "No matching version",
  ],
  ["npm error code ENOTFOUND\nnpm error network request to https://x failed\n", "network request"],
  ["npm error code E404\n", "E404"],
  ["npm warn old\nTypeError: no luck\n    at x.mjs:3", "TypeError: no luck"],
])("of %j the telling line is quoted", (text, part) => {
  expect(lastError(text)).toContain(part);
});

test("nothing is made up", () => {
  expect(lastError("npm notice new version\n")).toBeUndefined();
});
