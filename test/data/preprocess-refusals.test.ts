// What preprocess and preprocessStream refuse, of rows, of options and of both together; and what the makers of encodings do.

import { expect, it } from "vitest";
import { asIs, ids, minMax, oneHot, preprocess, preprocessStream } from "../../src/data.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

const x = number("x", [1, 2, 3]);
const t = text("t", ["a", "b", "a"]);
const rows = table(3, x, t, number("y", [0, 1, 2]));
it.each<[string, Any, Any, ...Any[]]>([
  ["rows of no form", 3, {}, "OPTION", "preprocess: the rows are 3", "array of objects"],
  ["null", null, {}, "OPTION", "the rows are null"],
  ["a flat array", new Float32Array(3), {}, "OPTION", "a Float32Array", "no names"],
  ["arrays", [[1, 2]], {}, "OPTION", "the rows are arrays", "no names"],
  ["a row that is none", [{ a: 1 }, 7], {}, "SHAPE", "row 1 (counted from 0) is 7", "an object as row 0 is"],
  ["no rows", [], {}, "EMPTY", "there are no rows"],
  ["a table without", table(0, number("x", [])), {}, "EMPTY", "there are no rows"],
  ["options that are none", rows, [], "OPTION", "an array of 0"],
  ["an unknown option", rows, { targets: "t" }, "OPTION", 'unknown option "targets"', "mean target?"],
  [
    "a target that is not there",
    rows,
    { target: "T" },
    "COLUMN",
    'target: no column is named "T"',
    'mean "t"?',
  ],
  ["an ignored one", rows, { ignore: ["xx"] }, "COLUMN", 'ignore: no column is named "xx"', 'mean "x"?'],
  [
    "a selected one",
    rows,
    { select: ["zebra"] },
    "COLUMN",
    'select: no column is named "zebra"',
    'Known: "x", "t", "y"',
  ],
  ["an encoded one", rows, { columns: { z: ids() } }, "COLUMN", 'columns: no column is named "z"'],
  ["one ignored twice", rows, { ignore: ["x", "x"] }, "OPTION", 'ignore: name 1 is "x", for the second time'],
  ["a name that is none", rows, { select: ["x", 3] }, "OPTION", "select: name 1 is 3"],
  ["an empty list", rows, { select: [] }, "OPTION", "select is empty"],
  ["a text for a list", rows, { ignore: "x" }, "OPTION", 'ignore is "x"'],
  ["an empty target", rows, { target: [] }, "OPTION", "target is empty"],
  ["target null", rows, { target: null }, "OPTION", "target is null"],
  ["a name that is empty", [{ "": 1, x: 2 }], {}, "COLUMN", 'has the name ""', "select names"],
  ["select and ignore", rows, { select: ["x"], ignore: ["t"] }, "OPTION", "both select and ignore"],
  [
    "the target as feature",
    rows,
    { target: "t", select: ["t"] },
    "OPTION",
    'select names the column "t"',
    "the target",
  ],
  ["an encoded target", rows, { target: "t", columns: { t: ids() } }, "OPTION", "which is the target"],
  [
    "an encoded one that is ignored",
    rows,
    { ignore: ["t"], columns: { t: ids() } },
    "OPTION",
    'columns names "t", which is ignored',
  ],
  ["or not selected", rows, { select: ["x"], columns: { t: ids() } }, "OPTION", "which is not selected"],
  ["no features", rows, { target: "t", ignore: ["x", "y"] }, "OPTION", "no column is left"],
  ["classes without a target", rows, { classes: true }, "OPTION", "classes goes with a target"],
  ["classes of a list", rows, { target: ["y"], classes: true }, "OPTION", "an array of 1"],
  ["classes false", rows, { target: "t", classes: false }, "OPTION", "classes is false"],
  ["classes twice", rows, { target: "t", classes: ["a", "a"] }, "OPTION", "classes[1]"],
  [
    "a class that is not named",
    rows,
    { target: "t", classes: ["a", "bb"] },
    "LABEL",
    'column "t" in row 1',
    '"b"',
    'Known: "a", "bb"',
  ],
  [
    "a class that is no whole number",
    table(2, number("x", [1, 2]), number("y", [1, 0.5])),
    { target: "y", classes: true },
    "COLUMN",
    "in row 1",
    "is 0.5",
    "whole",
  ],
  [
    "scaled classes",
    rows,
    { target: "t", scaleTarget: minMax() },
    "OPTION",
    'column "t" holds categories',
    'target: ["t"]',
  ],
  [
    "scaled classes, named",
    rows,
    { target: "t", classes: true, scaleTarget: minMax() },
    "OPTION",
    "classes are asked for",
  ],
  ["scaleTarget without", rows, { scaleTarget: minMax() }, "OPTION", "there is no target"],
  [
    "scaleTarget asIs",
    rows,
    { target: "y", scaleTarget: asIs() },
    "OPTION",
    "scaleTarget is an object",
    "standardize(), minMax()",
  ],
  [
    "a target of text",
    rows,
    { target: ["t"] },
    "COLUMN",
    'column "t" in row 0',
    'is "a"',
    "column of numbers",
  ],
  ["numbers by oneHot", rows, { numbers: oneHot() }, "OPTION", "numbers is an object", "asIs()"],
  ["categories by minMax", rows, { categories: minMax() }, "OPTION", "categories is", "oneHot(), ids()"],
  [
    "a maker that is not called",
    rows,
    { numbers: minMax },
    "OPTION",
    "numbers is a function",
    "Call the function",
  ],
  [
    "an encoding of no kind",
    rows,
    { columns: { x: { kind: "log" } } },
    "OPTION",
    'columns: "x" is an object',
  ],
  ["null for one", rows, { columns: { x: null } }, "OPTION", "is null"],
  ["columns in a list", rows, { columns: ["x"] }, "OPTION", "columns is an array of 1"],
  [
    "minMax by hand",
    rows,
    { numbers: { kind: "minMax", low: 2, high: 1 } },
    "OPTION",
    "low is 2 and high is 1",
  ],
  ["more than its options", rows, { numbers: { kind: "asIs", low: 2 } }, "OPTION", 'unknown option "low"'],
  [
    "an unknown way with missing values",
    rows,
    { missing: "mean" },
    "OPTION",
    'missing is "mean"',
    '"impute"',
  ],
  ["no categories allowed", rows, { maxCategories: 0 }, "OPTION", "maxCategories is 0"],
  [
    "too many categories",
    rows,
    { maxCategories: 1 },
    "COLUMN",
    'column "t" has more than 1 categories',
    "id",
    "maxCategories",
  ],
  ["too many classes", rows, { target: "t", maxCategories: 1 }, "COLUMN", "more than 1"],
  [
    "text read as numbers",
    rows,
    { columns: { t: asIs() } },
    "COLUMN",
    'column "t" in row 0 (counted from 0) is "a"',
    "oneHot()",
  ],
  [
    "0x10",
    [{ a: "1" }, { a: "0x10" }],
    { columns: { a: asIs() } },
    "COLUMN",
    'in row 1 (counted from 0) is "0x10"',
  ],
  ["Infinity in text", [{ a: "Infinity" }], { columns: { a: asIs() } }, "COLUMN", '"Infinity"'],
  ["1e999", [{ a: "1e999" }], { columns: { a: asIs() } }, "COLUMN", '"1e999"'],
  ["true as a number", [{ a: true }], { columns: { a: asIs() } }, "COLUMN", "is true", "pass a number"],
  ["an object in a column", [{ a: "x" }, { a: {} }], {}, "COLUMN", 'column "a" in row 1', "is an object"],
  [
    "numbers and text",
    [{ a: 1 }, { a: "x" }],
    {},
    "COLUMN",
    'column "a" in row 1',
    'is "x"',
    "standardize()",
  ],
  [
    "Infinity",
    table(2, number("x", [1, Infinity])),
    {},
    "COLUMN",
    '"x", is Infinity in row 1',
    "a finite number",
  ],
  [
    "−Infinity in a target",
    table(2, number("x", [1, 2]), number("y", [1, -Infinity])),
    { target: "y" },
    "COLUMN",
    '"y", is -Infinity in row 1',
    "a finite number",
  ],
  [
    "a missing number",
    table(2, number("x", [1, null])),
    {},
    "COLUMN",
    'column "x" in row 1 (counted from 0) has no value',
    '"drop"',
    '"impute"',
  ],
  [
    "a missing category",
    table(2, text("t", [null, "a"])),
    {},
    "COLUMN",
    'column "t" in row 0 (counted from 0) has no value',
  ],
  [
    "a missing class",
    table(2, number("x", [1, 2]), text("t", [null, "a"])),
    { target: "t", missing: "impute" },
    "COLUMN",
    'column "t" in row 0',
    "Nothing is put in for a target",
  ],
  [
    "a missing target",
    table(2, number("x", [1, 2]), number("y", [1, null])),
    { target: "y", missing: "impute" },
    "COLUMN",
    'column "y" in row 1',
    "has no value",
  ],
  [
    "an empty column",
    table(2, number("x", [null, null])),
    { missing: "impute" },
    "COLUMN",
    'column "x" has no value in any row',
  ],
  [
    "of categories",
    table(2, text("x", [null, null])),
    { missing: "impute" },
    "COLUMN",
    "no value in any row",
  ],
  [
    "no complete row",
    table(2, number("x", [1, null]), text("t", [null, "a"])),
    { missing: "drop" },
    "EMPTY",
    "in every row a value is missing",
  ],
  [
    "numbers too wide to be scaled",
    table(2, number("x", [-1.7e308, 1.7e308])),
    {},
    "COLUMN",
    "goes from -1.7e+308 to 1.7e+308",
  ],
  ["for minMax too", table(2, number("x", [-1.7e308, 1.7e308])), { numbers: minMax() }, "COLUMN", "too wide"],
])("%s", async (_, given, options, code, ...pieces) => {
  await refuses(() => preprocess(given, options), code, ...pieces);
  if (typeof given === "object" && given !== null && "columns" in given)
    await refuses(
      () => preprocessStream([given], options),
      code,
      ...pieces.map((p: string) => p.replace(/^preprocess: /, "")),
    );
});

