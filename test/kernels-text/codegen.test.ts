// Rules that no source shows, held against the text of the shipped builds; and every rule seen failing on a kernel
// that asc compiles just as readily (bad/), so that what Binaryen makes of it is what fails.

import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { parse, readTree, resolve } from "../architecture/sources.ts";
import { exportedNames } from "../architecture/surface.ts";
import { type Build, compile, compileBad } from "./compile.ts";
import {
  branchesInLoop,
  type Caller,
  constantsInLoop,
  inlined,
  kLoop,
  nestedSums,
  roundOf,
} from "./rules.ts";
import { type Functions, flat, isVector, parseWat } from "./wat.ts";

const BUILDS: readonly Build[] = ["simd", "relaxed"];
const GEMM = "assembly/gemm";

/** Every micro-kernel of the sources: its function, and the rows of its tile and the vectors in one. */
const MICRO_KERNELS = readTree(GEMM)
  .filter(({ path }) => path.includes("/ukernel"))
  .flatMap((source) => exportedNames(source).map((name) => `${source.path.replace(/\.ts$/, "")}/${name}`))
  .flatMap((name) => {
    const [, rows, columns] = /\/ukernel(\d+)x(\d+)$/.exec(name) ?? [];
    return columns === undefined ? [] : [{ name, rows: Number(rows), vectors: Number(columns) / 4 }];
  });

/** where threads meet is no kernel, and not compiled in these builds */
const KERNELS = imported("assembly/program.ts").filter((name) => !name.startsWith("assembly/barrier/"));
/** What `layer` calls, which `execute` leaves them to. */
const OF_LAYERS = KERNELS.filter((name) =>
  ["batch-norm", "dropout", "layer-norm", "prelu"].some((file) => name.startsWith(`assembly/${file}/`)),
);
const EXECUTOR: readonly Caller[] = [
  { name: "assembly/program/run", calls: ["assembly/program/execute"], loops: 1 },
  {
    name: "assembly/program/execute",
    calls: [...KERNELS.filter((name) => !OF_LAYERS.includes(name)), "assembly/program/layer"],
    loops: 0,
  },
  { name: "assembly/program/layer", calls: OF_LAYERS, loops: 0 },
];
const SGEMM: readonly Caller[] = [
  { name: `${GEMM}/sgemm/sgemm`, calls: [`${GEMM}/sgemm/block`] },
  { name: `${GEMM}/sgemm/block`, calls: [`${GEMM}/sgemm/ukernel`, ...tiles((rows) => rows === 1)] },
  { name: `${GEMM}/sgemm/ukernel`, calls: tiles((rows) => rows > 1), loops: 0 },
];

function tiles(of: (rows: number) => boolean): string[] {
  return MICRO_KERNELS.filter(({ rows }) => of(rows)).map(({ name }) => name);
}

/** Functions that a file of assembly/ imports from others: all it imports but constants of the ABI and classes, which are inlined. */
function imported(path: string): string[] {
  return parse({ path, text: readFileSync(path, "utf8") }).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement)) return [];
    const from = resolve(path, (statement.moduleSpecifier as ts.StringLiteral).text)!;
    const names = statement.importClause?.namedBindings;
    if (!from.startsWith("assembly/") || names === undefined || !ts.isNamedImports(names)) return [];
    const functions = names.elements.filter(({ name }) => /^[a-z]/.test(name.text));
    return functions.map((e) => `${from.replace(/\.ts$/, "")}/${(e.propertyName ?? e.name).text}`);
  });
}

test("the sources have the tiles and kernels that the rules are about", () => {
  const names = MICRO_KERNELS.map(({ name }) => name.replace(`${GEMM}/`, ""));
  for (const tile of ["4x8", "5x8", "6x8", "1x32"]) expect(names).toContain(`ukernel/ukernel${tile}`);
  for (const tile of ["5x16", "6x16"]) expect(names).toContain(`ukernel-wide/ukernel${tile}`);
  expect(EXECUTOR[1]!.calls.length).toBeGreaterThan(30);
  expect(EXECUTOR[1]!.calls).toContain(`${GEMM}/sgemm/sgemm`);
  expect(EXECUTOR[2]!.calls.length).toBe(13);
});

