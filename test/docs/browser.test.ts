// docs/browser.md against the files that it prints, and what it links to and names.

import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as xent from "../../src/index.ts";
import { strictPolicy } from "../../tools/serve.ts";

const text = readFileSync("docs/browser.md", "utf8");

it.each([
  ["tsx", "Trainer.tsx"],
  ["html", "page.html"],
  ["js", "page.js"],
])("prints the recipe that is tested, %s", (language, file) => {
  const [, printed] = new RegExp(`\`\`\`${language}\\n(.*?)\\n\`\`\``, "s").exec(text) ?? [];
  expect(`${printed}\n`).toBe(readFileSync(`test/bundlers/recipes/${file}`, "utf8"));
});

it("asks for no more than the policy that pages are tested with", () => {
  const [, policy = ""] = /Content-Security-Policy: (.*)/.exec(text) ?? [];
  const tested = strictPolicy()["Content-Security-Policy"] ?? "";
  for (const rule of policy.split("; ")) expect(tested).toContain(rule);
});

it("every name that it imports is exported, and every link leads somewhere", () => {
  const names = [...text.matchAll(/import \{ ([\w, ]+) \} from "xent"/g)].flatMap(([, list = ""]) =>
    list.split(", "),
  );
  expect(names.length).toBeGreaterThan(10);
  for (const name of names) expect(xent).toHaveProperty(name);
  for (const [, link] of text.matchAll(/\]\((?!https:)([^)#]+)\)/g))
    expect(existsSync(`docs/${link}`), link).toBe(true);
});