it.each<[string, () => unknown, ...string[]]>([
  ["minMax by numbers", () => minMax(0 as Any), "got 0"],
  ["minMax: an unknown option", () => minMax({ min: 0 } as Any), 'unknown option "min"'],
  ["minMax: NaN", () => minMax({ low: Number.NaN }), "low is NaN"],
  ["minMax: text", () => minMax({ high: "1" } as Any), 'high is "1"'],
  ["minMax: low at high", () => minMax({ low: 1 }), "low is 1 and high is 1"],
  ["oneHot: drop", () => oneHot({ unknown: "drop" } as Any), 'unknown is "drop"', '"zeros"'],
  ["oneHot: an unknown option", () => oneHot({ unknowns: "zeros" } as Any), "mean unknown?"],
])("%s", async (_, call, ...pieces) => {
  await refuses(call, "OPTION", ...pieces);
});

it("so many categories as maxCategories are taken, in a stream too", async () => {
  const named = (from: number, n: number) =>
    table(
      n,
      text(
        "t",
        Array.from({ length: n }, (_, i) => `n${from + i}`),
      ),
    );
  expect(preprocess(named(0, 1000)).features).toBe(1000);
  await refuses(() => preprocess(named(0, 1001)), "COLUMN", "more than 1000");
  await refuses(() => preprocessStream([named(0, 600), named(600, 401)]), "COLUMN", "more than 1000");
  expect(preprocess(named(0, 1001), { maxCategories: 1001 }).features).toBe(1001);
});