describe.each(BUILDS)("build %s", (build) => {
  const text = readFileSync(`build/${build}.wat`, "utf8");
  const functions = parseWat(text);

  test("all of the text is read", () => {
    const vectors = [...functions.values()].flatMap(flat).filter(isVector).length;
    expect(vectors).toBe(text.match(/^ +(v128|[if]\d+x\d+)\./gm)!.length);
    expect(functions.size).toBe(text.match(/^ \(func /gm)!.length);
  });

  test.each(MICRO_KERNELS)("$name: one loop over k, and in it the tile", ({ name, rows, vectors }) => {
    const sums = rows * vectors;
    const multiplyAdd =
      build === "relaxed" ? { "f32x4.relaxed_madd": sums } : { "f32x4.mul": sums, "f32x4.add": sums };
    expect(roundOf(functions, name)).toEqual({
      multiplyAdds: sums,
      vectors: { "v128.load32_splat": rows, "v128.load": vectors, ...multiplyAdd },
    });
  });

  test.each(MICRO_KERNELS)("$name: no constant, branch or nested sum in the loop over k", ({ name }) => {
    expect(constantsInLoop(functions, name)).toEqual([]);
    expect(branchesInLoop(functions, name)).toEqual([]);
    expect(nestedSums(functions, name)).toEqual([]);
  });

  test.each([...EXECUTOR, ...SGEMM])("$name calls its kernels, and has none inlined", (caller) => {
    expect(inlined(functions, caller)).toEqual([]);
  });
});

describe.each(BUILDS)("bad kernels, build %s", (build) => {
  const bad = async (name: string): Promise<Functions> => parseWat(await compileBad(name, build));
  const madd = build === "relaxed" ? "f32x4.relaxed_madd" : "f32x4.add";

  test("constant rule: relu of what is read", async () => {
    const functions = await bad("constant");
    const name = "assembly/bad/constant/ukernel1x8";
    const found = constantsInLoop(functions, name);
    expect(found).toEqual(
      Array(2).fill(expect.stringMatching(/ukernel1x8: v128.const i32x4 .* loop over k/)),
    );
    // what it multiplies and adds is that of its tile: nothing but the rule would tell
    expect(roundOf(functions, name)).toMatchObject({ multiplyAdds: 2 });
    expect(branchesInLoop(functions, name)).toEqual([]);
    expect(nestedSums(functions, name)).toEqual([]);
  });

  test.each([
    ["top", ["if", "br"], true],
    ["zeros", ["if"], false],
  ])("branch rule: %s", async (kernel, branches, late) => {
    const name = `assembly/bad/branch/${kernel}`;
    const expected = branches.map((op) => `${name}: ${op} in the loop over k`);
    if (late) expected.push(`${name}: the loop over k does not test at its end`);
    const functions = await bad("branch");
    expect(branchesInLoop(functions, name)).toEqual(expected);
    expect(() => nestedSums(functions, name)).toThrow("in the loop over k");
  });

  test.each([
    ["unrolled", 1, 2],
    ["inTurn", 2, 4],
    ["factor", 1, 2],
    ["running", 2, 3],
    ["copying", 1, 2],
  ])("nesting rule: %s", async (kernel, nested, multiplyAdds) => {
    const functions = await bad("nested");
    const name = `assembly/bad/nested/${kernel}`;
    expect(nestedSums(functions, name)).toEqual(
      Array(nested).fill(`${name}: ${madd} of a sum of the same round`),
    );
    expect(roundOf(functions, name)).toMatchObject({ multiplyAdds });
    expect(constantsInLoop(functions, name)).toEqual([]);
  });

  const small: readonly Caller[] = [
    { name: "assembly/bad/executor/run", calls: ["assembly/bad/executor/execute"], loops: 1 },
    {
      name: "assembly/bad/executor/execute",
      calls: ["assembly/bad/executor/double", "assembly/bad/executor/clear"],
      loops: 0,
    },
  ];

  test("inlining rule: an executor is fine with tools/no-inline.mjs, and refused without", async () => {
    const apart = await bad("executor");
    expect(small.flatMap((caller) => inlined(apart, caller))).toEqual([]);
    const together = parseWat(await compileBad("executor", build, { apart: false }));
    expect(small.flatMap((caller) => inlined(together, caller))).toEqual([
      "assembly/bad/executor/run: 3 vector instructions, v128.load first",
      "assembly/bad/executor/run: 2 loops, expected 1",
      "assembly/bad/executor/execute is no function of the text",
      "assembly/bad/executor/run does not call assembly/bad/executor/execute",
      "assembly/bad/executor/execute is no function of the text",
    ]);
  });

  test("inlining rule: our own sources without tools/no-inline.mjs", async () => {
    const together = parseWat(await compile("assembly/index.ts", build, { apart: false }));
    const execute = inlined(together, EXECUTOR[1]!);
    expect(execute).toContainEqual(expect.stringMatching(/execute: \d+ vector instructions/));
    expect(execute).toContainEqual(expect.stringMatching(/execute: \d+ loops, expected 0/));
    expect(execute).toContain("assembly/optim/sgdStep is no function of the text");
    expect(execute).toContain("assembly/program/execute does not call assembly/optim/sgdStep");
    const block = inlined(together, SGEMM[1]!);
    expect(block).toContainEqual(expect.stringMatching(/block: \d+ vector instructions/));
    expect(block).toContain(`${GEMM}/sgemm/block does not call ${GEMM}/ukernel/ukernel1x32`);
  });

  test("no rule holds of a function that is not there, or has no single innermost loop", async () => {
    const functions = await bad("executor");
    expect(() => kLoop(functions, "assembly/gemm/ukernel/ukernel5x8")).toThrow("no function of the text");
    expect(() => kLoop(functions, "assembly/bad/executor/clear")).toThrow("0 innermost loops, expected 1");
  });
});

test.each([
  [" (func $a\n  loop $l\n   nop\n )", "before its blocks do"],
  [" (func $a\n  loop $l\n  nop\n  end\n )", "indented by 2, expected 3"],
  [" (func $a\n  end\n )", "nothing is open"],
  [" (func $a\n  (local.get $0)\n )", "no instruction"],
  [" (func $a\n  nop", "ends within a function"],
  [" (func $a\n )\n (func $a\n )", "a second one"],
])("the reader refuses %j", (text, problem) => {
  expect(() => parseWat(text)).toThrow(problem);
});
