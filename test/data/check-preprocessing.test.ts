// preprocessingOf: what was made comes back from JSON with the same features in every bit; what is damaged is refused, whatever it is.

import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { asIs, ids, minMax, oneHot, preprocess, preprocessingOf, standardize } from "../../src/data.ts";
import { refuses } from "../support/errors.ts";
import fc from "../support/property.ts";
import type { Any } from "../support/refusals.ts";
import { number, table, text } from "../support/tables.ts";

const rows = table(
  5,
  number("a", [1 / 3, -7, 1e-9, null, -0]),
  number("b", [1e6, 2e6, 3, 4, 5]),
  text("c", ["x", "ß\u{1f600}", null, "x", "__proto__"]),
  text("d", ["2", "1", "2", "3", "1"]),
  number("e", [0.1, 0.2, 0.3, 0.7, 1.1]),
  text("f", ["k", "l", "k", "l", "k"]),
);
const made = [
  preprocess(rows, { target: "f", missing: "impute", columns: { b: minMax({ low: -0 }), c: ids() } }),
  preprocess(rows, { target: ["e", "b"], missing: "drop", scaleTarget: standardize(), numbers: asIs() }),
  preprocess(rows, { missing: "impute", categories: oneHot({ unknown: "zeros" }) }),
];
const plain = made.map(({ spec }) => JSON.parse(JSON.stringify(spec)) as Any);

describe("what was made", () => {
  it.each(made.map((each, i) => [i, each] as const))("comes back from JSON: %i", (i, before) => {
    const after = preprocessingOf(plain[i]);
    expect(after.spec).toEqual(before.spec);
    expect(JSON.stringify(after.spec)).toBe(JSON.stringify(before.spec));
    expect([after.features, after.names, after.outputs, after.classes]).toEqual([
      before.features,
      before.names,
      before.outputs,
      before.classes,
    ]);
    const good =
      i === 1 ? table(1, ...rows.columns.map((c) => ({ ...c, values: c.values.slice(1, 2) }) as Any)) : rows;
    // toEqual tells −0 from 0
    expect(after.transform(good)).toEqual(before.transform(good));
    if (i < 2) {
      expect(after.dataset(rows).x).toEqual(before.dataset(rows).x);
      expect(after.dataset(rows).y).toEqual(before.dataset(rows).y);
    }
    const outputs = Float32Array.of(0.1, -2, 3e-8, 4);
    expect(after.restore(outputs.slice())).toEqual(before.restore(outputs.slice()));
  });

  it("of features drawn by lot, in every bit", () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e30, max: 1e30 });
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 20 }), fc.boolean(), (values, wide) => {
        const some = table(values.length, number("v", values));
        const before = preprocess(some, { numbers: wide ? minMax({ low: -3 }) : standardize() });
        const after = preprocessingOf(JSON.parse(JSON.stringify(before.spec)));
        const bits = (f: typeof before) =>
          Array.from(new Uint32Array((f.transform(some).x as Float32Array).buffer));
        expect(bits(after)).toEqual(bits(before));
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  it("does not depend on the order of fields, nor on what the caller does with the spec later", () => {
    const reversed = (value: Any): Any =>
      typeof value !== "object" || value === null
        ? value
        : Array.isArray(value)
          ? value.map(reversed)
          : Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([k, v]) => [k, reversed(v)]),
            );
    const mine = reversed(plain[0]);
    const after = preprocessingOf(mine);
    mine.columns[0].scale = 77;
    mine.target.classes.push("m");
    expect(JSON.stringify(after.spec)).toBe(JSON.stringify(plain[0]));
  });
});

