// examples/04-regression: its scores against sums in f64 over what it predicted, early stopping, that it learns what a line cannot,
// and what it prints.

import { expect, it } from "vitest";
import { reportLines } from "../../examples/04-regression/report.ts";
import { run } from "../../examples/04-regression/run.ts";
import { ofNumbers } from "../oracle/metrics.ts";
import { expectReadable, runExample } from "../support/example.ts";

const result = await run();
const { history, net, line, ceiling, truth, predicted } = result;

it("scores are those of the predictions", () => {
  const rows = Array.from(truth, (t, i) => ({ z: [predicted[i] as number], target: [t], weight: 1 }));
  const { mae, mse, r2 } = ofNumbers(rows, 1) as { mae: number; mse: number; r2: number };
  // an error of a row: its target is rounded when it is scaled, its prediction when it is scaled back
  const largest = Math.max(...truth.map(Math.abs), ...predicted.map(Math.abs));
  const off = 4 * 2 ** -24 * largest;
  const rmse = Math.sqrt(mse);
  // a row's squared error, the sums and their root are rounded too
  const rounded = 2 ** -20;
  expect(Math.abs(net.mae - mae)).toBeLessThanOrEqual(off + rounded * mae);
  expect(Math.abs(net.rmse - rmse)).toBeLessThanOrEqual(off + rounded * rmse);
  const spread = mse / (1 - r2);
  expect(Math.abs(net.r2 - r2)).toBeLessThanOrEqual((3 * rmse * off) / spread + rounded);
});

it("stops twenty epochs after the best, and has the best's weights again", () => {
  const losses = history.validation?.loss ?? [];
  const best = losses.indexOf(Math.min(...losses));
  expect(history).toMatchObject({
    stopped: "early",
    best: { epoch: best, value: losses[best] },
    epochs: best + 21,
  });
  expect(result.left).toBe(losses[best]);
  expect(losses.at(-1)).not.toBe(losses[best]);
});

it("learns more than four fifths of what a line leaves, and no more than there is", () => {
  expect(net.r2).toBeGreaterThan(line.r2 + 0.8 * (ceiling - line.r2));
  expect(net.r2).toBeLessThan(ceiling);
  // about what noise of variance 1 leaves of a variance of 24
  expect(ceiling).toBeGreaterThan(0.94);
});

it("prints that", () => {
  const lines = expectReadable((paint) => reportLines(result, paint));
  expect(lines.join("\n")).toContain(`the net          ${net.mae.toFixed(4)}`);
  expect(lines.filter((text) => text.includes("←"))).toHaveLength(1);
  expect(runExample("04-regression")).toEqual({ status: 0, stderr: "", stdout: `${lines.join("\n")}\n` });
});

it("takes no options, and says so", () => {
  const { status, stdout, stderr } = runExample("04-regression", "--epochs", "3");
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toBe("This example takes no options; there are: --epochs 3\n");
});
