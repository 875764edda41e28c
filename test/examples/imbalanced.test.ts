// examples/06-imbalanced: its numbers against the confusion matrices, the split, what inspect says, what weights change, and what
// it prints.

import { describe, expect, it } from "vitest";
import { payments } from "../../examples/06-imbalanced/payments.ts";
import { reportLines } from "../../examples/06-imbalanced/report.ts";
import { run } from "../../examples/06-imbalanced/run.ts";
import { expectReadable, runExample } from "../support/example.ts";

const result = await run();
const { plain, weighted, never, counts } = result;

describe("the numbers", () => {
  it.each([
    ["plain", plain],
    ["weighted", weighted],
  ] as const)("%s: those of its confusion matrix", (_, outcome) => {
    const { accuracy, balanced, precision, recall, confusion } = outcome;
    const [[a, b], [c, d]] = confusion.counts as [[number, number], [number, number]];
    expect(confusion.names).toEqual(["genuine", "fraud"]);
    expect([a + b, c + d]).toEqual(counts.test);
    expect(accuracy).toBe((a + d) / (a + b + c + d));
    expect(precision).toBe(d / (b + d));
    expect(recall).toBe(d / (c + d));
    // a division, a sum and a half, each rounded
    expect(Math.abs(balanced - (a / (a + b) + d / (c + d)) / 2)).toBeLessThanOrEqual(4 * 2 ** -53);
  });

  it("weights make both classes weigh the same", () => {
    const [genuine = 0, fraud = 0] = counts.train;
    expect(result.weight).toEqual([(genuine + fraud) / (2 * genuine), (genuine + fraud) / (2 * fraud)]);
  });

  it("the split keeps the share of fraud, and every row", () => {
    const { y, rows } = payments(6000, 1);
    const fraud = y.filter((id) => id === 1).length;
    expect((counts.train[1] ?? 0) + (counts.validation[1] ?? 0)).toBe(fraud);
    expect((counts.train[0] ?? 0) + (counts.validation[0] ?? 0)).toBe(rows - fraud);
    expect(Math.abs((counts.validation[1] ?? 0) - fraud / 4)).toBeLessThan(1);
    expect(rows / fraud).toBeGreaterThan(25);
  });
});

describe("why accuracy says little", () => {
  it("who never says fraud is nearly as accurate as the model, and more than the one that finds twice as much", () => {
    expect(plain.accuracy - never).toBeLessThan(0.015);
    expect(weighted.accuracy).toBeLessThan(never - 0.03);
    expect(weighted.recall).toBeGreaterThan(1.5 * plain.recall);
    expect(weighted.balanced).toBeGreaterThan(plain.balanced + 0.1);
    for (const { rocAuc } of [plain, weighted]) expect(rocAuc).toBeGreaterThan(0.9);
  });

  it("inspect warns of scale before and of imbalance before and after", () => {
    const warnings = (text: string) => text.match(/warning/g);
    expect(warnings(result.before)).toHaveLength(2);
    expect(result.before).toContain("far from the scale");
    expect(warnings(result.after)).toHaveLength(1);
    for (const text of [result.before, result.after])
      expect(text).toContain(`"genuine" has ${counts.train[0]} rows, "fraud" ${counts.train[1]}`);
  });
});

it("prints that", () => {
  const lines = expectReadable((paint) => reportLines(result, paint));
  const text = lines.join("\n");
  for (const { accuracy, recall, rocAuc, confusion } of [plain, weighted]) {
    for (const value of [accuracy, recall, rocAuc]) expect(text).toContain(value.toFixed(4));
    for (const count of confusion.counts.flat()) expect(text).toContain(` ${count}`);
  }
  expect(runExample("06-imbalanced")).toEqual({ status: 0, stderr: "", stdout: `${text}\n` });
});
