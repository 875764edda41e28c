// examples/08-custom-loss: its gradient is checked and a wrong one found, its bands hold what they should, and what it prints.

import { describe, expect, it } from "vitest";
import { reportLines } from "../../examples/08-custom-loss/report.ts";
import { INSIDE, pinball, QUANTILES, run } from "../../examples/08-custom-loss/run.ts";
import { expectReadable, runExample } from "../support/example.ts";

const result = await run();
const { check, mistake, quantiles, mean, truth, rows } = result;

describe("the loss", () => {
  it("is the pinball loss", () => {
    if (pinball.kind !== "custom") throw new Error("of another kind");
    const row = (...values: number[]) => Float64Array.from(values);
    const gradient = new Float64Array(3);
    // d = 2, −1 and 0: 0.1·2 + 0.5·1 + 0
    expect(pinball.loss(row(1, 4, 3), row(3, 3, 3))).toBe(0.1 * 2 + 0.5);
    pinball.gradient(row(1, 4, 5), row(3, 3, 3), gradient);
    expect([...gradient]).toEqual([-0.1, 1 - 0.5, 1 - 0.9]);
    expect(QUANTILES[2] - QUANTILES[0]).toBeCloseTo(INSIDE, 15);
  });

  it("passes gradCheck far below its tolerance; a wrong sign does not", () => {
    // as for the library's own losses: 8 units of the 60 roundings on the way, cancelled by less than 8
    expect(check).toMatchObject({ passed: true, suspects: [] });
    expect(check.error).toBeLessThanOrEqual(64 * 2 ** -24);
    expect(mistake.passed).toBe(false);
    // the whole gradient of one quantile has the other sign
    expect(mistake.error).toBeGreaterThan(0.5);
    for (const { tensors } of [check, mistake])
      expect(tensors.map(({ name }) => name)).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
  });
});

describe("the bands", () => {
  /** five standard deviations of a share of so many rows */
  const scatter = (count: number): number => 5 * Math.sqrt((INSIDE * (1 - INSIDE)) / count);
  const off = ([, ...halves]: readonly number[]): number =>
    Math.max(...halves.map((share) => Math.abs(share - INSIDE)));

  it("the true quantiles hold what they should", () => {
    expect(Math.abs(truth.inside[0] - INSIDE)).toBeLessThan(scatter(rows.test));
    // halves of about as many rows
    expect(off(truth.inside)).toBeLessThan(scatter(0.45 * rows.test));
  });

  it("those by the pinball loss do in both halves, that of mse in neither", () => {
    expect(off(quantiles.inside)).toBeLessThan(off(mean.inside) / 3);
    for (const half of [1, 2] as const) expect(Math.abs(mean.inside[half] - INSIDE)).toBeGreaterThan(0.08);
    expect(mean.inside[1]).toBeGreaterThan(INSIDE);
    expect(mean.inside[2]).toBeLessThan(INSIDE);
  });

  it("the pinball loss comes to more than four fifths of what can be won over mse", () => {
    expect(quantiles.loss).toBeLessThan(mean.loss - 0.8 * (mean.loss - truth.loss));
  });

  it("widths: one by mse, the noise's by the pinball loss", () => {
    expect(Math.abs(mean.width[0] - mean.width[1])).toBeLessThan(2 ** -20);
    // twice 1.2816 times the mean of 0.05 … 0.3, and of 0.3 … 0.55; halves differ a little from the whole
    for (const [half, spread] of [0.175, 0.425].entries()) {
      const wide = truth.width[half] as number;
      expect(Math.abs(wide / (2 * 1.2815515655446004 * spread) - 1)).toBeLessThan(0.05);
      expect(Math.abs((quantiles.width[half] as number) / wide - 1)).toBeLessThan(0.1);
    }
  });
});

it("prints that", () => {
  const lines = expectReadable((paint) => reportLines(result, paint));
  const text = lines.join("\n");
  for (const { loss } of [quantiles, mean, truth]) expect(text).toContain(loss.toFixed(4));
  expect(text).toMatch(/pinball +\S+ +\d+ +\d+ +passed\npinball, a sign wrong +\S+ +\d+ +\d+ +wrong\n/);
  expect(runExample("08-custom-loss")).toEqual({ status: 0, stderr: "", stdout: `${text}\n` });
});
