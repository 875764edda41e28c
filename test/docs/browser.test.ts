// docs/browser.md against the files that it prints, and what it names.

import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { expect, it } from "vitest";
import * as xent from "../../src/index.ts";
import { strictPolicy } from "../../tools/serve.ts";

const text = readFileSync("docs/browser.md", "utf8");

it.each(readdirSync("test/bundlers/recipes"))("prints the recipe that is tested, %s", (file) => {
  const recipe = readFileSync(`test/bundlers/recipes/${file}`, "utf8");
  const printed = Array.from(text.matchAll(/```(\w+)\n(.*?)```/gs), ([, language, block]) => ({
    language,
    block,
  }));
  expect(printed).toContainEqual({ language: extname(file).slice(1), block: recipe });
});

it("asks for no more than the policy that pages are tested with", () => {
  const [, policy = ""] = /Content-Security-Policy: (.*)/.exec(text) ?? [];
  const tested = strictPolicy()["Content-Security-Policy"] ?? "";
  for (const rule of policy.split("; ")) expect(tested).toContain(rule);
});

it("every name that it imports is exported", () => {
  const names = [...text.matchAll(/import \{ ([\w, ]+) \} from "xent"/g)].flatMap(([, list = ""]) =>
    list.split(", "),
  );
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(xent).toHaveProperty(name);
});
