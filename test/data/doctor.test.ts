// inspect: what it says of data made to have one thing odd, and nothing of data that have none.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { inspect, warningOf } from "../../src/data/doctor.ts";
import { hurts } from "../../src/data/figures.ts";
import { floats, integers } from "../oracle/data.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const [ROWS, FEATURES] = [200, 4] as const;
const y = integers(1, ROWS, 0, 2);
/** Good numbers, after a change. */
function x(change: (row: Float32Array, i: number) => void = () => {}): Float32Array {
  const all = floats(2, ROWS * FEATURES);
  for (let i = 0; i < ROWS; i++) change(all.subarray(i * FEATURES, (i + 1) * FEATURES), i);
  return all;
}
const of = (options: Any): ReturnType<typeof inspect> =>
  inspect(dataset({ x: x(), y, features: FEATURES, ...options }));
const only = (inspection: ReturnType<typeof inspect>) => {
  expect(
    inspection.findings.map(({ kind }) => kind),
    inspection.text,
  ).toHaveLength(1);
  return inspection.findings[0];
};

describe("nothing", () => {
  it.each([
    ["numbers of about one", {}],
    [
      "numbers up to ten, and a rare flag",
      { x: x((row, i) => row.set([10 * (row[0] as number), Number(i === 3)])) },
    ],
    ["bytes", { x: Uint8Array.from(integers(3, ROWS * FEATURES, 0, 255)) }],
    ["a regression", { y: floats(4, ROWS, -50, 50) }],
    ["probabilities", { y: floats(4, ROWS * 3, 0, 1) }],
    ["a yes or no as numbers", { y: Float32Array.from(y, (id) => Number(id > 1)) }],
    ["names", { y: Array.from(y, (id) => "abc"[id] as string) }],
  ] as [string, Any][])("is said of %s", (_, options) => {
    const { findings, text, rows, features, sampledRows } = of(options);
    expect(findings, text).toEqual([]);
    expect([rows, features, sampledRows]).toEqual([ROWS, FEATURES, ROWS]);
    expect(text).toMatch(/^200 rows of 4 (numbers|bytes)\.\nNothing odd was found\.$/);
  });
});

describe("columns", () => {
  it("far above the scale", () => {
    const found = only(
      of({ x: x((row) => row.set([300 * (row[0] as number), row[1] as number, 1e6 + (row[2] as number)])) }),
    );
    expect(found).toMatchObject({ kind: "unscaled", severity: "warning", columns: [0, 2] });
    expect(found?.message).toMatch(/^2 of 4 columns are far/);
    expect(found?.message).toContain("1000000)");
    expect(found?.message).toContain("standard deviation");
  });

  it("all of them: said at once", () => {
    const found = only(of({ x: x().map((v) => 255 * (v + 1)) }));
    expect(found).toMatchObject({ kind: "unscaled", columns: [0, 1, 2, 3] });
    expect(found?.message).toContain("All columns are far from");
  });

  it("of bytes that are not scaled", () => {
    const found = only(of({ x: Uint8Array.from(integers(3, ROWS * FEATURES, 0, 255)), scale: 1 }));
    expect(found).toMatchObject({ kind: "unscaled" });
    expect(found?.message).toContain("Leave scale out");
  });

  it("too small to count", () => {
    const found = only(of({ x: x((row) => row.set([1e-4 * (row[0] as number)])) }));
    expect(found).toMatchObject({ kind: "unscaled", severity: "warning", columns: [0] });
    expect(found?.message).toContain("less than 1/1000 of the size of others");
  });

  it("that are constant, in one finding with examples: a picture's border is no alarm", () => {
    const bytes = Uint8Array.from(integers(3, ROWS * 100, 1, 255)).map((v, at) => (at % 100 < 60 ? 0 : v));
    const found = only(of({ x: bytes, features: 100 }));
    expect(found).toMatchObject({
      kind: "constant",
      severity: "note",
      columns: Array.from({ length: 60 }, (_, j) => j),
    });
    expect(found?.message).toContain("0, 1, 2, 3, 4 and 55 more");
  });

  it("that repeat others", () => {
    const found = only(of({ x: x((row) => row.set([row[1] as number], 3)) }));
    expect(found).toMatchObject({ kind: "duplicateColumns", severity: "note", columns: [3] });
    expect(found?.message).toContain("1 column is a copy of another: 3 (of 1)");
  });

  it("that differ in one row only are no copies", () => {
    expect(of({ x: x((row, i) => row.set([(row[1] as number) + Number(i === 150)], 3)) }).findings).toEqual(
      [],
    );
  });
});

