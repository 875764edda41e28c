// The text of an exported module: it stands alone, is the same each time, small, sound to TypeScript, and no name gets out of its
// string; and which models have none.

import { transformSync } from "esbuild";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import type { PreprocessingSpec } from "../../src/base/spec.ts";
import * as nn from "../../src/index.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { exportModule, moduleTypes } from "../../src/module.ts";
import { coreOf } from "../support/core.ts";
import { refuses } from "../support/errors.ts";
import { activations } from "../support/every-kind.ts";
import { exported, imported } from "../support/exported.ts";
import { prepared } from "../support/prepared-model.ts";

const core = coreOf("simd");
const small = (): Sequential =>
  new Sequential(core, { input: 784, loss: nn.crossEntropy() }, [nn.dense(128), nn.relu(), nn.dense(10)]);
const everything = (): Sequential =>
  new Sequential(core, { input: 5, loss: nn.crossEntropy() }, [
    nn.dense(8),
    nn.batchNorm1d(),
    ...activations.map(([, layer]) => layer),
    nn.dropout(0.5),
    nn.residual([nn.layerNorm(), nn.dense(8, { bias: false }), nn.prelu({ shared: false })]),
    nn.dense(3),
  ]);

/** One of each kind of column, with and without a fill, and a target that is scaled. */
const columns: PreprocessingSpec = {
  columns: [
    { kind: "number", name: "age", center: 30, scale: 0.5, offset: 0, fill: 31 },
    { kind: "oneHot", name: "town", categories: ["Bern", "Oslo"], unknown: "zeros" },
    { kind: "ids", name: "size", categories: ["S", "M", "L"], unknown: "error", fill: "M" },
  ],
  target: { kind: "numbers", columns: [{ kind: "number", name: "y", center: 7, scale: 2, offset: 1 }] },
};

const texts: readonly (readonly [string, () => string])[] = [
  ["784-128-10", () => exportModule(small())],
  ["every layer", () => exportModule(everything())],
  ["no loss", () => exportModule(new Sequential(core, { input: 2 }, [nn.dense(1)]))],
  ["raw rows", () => exportModule(prepared(columns, nn.mse(), [nn.dense(1)]))],
];