describe("what is damaged", () => {
  const numeric = { kind: "number", name: "n", center: 1, scale: 2, offset: 0 };
  const hot = { kind: "oneHot", name: "h", categories: ["a", "b"], unknown: "error" };
  const one = (column: Any) => ({ columns: [column] });
  const target = (of: Any) => ({ columns: [numeric], target: of });
  it.each<[string, unknown, ...string[]]>([
    ["nothing", undefined, "the preprocessing is undefined"],
    ["null", null, "is null"],
    ["text", "{}", 'is "{}"'],
    ["an array", [], "is an array of 0, expected an object"],
    ["no columns", {}, "columns is undefined, expected an array"],
    ["columns that are none", { columns: {} }, "columns is an object"],
    ["an empty list", { columns: [] }, "columns is empty"],
    ["a hole", { columns: new Array(1) }, "columns[0] is undefined"],
    ["more columns than there can be", { columns: { length: 2 ** 23 } }, "columns is an object"],
    [
      "a list too long",
      { columns: new Array(2 ** 22 + 1) },
      "columns is an array of 4194305, expected at most",
    ],
    ["an unknown field", { ...one(numeric), more: 1 }, 'the preprocessing has the unknown field "more"'],
    ["of __proto__", JSON.parse('{"__proto__":{"columns":[]},"columns":[]}'), 'unknown field "__proto__"'],
    ["columns that are inherited", Object.create(one(numeric)), "columns is undefined"],
    ["drop that is no word", { ...one(numeric), drop: false }, "drop is false"],
    ["no kind", one({ ...numeric, kind: undefined }), "columns[0].kind is undefined"],
    ["another kind", one({ ...numeric, kind: "constructor" }), 'columns[0].kind is "constructor"'],
    ["no name", one({ ...numeric, name: undefined }), "columns[0].name is undefined"],
    ["a name that is a number", one({ ...numeric, name: 1 }), "columns[0].name is 1"],
    [
      "two of a name",
      { columns: [numeric, { ...hot, name: "n" }] },
      'columns[1].name is "n"',
      "another column",
    ],
    ["one as the target", target({ kind: "classes", name: "n", classes: ["a"] }), 'target.name is "n"'],
    ["center text", one({ ...numeric, center: "1" }), 'columns[0].center is "1", expected a finite number'],
    ["center NaN", one({ ...numeric, center: Number.NaN }), "center is NaN"],
    ["center null, as JSON has NaN", one({ ...numeric, center: null }), "center is null"],
    ["scale 0", one({ ...numeric, scale: 0 }), "columns[0].scale is 0"],
    ["scale −0", one({ ...numeric, scale: -0 }), "scale is 0"],
    ["scale infinite", one({ ...numeric, scale: Infinity }), "scale is Infinity"],
    ["offset missing", one({ ...numeric, offset: undefined }), "offset is undefined"],
    ["fill text", one({ ...numeric, fill: "1" }), 'columns[0].fill is "1"'],
    ["fill infinite", one({ ...numeric, fill: -Infinity }), "fill is -Infinity"],
    ["a number with categories", one({ ...numeric, categories: [] }), 'unknown field "categories"'],
    ["categories with a scale", one({ ...hot, scale: 1 }), 'unknown field "scale"'],
    ["no categories", one({ ...hot, categories: [] }), "columns[0].categories is empty"],
    ["a category twice", one({ ...hot, categories: ["a", "b", "a"] }), 'categories[2] is "a"'],
    ["an empty one", one({ ...hot, categories: ["a", ""] }), 'categories[1] is ""'],
    ["one that is a number", one({ ...hot, categories: [1] }), "categories[0] is 1"],
    ["text for a list", one({ ...hot, categories: "ab" }), 'categories is "ab"'],
    ["a fill that is none of them", one({ ...hot, fill: "c" }), 'columns[0].fill is "c"'],
    ["a fill that is a place", one({ ...hot, fill: 0 }), "fill is 0"],
    ["unknown missing", one({ ...hot, unknown: undefined }), "unknown is undefined", '"error" or "zeros"'],
    ["zeros of ids", one({ ...hot, kind: "ids", unknown: "zeros" }), 'unknown is "zeros", expected "error"'],
    ["a target that is none", target(null), "target is null"],
    ["of no kind", target({ kind: "text" }), 'target.kind is "text"'],
    ["classes that are none", target({ kind: "classes", name: "t", classes: [] }), "target.classes is empty"],
    [
      "a class twice",
      target({ kind: "classes", name: "t", classes: ["a", "a"] }),
      'target.classes[1] is "a"',
    ],
    ["no numbers", target({ kind: "numbers", columns: [] }), "target.columns is empty"],
    [
      "numbers by oneHot",
      target({ kind: "numbers", columns: [hot] }),
      "target.columns[0] has the unknown field",
    ],
    [
      "numbers that are filled in",
      target({ kind: "numbers", columns: [{ ...numeric, name: "t", fill: 1 }] }),
      'unknown field "fill"',
    ],
    [
      "a target with more",
      target({ kind: "numbers", columns: [{ ...numeric, name: "t" }], name: "t" }),
      'unknown field "name"',
    ],
  ])("%s", async (_, spec, ...pieces) => {
    await refuses(() => preprocessingOf(spec), "PREPROCESSING", "preprocessingOf: ", ...pieces);
  });

  /** All places in a value, as paths. */
  function paths(value: Any, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
    if (typeof value !== "object" || value === null) return [at];
    return [at, ...Object.keys(value).flatMap((key) => paths(value[key], [...at, key]))];
  }

  it("by mutation: it is refused, or gives what its own JSON gives; prototypes stay as they are", () => {
    const odd = fc.oneof(
      fc.double(),
      fc.string(),
      fc.constantFrom<unknown>(
        null,
        undefined,
        true,
        0,
        -0,
        -1,
        1e308,
        Number.NaN,
        Infinity,
        "",
        "__proto__",
        "oneHot",
        "ids",
        "number",
        "zeros",
      ),
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withNullPrototype: true,
        withSparseArray: true,
        withTypedArray: true,
        maxDepth: 2,
      }),
    );
    const mutation = fc.record({
      which: fc.nat(2),
      at: fc.nat(),
      value: odd,
      how: fc.constantFrom("put", "delete", "add"),
    });
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    let [taken, refused] = [0, 0];
    const check = fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (list) => {
      const spec = structuredClone(plain[(list[0] as Any).which]);
      for (const { at, value, how } of list) {
        const all = paths(spec).filter((path) => path.length > 0);
        const path = all[at % Math.max(1, all.length)] ?? ["columns"];
        let holder = spec;
        for (const key of path.slice(0, -1)) holder = holder[key];
        const key = how === "add" ? `${path.at(-1)}2` : (path.at(-1) as string);
        // a typed array among the odd values refuses both
        if (how === "delete") Reflect.deleteProperty(holder, key);
        else
          Reflect.defineProperty(holder, key, {
            value,
            writable: true,
            enumerable: true,
            configurable: true,
          });
      }
      try {
        const made = preprocessingOf(spec);
        taken++;
        expect(preprocessingOf(JSON.parse(JSON.stringify(made.spec))).spec).toEqual(made.spec);
        expect(new Set(made.spec.columns.map(({ name }) => name)).size).toBe(made.spec.columns.length);
      } catch (error) {
        if (!(error instanceof XentError)) throw error;
        expect(error.code).toBe("PREPROCESSING");
        refused++;
      }
    });
    fc.assert(check, { numRuns: 5000, seed: 11 });
    expect(taken).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(2000);
    expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
  });
});
