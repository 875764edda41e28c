// SECURITY.md against the tree: the tests that hold its promises, and files, are there.

import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("what SECURITY.md points to is there", () => {
  const text = readFileSync("SECURITY.md", "utf8");
  const named = [...text.matchAll(/`((?:test|docs|assembly)\/[\w/.-]+)`/g)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
});
