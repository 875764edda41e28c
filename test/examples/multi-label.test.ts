// examples/05-multi-label: its metrics against the definitions, over what it predicted; what weights and thresholds change; and
// what it prints.

import { describe, expect, it } from "vitest";
import { messages, TAGS } from "../../examples/05-multi-label/messages.ts";
import { reportLines } from "../../examples/05-multi-label/report.ts";
import { f1, run } from "../../examples/05-multi-label/run.ts";
import { ofLabels } from "../oracle/metrics.ts";
import { expectReadable, runExample } from "../support/example.ts";
import { metricBound } from "../support/metric-bounds.ts";

const result = await run();
const { plain, weighted, probabilities, truth, thresholds, chosen } = result;
const TAG = TAGS.map((_, tag) => tag);
const rows = Array.from({ length: truth.length / TAGS.length }, (_, row) => ({
  z: probabilities.subarray(row * TAGS.length, (row + 1) * TAGS.length),
  target: truth.subarray(row * TAGS.length, (row + 1) * TAGS.length),
  weight: 1,
}));
const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

describe("the numbers", () => {
  const exact = ofLabels(rows, TAGS.length, 0.5);

  it.each(["precision", "recall", "f1", "f1Micro"] as const)("%s", (name) => {
    const value = exact[name] as number;
    const bound = metricBound(name, value, truth.length, 1);
    expect(Math.abs(plain.metrics[name] - value)).toBeLessThanOrEqual(bound);
  });

  it("rocAuc, but for logits that are level as probabilities", () => {
    const level = TAG.map((tag) => {
      const [yes, no] = [1, 0].map((t) => rows.filter(({ target }) => target[tag] === t)) as [
        typeof rows,
        typeof rows,
      ];
      const ties = yes.flatMap((a) => no.filter((b) => a.z[tag] === b.z[tag]));
      return ties.length / 2 / (yes.length * no.length);
    });
    const value = exact.rocAuc as number;
    const bound = mean(level) + metricBound("rocAuc", value, truth.length, 1);
    expect(bound).toBeLessThan(2 ** -10);
    expect(Math.abs(plain.metrics.rocAuc - value)).toBeLessThanOrEqual(bound);
  });

  it("f1 of each tag; their mean is the metric", () => {
    for (const tag of TAG) {
      const one = rows.map(({ z, target }) => ({
        z: [z[tag] as number],
        target: [target[tag] as number],
        weight: 1,
      }));
      const bound = metricBound("f1", 1, rows.length, 1);
      expect(Math.abs((plain.f1[tag] as number) - (ofLabels(one, 1, 0.5).f1 as number))).toBeLessThan(bound);
      expect(chosen[tag]).toBe(f1(probabilities, truth, tag, thresholds[tag] as number));
    }
    expect(Math.abs(mean(plain.f1) - plain.metrics.f1)).toBeLessThan(metricBound("f1", 1, truth.length, 1));
  });

  it("posWeight is noes for each yes of the training rows", () => {
    const { y, rows: count } = messages(3000, 1);
    const yes = TAG.map((tag) => Array.from(y).filter((v, at) => at % TAGS.length === tag && v === 1).length);
    expect(result.posWeight).toEqual(yes.map((n) => (count - n) / n));
  });
});

describe("what weights and thresholds do", () => {
  it("posWeight finds more and is right less often", () => {
    expect(weighted.metrics.recall).toBeGreaterThan(plain.metrics.recall + 0.2);
    expect(weighted.metrics.precision).toBeLessThan(plain.metrics.precision - 0.1);
  });

  it("thresholds of the validation rows raise f1 on others, most where a tag is rare", () => {
    expect(mean(chosen)).toBeGreaterThan(plain.metrics.f1 + 0.05);
    for (const [tag, { share }] of TAGS.entries()) {
      if (share < 0.2) expect(chosen[tag]).toBeGreaterThan(plain.f1[tag] as number);
      if (share < 0.2) expect(thresholds[tag]).toBeLessThan(0.5);
    }
  });

  it("the order of probabilities is hardly changed", () => {
    expect(Math.abs(weighted.metrics.rocAuc - plain.metrics.rocAuc)).toBeLessThan(0.02);
    expect(plain.metrics.rocAuc).toBeGreaterThan(0.85);
  });
});

it("prints that", () => {
  const lines = expectReadable((paint) => reportLines(result, paint));
  const text = lines.join("\n");
  for (const { metrics } of [plain, weighted]) {
    for (const value of Object.values(metrics)) expect(text).toContain(value.toFixed(4));
  }
  expect(runExample("05-multi-label")).toEqual({ status: 0, stderr: "", stdout: `${text}\n` });
});
