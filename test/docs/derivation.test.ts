// docs/derivation.md against the tree: every file, function, op, fixture and number that it names.

import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { epochBelow } from "../../examples/03-slowdown/report.ts";
import * as abi from "../../src/base/abi.ts";
import { OPS } from "../../src/base/ops.ts";
import type { ActivationSpec, LayerSpec } from "../../src/base/spec.ts";
import * as described from "../../src/index.ts";
import { LAYERS, LOSSES } from "../../src/model/kinds.ts";
import { activation } from "../../src/nn/pointwise.ts";
import { EXECUTE } from "../../src/program/meaning.ts";
import {
  activationFixtures,
  layersFixtures,
  lossFixtures,
  netFixtures,
  optimizerFixtures,
} from "../fixtures/read.ts";
import { simulate } from "../support/neuron.ts";

const text = readFileSync("docs/derivation.md", "utf8");
const codes: Readonly<Record<string, number>> = abi;
const layers: Readonly<Record<string, unknown>> = { ...described };

/** Rows of the table whose header begins with some words: cells without their blanks. */
function table(header: string): string[][] {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`| ${header}`));
  if (first < 0) throw new Error(`no table begins with "${header}"`);
  const rows: string[][] = [];
  for (const line of lines.slice(first + 2)) {
    if (!line.startsWith("|")) break;
    rows.push(
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }
  return rows;
}

