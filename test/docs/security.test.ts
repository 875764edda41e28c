// SECURITY.md against the tree: the tests that hold its promises, files and scripts are there.

import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("what SECURITY.md points to is there", () => {
  const text = readFileSync("SECURITY.md", "utf8");
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };
  const named = [...text.matchAll(/`((?:test|docs|assembly)\/[\w/.-]+)`/g)].map(([, path = ""]) => path);
  expect(named.length).toBeGreaterThan(12);
  expect(named.filter((path) => !existsSync(path))).toEqual([]);
  for (const [, script = ""] of text.matchAll(/`npm run ([\w:]+)`/g)) expect(scripts).toHaveProperty(script);
});
