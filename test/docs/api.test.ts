// The docstrings of what is public: each has a category and an example, which compiles and gives what it says. docs/api.md lists all
// of them, and is written anew by `npx vitest run --project=computing test/docs/api.test.ts -u`.

import { cpSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import * as data from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import * as module from "../../src/module.ts";
import * as node from "../../src/node.ts";
import * as onnx from "../../src/onnx.ts";
import { type Public, programOf, publicNames } from "../support/api.ts";
import { apiPage, sentence } from "../support/api-page.ts";
import { blocks, runBlock } from "../support/blocks.ts";
import { folders } from "../support/folders.ts";

const modules = {
  xent: () => xent,
  "xent/data": () => data,
  "xent/module": () => module,
  "xent/node": () => node,
  "xent/onnx": () => onnx,
  // starts to answer when it is loaded
  "xent/worker": () => import("../../src/worker.ts"),
  "node:fs/promises": () => import("node:fs/promises"),
};
const ENTRIES = ["index", "data", "module", "node", "onnx", "worker"].map((name) => `src/${name}.ts`);
/** What has nothing to show: it is called in a worker, for whoever started that. */
const SILENT = ["serve"];
const { root } = folders("docs-api");

const parsed = ts.parseJsonConfigFileContent(
  ts.readConfigFile("tsconfig.json", ts.sys.readFile).config,
  ts.sys,
  ".",
);
/** As strict as most users have it. */
const options = { ...parsed.options, noUncheckedIndexedAccess: false, noUnusedLocals: true };
const program = ts.createProgram(ENTRIES, options);
const names = publicNames(program, ENTRIES);
const shown = names.filter(({ kind }) => kind !== "type");

/** What is wanting in the docstrings of values and methods. */
function wanting(all: readonly Public[]): string[] {
  return all.flatMap(({ name, kind, text, category, examples }) => {
    const called = name.replace(/^.*\./, "");
    const all = examples.join("\n");
    return [
      ...(text === "" ? [`${name}: no docstring`] : []),
      ...(category === undefined && kind === "value" ? [`${name}: no @category`] : []),
      ...(examples.length === 0 ? [`${name}: no @example`] : []),
      ...(examples.length > 0 && !new RegExp(`\\b${called}\\b`).test(all)
        ? [`${name}: not in its example`]
        : []),
      ...(examples.length > 0 && !all.includes(SHOWN) && !SILENT.includes(name)
        ? [`${name}: shows nothing`]
        : []),
    ];
  });
}

const SHOWN = " // → ";

/** What the compiler says of examples, each by its name. */
function compiled(examples: readonly (readonly [name: string, code: string])[]): string[] {
  const files = new Map(examples.map(([, code], i) => [resolve(`build/example-${i}.ts`), code]));
  const checked = programOf(files, options, program);
  return [...files.keys()].flatMap((path, i) => {
    const source = checked.getSourceFile(path) as ts.SourceFile;
    const found = [...checked.getSyntacticDiagnostics(source), ...checked.getSemanticDiagnostics(source)];
    return found.map(
      ({ messageText }) => `${examples[i]?.[0]}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
  });
}

/** Runs an example. Of a line that ends in `// → value` the value is looked at; each has to be come to. */
async function runs(code: string): Promise<void> {
  const lines = code.split(SHOWN).length - 1;
  const seen = new Set<number>();
  const look = (line: number, value: unknown, expected: unknown): void => {
    seen.add(line);
    if (!isDeepStrictEqual(plain(value), expected)) expect(plain(value)).toEqual(expected);
  };
  let count = 0;
  const looking = code.replace(
    /^( *)(?!\/\/|const )(.+); \/\/ → (.+)$/gm,
    (_, space, expression, expected) => `${space}look(${count++}, ${expression}, ${expected});`,
  );
  expect(count, "lines that show a value, and expressions before it").toBe(lines);
  const load = (address: string): unknown => import(/* @vite-ignore */ address);
  await runBlock(looking.replaceAll("await import(", "await load("), modules, { look, load });
  expect(seen.size, "values that were come to").toBe(count);
}

/** Typed arrays as arrays: they are shown as they are written. */
function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

test("every value and method is described, with an example", () => {
  expect(shown.length).toBeGreaterThan(120);
  expect(wanting(shown)).toEqual([]);
});

test("one that is not is found: as an export, and in what a function gives", () => {
  const example = (code: string): string => `@example\n * \`\`\`ts\n * ${code}\n * \`\`\``;
  const text = `
    export interface Options { near?(): void }
    /** It is called by others. */
    interface Net extends Options {
      near(): void; readonly width: number;
      /** Gives one. */ far(): Box<Far>;
    }
    interface Box<T> { readonly value: T }
    class Far {
      #hidden() {}
      /** @internal */ own() {}
      /** Says it. ${example("say(1); // → 2")} */ say() {}
      tell() { return this.#hidden(); }
    }
    /** A net. ${example("net(); // → 1")} */ export function net(): Box<Net> { throw new Error(); }
    /** A far one. @category Nets */ export const far = (): Far => new Far();
    /** Nothing. @category Nets ${example("other(); // → 1")} */ export const nothing = 1;
    /** Silent. @category Nets ${example("silent();")} */ export const silent = (): void => {};
  `;
  const path = resolve("build/example.ts");
  const bare = { ...options, noLib: true, types: [] };
  const found = publicNames(programOf(new Map([[path, text]]), bare), [path]);
  expect(found.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
    "value net",
    "method Net.far",
    "method Far.say",
    "method Far.tell",
    "type Options",
    "value far",
    "value nothing",
    "value silent",
  ]);
  expect(wanting(found.filter(({ kind }) => kind !== "type"))).toEqual([
    "net: no @category",
    "Net.far: no @example",
    "Far.tell: no docstring",
    "Far.tell: no @example",
    "far: no @example",
    "nothing: not in its example",
    "silent: shows nothing",
  ]);
});

const start = {
  name: "docs/api-start.md",
  examples: blocks(readFileSync("docs/api-start.md", "utf8"), "ts"),
};
const examples = [...shown, start].flatMap(({ name, examples }) =>
  examples.map((code) => [name, code] as const),
);

test("every example compiles, and one that does not is named", () => {
  const bad = [
    ["unused", 'import { dense, relu } from "xent";\nrelu(); // → 1'],
    ["strict", 'import { dense } from "xent";\ndense("3"); // → 1'],
    ["undeclared", "model.fit(); // → 1"],
  ] as const;
  const found = compiled([...bad, ...examples]);
  expect(found.map((line) => line.split(":")[0])).toEqual(["unused", "strict", "undeclared"]);
});

describe("every example gives what it says", () => {
  const home = process.cwd();
  beforeAll(() => {
    cpSync("examples/data", root, { recursive: true });
    process.chdir(root);
  });
  afterAll(() => process.chdir(home));

  test.each(examples)("%s", async (_, code) => {
    const warned = vi.spyOn(console, "warn");
    await runs(code);
    expect(warned.mock.calls).toEqual([]);
  });

  test.each([
    ["another value", "const a = [1];\na; // → [2]"],
    ["a value that is never come to", "for (const a of []) {\n  a; // → 1\n}"],
    ["a value of no expression", "const a = 1; // → 1"],
    ["an error", 'throw new Error("no");'],
  ])("but not: %s", async (_, code) => {
    await expect(runs(code)).rejects.toThrow();
  });

  test("typed arrays are shown as arrays", async () => {
    await runs("({ a: [Float32Array.of(0.5)], b: undefined }); // → { a: [[0.5]], b: undefined }");
  });
});

test("docs/api.md has every name, and what its docstring begins with", async () => {
  expect(sentence("As {@link a.b} does: |x| of\n`c`. More.")).toBe("As `a.b` does: \\|x\\| of `c`.");
  for (const { name, text } of names) expect(text, `${name} has a docstring`).not.toBe("");
  const { categoryOrder: order } = JSON.parse(readFileSync("typedoc.json", "utf8")) as {
    categoryOrder: string[];
  };
  // one that is misspelt would stand alone
  for (const { name, category = "Types" } of names) expect(order, name).toContain(category);
  await expect(apiPage(names, order)).toMatchFileSnapshot("../../docs/api.md");
});