const quoted = (cell: string | undefined): string[] =>
  [...(cell ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);

/** Whether a file declares a name at its top level. */
function declares(path: string, name: string): boolean {
  const source = readFileSync(path, "utf8");
  return new RegExp(`^(export )?(const|let|function|class) ${name}\\b`, "m").test(source);
}

const rows = table("Formula |").map(([formula = "", kernel, ops, interpreter, oracle, test, fixtures]) => ({
  formula,
  kernel: quoted(kernel),
  ops: quoted(ops),
  interpreter: quoted(interpreter),
  oracle: quoted(oracle),
  test: quoted(test),
  fixtures: quoted(fixtures),
}));

it("every path exists", () => {
  const paths = [...text.matchAll(/`([\w./-]+\.(?:ts|py|md))`/g)].map(([, path]) => path as string);
  expect(paths.length).toBeGreaterThan(50);
  const missing = paths.filter((path) => !existsSync(path) && !existsSync(`test/fixtures/${path}`));
  expect(missing).toEqual([]);
});

it("every name that is said to be in a file is declared there", () => {
  const named = [...text.matchAll(/((?:`\w+`(?:,| and)?\s+)+)in\s+`([\w./-]+\.ts)`/g)];
  expect(named.length).toBeGreaterThanOrEqual(6);
  for (const [, names, path] of named)
    for (const name of quoted(names)) expect(declares(path as string, name), `${name} in ${path}`).toBe(true);
  for (const name of ["d21", "d22", "d23", "w3_32", "w2_41", "w1_12"])
    expect(readFileSync("test/oracle/seed-text.ts", "utf8")).toContain(name);
});

it.each(rows)("$formula: kernel, op, interpreter, oracle, test and fixture are there", (row) => {
  const [file = "", ...kernels] = row.kernel;
  expect(kernels.length).toBeGreaterThan(0);
  for (const kernel of kernels) expect(declares(file, kernel), `${kernel} in ${file}`).toBe(true);

  const ops = row.ops.map((name) => codes[name] as number);
  expect(ops.map((code) => OPS.get(code)?.name)).toEqual(kernels);
  for (const code of ops) expect(EXECUTE[code]).toBeTypeOf("function");

  expect(row.interpreter.length).toBeGreaterThan(0);
  const meanings = ["meaning", "meaning-layers", "meaning-updates"].map((name) => `src/program/${name}.ts`);
  for (const name of row.interpreter)
    expect(
      meanings.some((path) => declares(path, name)),
      name,
    ).toBe(true);
  const [oracle = "", ...loops] = row.oracle;
  expect(loops.length).toBeGreaterThan(0);
  for (const name of loops) expect(declares(oracle, name), `${name} in ${oracle}`).toBe(true);

  expect(row.test.length).toBeGreaterThan(0);
  const fixtures = [
    ...[...activationFixtures(), ...lossFixtures(), ...netFixtures(), ...layersFixtures()],
    ...optimizerFixtures().cases,
  ];
  const names = fixtures.map(({ name }) => name);
  expect(row.fixtures.length).toBeGreaterThan(0);
  for (const start of row.fixtures)
    expect(
      names.some((name) => name.startsWith(start)),
      start,
    ).toBe(true);
});

it("every op that computes a formula has one row; copying, packing, counting and the user's own are none", () => {
  const without = [abi.OP_GATHER, abi.OP_GATHER_U8, abi.OP_PACK, abi.OP_ROW_HITS, abi.OP_HOST];
  const expected = [...OPS.keys()].filter((code) => !without.includes(code as (typeof without)[number]));
  const named = rows.flatMap(({ ops }) => ops.map((name) => codes[name]));
  expect(named.sort()).toEqual(expected.sort());
});

const activations = Object.entries(LAYERS).flatMap(([kind, parts]) => ("activation" in parts ? [kind] : []));

it("every activation has its row, and it works from what the row says", () => {
  const listed = table("| y | dy/dx").map(([name, , , from]) => [quoted(name)[0], from] as const);
  expect(new Set(listed.map(([kind]) => kind))).toEqual(new Set(activations));
  for (const [kind, from] of listed) {
    const spec = (layers[kind ?? ""] as () => LayerSpec)() as ActivationSpec;
    expect(activation(spec).saves, kind).toBe(from === "y" ? "output" : "input");
  }
});

it("every loss is mentioned", () => {
  for (const kind of Object.keys(LOSSES)) expect(text).toContain(`\`${kind}`);
});

it("the numbers of the slowdown are those of the neuron in f64", () => {
  const [quadratic, crossEntropy] = (["quadratic", "crossEntropy"] as const).map((cost) => {
    const { costs, outputs, firstGradient } = simulate({ cost, weight: 2, bias: 2, lr: 0.15 }, 300);
    const epoch = (share: number) =>
      epochBelow(
        costs.map(({ value }) => value),
        share,
      );
    return { start: outputs[0]?.value, gradient: firstGradient.value, tenth: epoch(0.9), half: epoch(0.5) };
  }) as [Numbers, Numbers];
  const short = (value: number | undefined): number => Number(value?.toPrecision(4));
  const both = (f: (numbers: Numbers) => number | undefined) =>
    [quadratic, crossEntropy].map((numbers) => short(f(numbers)));
  const told = table("| quadratic | cross entropy").map(([, ...cells]) => cells.map(Number));
  expect(told).toEqual([
    both(({ start }) => start),
    both(({ gradient }) => gradient),
    both(({ tenth }) => tenth),
    both(({ half }) => half),
  ]);
  expect(text).toContain(`a factor of ${short(crossEntropy.gradient / quadratic.gradient)}.`);
});

interface Numbers {
  readonly start: number | undefined;
  readonly gradient: number;
  readonly tenth: number | undefined;
  readonly half: number | undefined;
}

it("math is such as GitHub renders: fences close, braces match, & only where there are columns", () => {
  const blocks = [...text.matchAll(/^```math\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string);
  expect(blocks.length).toBe((text.match(/^```math$/gm) ?? []).length);
  const inline = [...text.matchAll(/\$`([^`]+)`\$/g)].map(([, math]) => math as string);
  for (const math of [...blocks, ...inline]) {
    let depth = 0;
    for (const [brace] of math.matchAll(/(?<!\\)[{}]/g)) {
      depth += brace === "{" ? 1 : -1;
      expect(depth, math).toBeGreaterThanOrEqual(0);
    }
    expect(depth, math).toBe(0);
    expect(math).not.toMatch(/\\operatorname|\\begin\{align\*?\}|[<>]/);
    if (!/\\begin\{(aligned|cases)\}/.test(math)) expect(math).not.toContain("&");
  }
  expect(text.replace(/\$`[^`]+`\$/g, "")).not.toContain("$");
});
