// docs/reliability.md against test/soak/counts.ts: how often each fault is made.

import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COUNTS } from "../soak/counts.ts";

test("the counts are those of the tests, and the tests that it names are there", () => {
  const text = readFileSync("docs/reliability.md", "utf8");
  const rows = [...text.matchAll(/^\| .* \| ([\d,]+) \| ([\d,]+) \|/gm)].map(([, ...counts]) =>
    counts.map((count) => Number(count.replaceAll(",", ""))),
  );
  const { kills, limits, deaths, aborts, steps, cycles, bits, hostile } = COUNTS;
  expect(rows).toEqual([kills, limits, deaths, aborts, steps, cycles, bits, hostile]);
  const named = [...text.matchAll(/`(\w+\.test\.ts)`/g)].map(([, name]) => `test/soak/faults/${name}`);
  expect(named.length).toBeGreaterThan(1);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
