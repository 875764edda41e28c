// docs/command.md and the README: every command line of theirs runs as it is printed, in its order, in a folder with the data.

import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { folders } from "../support/folders.ts";

const page = readFileSync("docs/command.md", "utf8");
const { root } = folders("docs-command");
const main = resolve("dist/cli/main.js");
const blocks = (text: string, kind: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\``, "gms"))].map(([, body = ""]) => body);
const readme = readFileSync("README.md", "utf8").replaceAll("npm run xent -- ", "xent ");
const lines = [readme, page]
  .flatMap((text) => blocks(text, "sh"))
  .flatMap((block) => block.trimEnd().split("\n"))
  .filter((line) => line.startsWith("xent "));

/** A command line as the page has it, by a shell. */
function run(line: string) {
  const command = line.replace(/\bxent (?=\w)/g, `'${process.execPath}' '${main}' `);
  return spawnSync("bash", ["-c", command], { cwd: root, encoding: "utf8" });
}

beforeAll(() => {
  symlinkSync(resolve("examples"), join(root, "examples"));
  const [config = ""] = blocks(page, "json");
  writeFileSync(join(root, "run.json"), config);
  // the page is in the order of its commands; rows for stdin
  writeFileSync(join(root, "rows.csv"), `x,y\n${"1,2\n2,4\n3,5\n".repeat(8)}`);
});

test("there are command lines", () => {
  expect(lines.length).toBeGreaterThan(10);
});

test.each(lines)("%s", (line) => {
  const { status, stderr } = run(line);
  expect({ line, status, stderr }).toEqual({ line, status: 0, stderr: "" });
});

test("what stands under a command is what it prints", () => {
  const shown = blocks(page, "console");
  expect(shown).toHaveLength(2);
  for (const block of shown) {
    const [command = "", ...expected] = block.trimEnd().split("\n");
    const { stdout } = run(command.slice(2));
    // figures of the machine and of the build are another's; words and rows are the page's
    const words = (text: string): string =>
      text
        .replace(/\d[\d.,e-]*/g, "#")
        .replace(/ +/g, " ")
        .replace(/^(engine) .*/, "$1");
    const said = stdout.split("\n").map(words);
    for (const line of expected) if (line.trim() !== "…") expect(said).toContain(words(line));
  }
});

test("stdin to stdout", () => {
  const [, line = ""] = /`(cat rows\.csv \| xent [^`]*)`/.exec(page) ?? [];
  expect(run(line).status).toBe(0);
  const model = readFileSync(join(root, "model.safetensors"));
  expect(model.length).toBeGreaterThan(1000);
});

test("the page names every command", () => {
  const help = execFileSync(process.execPath, [main, "--help"], { encoding: "utf8" });
  const commands = [...help.matchAll(/^ {2}(\w+) .*\[options\]|^ {2}(\w+) \[options\]/gm)].map(
    ([, a, b]) => a ?? b,
  );
  expect(commands.length).toBeGreaterThan(5);
  for (const name of commands) expect(page).toContain(`\`${name}\``);
});