describe("rows", () => {
  it("that repeat others", () => {
    const all = x();
    all.copyWithin(40, 0, 12);
    const found = only(of({ x: all }));
    expect(found).toMatchObject({ kind: "duplicateRows", severity: "note" });
    expect(found?.message).toContain("3 rows are copies of an earlier one");
  });
});

describe("classes", () => {
  const counts = (...rows: number[]): Int32Array =>
    Int32Array.from(rows.flatMap((n, id) => Array<number>(n).fill(id)));
  it.each([
    ["oneClass", "warning", counts(0, 200), "Every row is of class 1", 2],
    ["imbalance", "warning", counts(184, 16), "class 0 has 184 rows, class 1 16", 1],
    [
      "manyClasses",
      "warning",
      counts(...Array<number>(100).fill(2)),
      "100 classes have 200 rows together",
      1,
    ],
    ["absentClass", "note", counts(100, 0, 100), "No row is of class 1.", 1],
  ] as [string, string, Int32Array, string, number][])("%s", (kind, severity, ids, words, findings) => {
    const { findings: all, text } = of({ y: ids });
    expect(all.length, text).toBe(findings);
    expect(all[0]).toMatchObject({ kind, severity });
    expect(all[0]?.message).toContain(words);
  });

  it("in balance up to 10 to 1", () => {
    expect(of({ x: x().slice(0, 198 * 4), y: counts(180, 18) }).findings).toEqual([]);
  });

  it("rare ones, by their names", () => {
    const names = Array.from({ length: ROWS }, (_, i) => (i < 100 ? "cat" : i < 195 ? "dog" : "eel"));
    const { findings } = of({ y: names, classes: ["cat", "dog", "eel", "fox"] });
    expect(findings.map(({ kind }) => kind)).toEqual(["imbalance", "rareClass", "absentClass"]);
    expect(findings.map(({ message }) => message).join()).toMatch(
      /"cat" has 100 rows, "eel" 5.*"eel" \(5\).*"fox"/,
    );
  });

  it("rows that a loss ignores are of no class", () => {
    expect(of({ y: y.map((id, i) => (i % 9 ? id : -100)) }).findings).toEqual([]);
  });
});

describe("targets", () => {
  it.each([
    ["targetScale", "warning", floats(5, ROWS, 1e5, 2e5), "far from 0", [0]],
    [
      "constantTarget",
      "note",
      floats(5, 2 * ROWS).map((v, at) => (at % 2 ? 0.5 : v)),
      "same in every row: column 1",
      [1],
    ],
    ["idsAsNumbers", "note", Float32Array.from(y), "3 different integers", undefined],
  ] as [string, string, Float32Array, string, number[] | undefined][])(
    "%s",
    (kind, severity, values, words, columns) => {
      const found = only(of({ y: values }));
      expect(found).toMatchObject({ kind, severity, ...(columns ? { columns } : {}) });
      expect(found?.message).toContain(words);
    },
  );
});