const bytesOf = (text: string): number => Buffer.byteLength(text);
const withoutNumbers = (text: string): string => text.replace(/decode\(`[^`]*`\)/, "decode(``)");

describe.each(texts)("%s", (_, make) => {
  it("stands alone, and is the same each time", () => {
    const text = make();
    expect(make()).toBe(text);
    // as wide as the lines of base64
    for (const line of text.split("\n")) expect(line.length, line).toBeLessThanOrEqual(120);
    const file = ts.createSourceFile("net.js", text, ts.ScriptTarget.Latest, true);
    const names = new Set<string>();
    const visit = (node: ts.Node): void => {
      expect(ts.isImportDeclaration(node) || ts.isImportTypeNode(node)).toBe(false);
      expect(node.kind).not.toBe(ts.SyntaxKind.ImportKeyword);
      if (ts.isIdentifier(node)) names.add(node.text);
      ts.forEachChild(node, visit);
    };
    visit(file);
    for (const name of ["eval", "Function", "fetch", "require", "process", "document", "window", "Buffer"]) {
      expect(names, name).not.toContain(name);
    }
  });

  it("is sound to TypeScript, and as its types say", () => {
    const uses = `import * as net from "./net.js";
      import type * as Types from "./types.js";
      const checked: Omit<typeof Types, never> = net as never;
      const exact: Pick<typeof net, keyof typeof Types> = net;
      const back: keyof typeof Types = "" as keyof typeof net;
      const x: Float32Array = net.predict([[1, 2]]);
      const ids: Int32Array = net.predictClass(new Float32Array(2));
      void [checked, exact, back, x, ids];`;
    expect(problems({ "net.js": make(), "types.d.ts": moduleTypes, "uses.ts": uses })).toEqual([]);
  });
});

it("what TypeScript is asked to find, it finds", () => {
  const broken = exportModule(small()).replace("x.length", "x.size");
  expect(problems({ "net.js": broken })).not.toEqual([]);
  expect(problems({ "types.d.ts": "export const x: Missing;" })).not.toEqual([]);
});

it("is small beside its weights, and has the code of its own layers alone", () => {
  const plain = withoutNumbers(exportModule(small()));
  expect(bytesOf(plain)).toBeLessThanOrEqual(6 * 1024);
  const minified = transformSync(plain, { minify: true, format: "esm" }).code;
  expect(bytesOf(minified)).toBeLessThanOrEqual(2.5 * 1024);
  const all = withoutNumbers(exportModule(everything()));
  expect(bytesOf(all)).toBeLessThanOrEqual(9 * 1024);
  for (const name of ["erf(", "layerNorm(", "sigmoid(", "Math.tanh", "skip"]) {
    expect(plain).not.toContain(name);
    expect(all).toContain(name);
  }
  // 101,770 f32 in base64, and the ends of its lines of 120 characters
  const bytes = 4 * 101_770;
  const ends = Math.ceil(bytes / 90) + 1;
  expect(bytesOf(exportModule(small())) - bytesOf(plain)).toBe(4 * Math.ceil(bytes / 3) + ends);
});

const HOSTILE = [
  `"; throw new Error("out"); "`,
  "`$" + "{globalThis.out = 1}`",
  "*/ globalThis.out = 1; /*",
  "</script><script>globalThis.out = 1</script>",
  "<!-- -->",
  "\u2028globalThis.out = 1\u2029",
  "\\",
  '\\"; globalThis.out = 1; //',
  "line\nfeed\r\0",
  "\ud800 alone",
  "__proto__",
  "constructor",
];

it("names of classes stay strings", async () => {
  const made = new Sequential(core, { input: 1, loss: nn.crossEntropy(), optimizer: nn.sgd({ lr: 0.1 }) }, [
    nn.dense(HOSTILE.length),
  ]);
  const data = nn.dataset({ x: [[1], [2]], y: [0, 1], classes: HOSTILE });
  await made.fit(data, { epochs: 1 });
  const text = exportModule(made);
  expect(text).not.toMatch(/<\/script|<!--|[\u2028\u2029]/i);
  expect((await imported(text)).classes).toEqual(HOSTILE);
  expect(Object.keys(globalThis)).not.toContain("out");
});

it("so do names of columns and categories", async () => {
  const hostile: PreprocessingSpec = {
    columns: HOSTILE.map((name) => ({
      kind: "oneHot",
      name,
      categories: HOSTILE,
      unknown: "error",
    })),
  };
  const made = prepared(hostile, nn.mse(), [nn.dense(1)]);
  const text = exportModule(made);
  expect(text).not.toMatch(/<\/script|<!--|[\u2028\u2029]/i);
  const net = await imported(text);
  expect(net.columns).toEqual(HOSTILE);
  const row = HOSTILE.map(() => "__proto__");
  const record = Object.fromEntries(HOSTILE.map((name) => [name, "__proto__"]));
  expect(net.predict([row])).toEqual(net.predict([record]));
  // what objects inherit is neither a column nor a category
  expect(() => net.predict([HOSTILE.map(() => "toString")])).toThrow(/"toString" is not among/);
  expect(() => net.predict([{ ...record, constructor: undefined }])).toThrow(
    /"constructor": the value is missing/,
  );
  expect(Object.keys(globalThis)).not.toContain("out");
});

it("dropout and what belongs to training leave no trace", async () => {
  const layers = [nn.dense(3), nn.dropout(0.5)];
  const made = new Sequential(core, { input: 2, seed: 1 }, layers);
  const plain = new Sequential(core, { input: 2, seed: 1 }, layers.slice(0, 1));
  expect(exportModule(made)).toBe(exportModule(plain));
});

it("a model without a loss has logits, and predict says what is missing", async () => {
  const net = await exported(new Sequential(core, { input: 2 }, [nn.dense(1)]));
  expect(net.logits([[1, 2]])).toHaveLength(1);
  expect(() => net.predict([[1, 2]])).toThrow(/^predict: the model had no loss.*logits/);
});

describe("refuses", () => {
  it("what is no model, and one in a worker", async () => {
    const bad = (model: unknown) => () => exportModule(model as Sequential);
    for (const model of [undefined, null, 3, {}, [nn.dense(1)]]) {
      await refuses(bad(model), "OPTION", "exportModule: the model is", "sequential() or load()");
    }
    const xent = await nn.hosted({ threads: 1 });
    const model = await xent.sequential({ input: 2 }, [nn.dense(1)]);
    await refuses(bad(model), "OPTION", "worker", ".load(await model.save())");
    const here = (await nn.init({ threads: 1 })).load(await model.save());
    expect((await exported(await here)).logits([[1, 2]])).toEqual(await model.logits([[1, 2]]));
    await xent.dispose();
  });

  it("a model that was disposed", async () => {
    const made = small();
    made.dispose();
    await refuses(() => exportModule(made), "DISPOSED", "exportModule");
  });

  it("more weights than a string holds, before any memory is made", async () => {
    const large = new Sequential(core, { input: 10_240 }, [nn.dense(10_240)]);
    await refuses(() => exportModule(large), "TOO_LARGE", "401 MiB", "at most 256", "save()");
  });
});

/** TypeScript's own declarations, parsed once for all programs. */
const libraries = new Map<string, ts.SourceFile | undefined>();

/** What TypeScript says of files, JavaScript among them. */
function problems(files: Readonly<Record<string, string>>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    types: [],
    // of TypeScript's own alone: types.d.ts is checked
    skipDefaultLibCheck: true,
    allowJs: true,
    checkJs: true,
    strict: true,
    noEmit: true,
  };
  const host = ts.createCompilerHost(options);
  const inMemory = Object.fromEntries(
    Object.entries({ ...files, "package.json": '{"type":"module"}' }).map(([name, text]) => [
      `/net/${name}`,
      text,
    ]),
  );
  const { readFile, fileExists, getSourceFile } = host;
  host.directoryExists = () => true;
  host.readFile = (path) => inMemory[path] ?? readFile(path);
  host.fileExists = (path) => path in inMemory || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    if (path in inMemory) return ts.createSourceFile(path, inMemory[path] as string, language, true);
    if (!libraries.has(path)) libraries.set(path, getSourceFile(path, language, ...rest));
    return libraries.get(path);
  };
  const roots = Object.keys(files).map((name) => `/net/${name}`);
  return ts
    .getPreEmitDiagnostics(ts.createProgram(roots, options, host))
    .map(
      ({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
}
