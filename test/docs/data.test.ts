// docs/data.md and docs/models.md against the code: names, links and commands that they give, and the two programs of docs/data.md,
// which are run.

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as data from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import * as module from "../../src/module.ts";
import * as node from "../../src/node.ts";
import * as onnx from "../../src/onnx.ts";

const ENTRIES: Readonly<Record<string, object>> = {
  xent,
  "xent/data": data,
  "xent/node": node,
  "xent/onnx": onnx,
  "xent/module": module,
};
const read = (name: string): string => readFileSync(`docs/${name}`, "utf8");
const blocks = (name: string): string[] =>
  [...read(name).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code as string);
const scripts = Object.keys(JSON.parse(readFileSync("package.json", "utf8")).scripts);

describe.each(["data.md", "models.md"])("docs/%s", (name) => {
  const text = read(name);

  it("imports what is exported", () => {
    const imports = [...text.matchAll(/import \{ ([\w, ]+) \} from "(xent[\w/]*)"/g)];
    expect(imports.length).toBeGreaterThan(3);
    for (const [, names, entry] of imports) {
      for (const each of (names as string).split(", ")) expect(ENTRIES[entry as string]).toHaveProperty(each);
    }
  });

  it("leads somewhere, and names scripts that there are", () => {
    for (const [, link] of text.matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g))
      expect(existsSync(`docs/${link}`), link).toBe(true);
    for (const [, file] of text.matchAll(/`((?:src|test|examples)\/[\w/.-]+)`/g))
      expect(existsSync(file as string), file).toBe(true);
    for (const [, script] of text.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toContain(script);
  });
});

/** Runs a block without its imports, all that xent exports being there, and gives what `last` is then. */
async function run(code: string, last: string, more: Readonly<Record<string, unknown>>): Promise<unknown> {
  const names = { ...Object.assign({}, ...Object.values(ENTRIES)), ...more };
  const body = code.replace(/^import .*$/gm, "");
  // what a block makes has the name of what it is made by
  const taken = [...body.matchAll(/const (\w+) =/g)].map(([, name]) => name);
  const given = Object.keys(names).filter((name) => !taken.includes(name));
  const Async = (async () => {}).constructor as new (
    ...of: string[]
  ) => (...values: unknown[]) => Promise<unknown>;
  return new Async(...given, `${body}\nreturn ${last};`)(
    ...given.map((name) => names[name as keyof typeof names]),
  );
}

it("the program at the head of docs/data.md learns penguins, and predicts a raw row", async () => {
  const [code = ""] = blocks("data.md");
  // `xent` and `table` are made by the program under the names of what makes them
  const model = (await run(
    code.replace("const table = ", "const penguins = ").replace("splitTable(table,", "splitTable(penguins,"),
    "model",
    {
      text: readFileSync("examples/data/penguins.csv", "utf8"),
    },
  )) as xent.Sequential;
  const told = /model\.classes;\s+\/\/ (.*)/.exec(code)?.[1] as string;
  expect(model.classes).toEqual(JSON.parse(told));
  const row = { island: "Dream", beak_length_mm: 46.5, beak_depth_mm: 17.9 };
  const whole = { ...row, flipper_length_mm: 192, body_mass_g: 3500, sex: "FEMALE" };
  expect(code).toContain("beak_length_mm: 46.5");
  expect(model.predict([whole])).toHaveLength(3);
  expect(model.classes?.[model.predictClass([whole])[0] as number]).toBe("Chinstrap");
  model.dispose();
});

it("its program for data larger than memory streams a file, once to learn the columns and once an epoch", async () => {
  const code = blocks("data.md").find((block) => block.includes("preprocessStream")) as string;
  let opened = 0;
  const csv = [
    "a,b,label",
    ...Array.from({ length: 600 }, (_, i) => `${i % 7},${i % 5},${i % 2 ? "x" : "y"}`),
  ];
  const instance = await xent.init();
  const model = instance.sequential(
    { input: 2, loss: xent.crossEntropy(), optimizer: xent.sgd({ lr: 0.1 }) },
    [xent.dense(2)],
  );
  await run(code, "undefined", {
    model,
    streamCsvFile: (path: string) => {
      expect(path).toBe("large.csv");
      opened++;
      return data.streamCsv(csv.join("\n"));
    },
  });
  // to fit the columns, and for three epochs
  expect(opened).toBe(4);
  expect(model.classes).toEqual(["x", "y"]);
  model.dispose();
});