describe("raw data", () => {
  it("NaN and infinities are counted by column, and do not spoil other figures", () => {
    const bad = x((row, i) => {
      if (i % 50 === 7) row[1] = Number.NaN;
      if (i === 9) row.set([Number.POSITIVE_INFINITY, 0, 0, Number.NaN]);
    });
    const before = bad.slice();
    const inspection = inspect({ x: bad, y, features: FEATURES });
    expect(bad).toEqual(before);
    expect(only(inspection)).toMatchObject({ kind: "notFinite", severity: "warning", columns: [0, 1, 3] });
    expect(inspection.findings[0]?.message).toContain(
      "6 values of x are NaN, infinite or no number, in columns 0 (1), 1 (4), 3 (1)",
    );
  });

  it("holes, text and null in rows", () => {
    const rows: Any = Array.from({ length: 20 }, (_, i) => [i / 20, (i % 7) / 7]);
    rows[3][1] = null;
    rows[4][0] = "1";
    rows[5] = new Float64Array([1e300, 0.123]);
    const { findings } = inspect({ x: rows });
    expect(findings[0]).toMatchObject({ kind: "notFinite", columns: [0, 1] });
    expect(findings[0]?.message).toContain("3 values");
    expect(findings.length).toBe(1);
  });

  it("targets that are missing", () => {
    const values = floats(4, ROWS);
    values[3] = Number.NaN;
    const names: Any = Array.from(y, (id) => "abc"[id]);
    names[7] = null;
    names[8] = "";
    for (const [targets, n] of [
      [values, "1 target is"],
      [names, "2 targets are"],
    ] as const) {
      const found = only(inspect({ x: x(), y: targets, features: FEATURES }));
      expect(found).toMatchObject({ kind: "notFinite", severity: "warning" });
      expect(found?.message).toContain(n);
    }
  });

  it("is judged as a data set is; y may be left out", () => {
    const large = x().map((v) => 1000 * v);
    const set = inspect(dataset({ x: large, y, features: FEATURES }));
    expect(inspect({ x: large, y, features: FEATURES })).toEqual(set);
    expect(inspect({ x: large, features: FEATURES })).toEqual(set);
  });

  it.each([
    ["nothing", undefined, "OPTION", "inspect: got undefined"],
    ["another name", { x: x(), features: 4, weights: [1] }, "OPTION", '"weights"'],
    ["no x", { y }, "OPTION", "inspect: x is undefined"],
    ["flat numbers without features", { x: x() }, "OPTION", "features is undefined"],
    ["a row too short", { x: [[1, 2], [3]] }, "SHAPE", "row 1"],
    ["too few targets", { x: x(), y: [1, 2], features: 4 }, "SHAPE", "y has 2 labels"],
    ["no rows", { x: [] }, "EMPTY", "x has no rows"],
  ] as [string, Any, Any, ...string[]][])("refuses %s", async (_, data, code, ...pieces) => {
    await refuses(() => inspect(data), code, ...pieces);
  });
});

describe("the whole", () => {
  it("has warnings first, in lines of at most 80 characters", () => {
    const all = x((row, i) => row.set([1e6 * i, 7, 7]));
    const { findings, text } = of({ x: all, y: Int32Array.from(y, (id) => Number(id > 1) * 0) });
    expect(findings.map(({ severity }) => severity)).toEqual(["warning", "warning", "note"]);
    const lines = text.split("\n");
    for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => /^(warning:|note:)/.test(line)).length).toBe(3);
    const words = (s: string): string => s.replace(/\s+/g, " ");
    for (const { severity, message } of findings) expect(words(text)).toContain(`${severity}: ${message}`);
  });

  it("of much data looks at evenly spaced rows, and says so", () => {
    const features = 2048;
    const bytes = new Uint8Array(5000 * features);
    for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 2654435761) >>> 24;
    // row 1 is skipped: what would be seen there is not
    const { sampledRows, text } = inspect(dataset({ x: bytes, y: integers(1, 5000, 0, 1), features }));
    expect(sampledRows).toBe(1667);
    expect(text).toContain("5000 rows of 2048 bytes, 1667 rows looked at.");
  });

  it("a constant in the rows looked at is not called one that has another value elsewhere", () => {
    const features = 2048;
    const bytes = Uint8Array.from({ length: 5000 * features }, (_, at) => (at * 2654435761) >>> 24);
    for (let i = 0; i < 5000; i++) bytes[i * features] = Number(i === 1);
    const { findings } = inspect(dataset({ x: bytes, y: integers(1, 5000, 0, 1), features }));
    expect(findings.filter(({ kind }) => kind === "constant")).toEqual([]);
  });
});

describe("what fit is told", () => {
  const set = (options: Any = {}): Any => dataset({ x: x(), y, features: FEATURES, ...options });
  const said = (data: Any): string => (hurts(data) ? warningOf(data) : "");
  it("of what hurts training", () => {
    const data = set({ x: x().map((v) => 500 * v) });
    expect(said(data)).toMatch(/^fit: All columns are far from .* inspect\(data\) says more/);
    expect(said(set({ y: new Int32Array(ROWS) }))).toContain("Every row is of class 0");
    expect(said(set({ y: floats(5, ROWS, 1e5, 2e5) }))).toContain("Targets are far from 0");
  });

  it("nothing of what does not", () => {
    expect(hurts(set())).toBe(false);
    expect(hurts(set({ x: x((row) => row.set([7, 7])) }))).toBe(false);
    expect(hurts(set({ y: Int32Array.from(y, (_, i) => Number(i === 0)) }))).toBe(false);
  });
});
