// The table of conformance as text: what is recorded is read back, and a figure that gets worse is told.

import { describe, expect, it } from "vitest";
import type { Table } from "../../tools/conformance/measure.ts";
import { BEGIN, compare, END, figure, measured, parse, render } from "../../tools/conformance/record.ts";

const PAGE = `# Numerics\n\nbefore\n\n${BEGIN}\n${END}\n\nafter\n`;
const table = (exp: number, forward: Record<string, number>): Table[] => [
  {
    title: "Functions",
    columns: ["error"],
    lines: [{ subject: "exp", errors: { error: { simd: exp, debug: exp } } }],
  },
  {
    title: "Activations",
    columns: ["forward", "backward"],
    lines: [
      { subject: "relu, x", errors: { forward, backward: { simd: 0, debug: 0 } } },
      { subject: "tanh", errors: { forward: { simd: 1.5, debug: 1.5 } } },
    ],
  },
];
const MEASURED = table(0.92284, { simd: 1.23456, debug: Number.POSITIVE_INFINITY });

describe("figures", () => {
  it.each([
    [0, "0"],
    [0.92284, "0.923"],
    [0.923, "0.923"],
    [1.2301, "1.24"],
    [99.95, "100"],
    [12345, "12400"],
    [0.00001234, "0.0000124"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("%f is recorded as %s: three digits, never smaller than what was measured", (error, text) => {
    expect(figure(error)).toBe(text);
    if (Number.isFinite(error)) expect(Number(text)).toBeGreaterThanOrEqual(error);
  });
});

describe("a page", () => {
  const page = render(PAGE, MEASURED);

  it("keeps what stands around the table, and is the same when rendered again", () => {
    expect(page.startsWith("# Numerics\n\nbefore\n\n")).toBe(true);
    expect(page.endsWith(`${END}\n\nafter\n`)).toBe(true);
    expect(render(page, MEASURED)).toBe(page);
  });

  it("has the first build's figure, and names the builds that have another", () => {
    expect(page).toContain("| exp | 0.923 |");
    expect(page).toContain("| relu, x | 1.24, debug ∞ | 0 |");
    expect(page).toContain("| tanh | 1.5 |  |");
  });

  it("is read back", () => {
    expect([...parse(page)]).toEqual([
      ["Functions/exp/error/*", 0.923],
      ["Activations/relu, x/forward/*", 1.24],
      ["Activations/relu, x/forward/debug", Number.POSITIVE_INFINITY],
      ["Activations/relu, x/backward/*", 0],
      ["Activations/tanh/forward/*", 1.5],
    ]);
  });

  it("without its marks is refused", () => {
    expect(() => parse("nothing")).toThrow("lacks the marks");
    expect(() => render(`${END}${BEGIN}`, MEASURED)).toThrow("lacks the marks");
  });
});

describe("compare", () => {
  const recorded = parse(render(PAGE, MEASURED));

  it("finds nothing when all is as recorded", () => {
    const { worse, better, lines } = compare(MEASURED, recorded);
    expect([worse, better]).toEqual([[], 0]);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("tells what is worse by its place and build, and counts what is better", () => {
    const { worse, better } = compare(table(0.9231, { simd: 1.1, debug: 2 }), recorded);
    expect(worse).toEqual([
      "Functions/exp/error, simd: 0.924, recorded 0.923",
      "Functions/exp/error, debug: 0.924, recorded 0.923",
    ]);
    expect(better).toBe(2);
  });

  it("an error that is no number is worse than any", () => {
    const { worse } = compare(table(Number.NaN, { simd: 1, debug: 1 }), recorded);
    expect(worse).toHaveLength(2);
  });

  it("tells of subjects that are not recorded, and of records that are not measured", () => {
    const [functions] = MEASURED as [Table, Table];
    const { worse } = compare([{ ...functions, title: "Other" }], recorded);
    expect(worse.filter((line) => line.includes("nothing recorded"))).toHaveLength(2);
    expect(worse.filter((line) => line.includes("no longer measured"))).toHaveLength(5);
  });

  it("leaves out of what is recorded the tables and builds that are not measured, and no more", () => {
    const published: Table[] = [
      {
        title: "Activations",
        columns: ["forward"],
        lines: [{ subject: "tanh", errors: { forward: { simd: 1.5 } } }],
      },
    ];
    expect([...measured(recorded, published).keys()]).toEqual([
      "Activations/relu, x/forward/*",
      "Activations/relu, x/backward/*",
      "Activations/tanh/forward/*",
    ]);
    expect(compare(published, measured(recorded, published)).worse).toHaveLength(2);
  });
});
