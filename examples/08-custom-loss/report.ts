// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import type { GradCheck } from "xent";
import type { Paint } from "../shared/style.ts";
import { facts, table, wrap } from "../shared/text.ts";
import { type Band, INSIDE, QUANTILES, type Result } from "./run.ts";

export function reportLines(result: Result, paint: Paint): string[] {
  const { rows, check, mistake, quantiles, mean, truth } = result;
  const line = (name: string, { loss, inside, width }: Band): string[] => [
    name,
    loss.toFixed(4),
    ...inside.map(percent),
    ...width.map((value) => value.toFixed(2)),
  ];
  return [
    ...facts(
      [
        ["values", "y = sin 3x + noise (σ = 0.05 at x = −1, 0.55 at x = 1)"],
        ["rows", `${rows.train} to train, ${rows.test} to test`],
        ["net", `1 → 32 tanh → ${QUANTILES.length}: the quantiles ${QUANTILES.join(", ")}, by pinball loss`],
        ["", "1 → 32 tanh → 1: the mean, by mse, and a band by its spread"],
      ],
      paint,
    ),
    "",
    paint("dim", "gradCheck, before anything is trained"),
    ...table(
      ["loss", "largest error", "entries", "kinks", "verdict"],
      [checkRow("pinball", check), checkRow("pinball, a sign wrong", mistake)],
      paint,
    ),
    "",
    paint("dim", `Test rows in a band that should hold ${percent(INSIDE)} of them`),
    ...table(
      ["band", "pinball loss", "inside", "x < 0", "x ≥ 0", "width, x < 0", "x ≥ 0"],
      [line("quantiles", quantiles), line("mse and a band", mean), line("the true quantiles", truth)],
      paint,
    ),
    "",
    ...wrap(
      `Both bands hold about ${percent(INSIDE)} in all. That of mse has one width, too wide on the left and too narrow on the right; ` +
        `the quantiles follow the noise.`,
    ),
  ];
}

function checkRow(name: string, { error, passed, tensors }: GradCheck): string[] {
  const sum = (of: "entries" | "kinks"): string =>
    String(tensors.reduce((total, tensor) => total + tensor[of], 0));
  return [name, error.toExponential(1), sum("entries"), sum("kinks"), passed ? "passed" : "wrong"];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
