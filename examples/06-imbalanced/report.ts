// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import type { ConfusionMatrix } from "xent";
import type { Paint } from "../shared/style.ts";
import { facts, table, wrap } from "../shared/text.ts";
import { CLASSES } from "./payments.ts";
import type { Outcome, Result } from "./run.ts";

export function reportLines(result: Result, paint: Paint): string[] {
  const { before, after, counts, weight, never, plain, weighted } = result;
  const part = ([genuine = 0, fraud = 0]: readonly number[]): string =>
    `${genuine} genuine, ${fraud} fraud (1 : ${Math.round(genuine / fraud)})`;
  const line = (name: string, { accuracy, balanced, precision, recall, rocAuc }: Outcome): string[] => [
    name,
    ...[accuracy, balanced, precision, recall, rocAuc].map(four),
  ];
  const found = ({ confusion }: Outcome): string => `${confusion.counts[1]?.[1]} of ${counts.test[1]}`;
  return [
    paint("dim", "inspect(), of the rows as they come"),
    ...before.split("\n"),
    paint("dim", "and after logarithms of the amounts, and every column standardised"),
    ...after.split("\n"),
    "",
    ...facts(
      [
        ["train", part(counts.train)],
        ["validate", `${part(counts.validation)}, by a stratified split`],
        ["test", part(counts.test)],
        ["weights", weight.map((value, id) => `${CLASSES[id]} ${value.toFixed(3)}`).join(", ")],
      ],
      paint,
    ),
    "",
    paint("dim", "Test rows; precision and recall are those of fraud"),
    ...table(
      ["", "accuracy", "balanced", "precision", "recall", "rocAuc"],
      [
        ["never says fraud", four(never), four(0.5), "–", four(0), four(0.5)],
        line("crossEntropy()", plain),
        line("  with weights", weighted),
      ],
      paint,
    ),
    "",
    paint("dim", "Confusion matrices: a line a true class, a column a predicted one"),
    ...table(
      ["crossEntropy()", ...CLASSES, "    with weights", ...CLASSES],
      matrixRows(plain.confusion, weighted.confusion),
      paint,
    ),
    "",
    ...wrap(
      `By accuracy, saying nothing at all is nearly as good as the model (${four(never)} against ${four(plain.accuracy)}), ` +
        `and weights make it worse (${four(weighted.accuracy)}). Yet of the fraud they find ${found(weighted)} instead of ${found(plain)}: ` +
        `judge by recall, precision and rocAuc.`,
    ),
  ];
}

function matrixRows(left: ConfusionMatrix, right: ConfusionMatrix): string[][] {
  const name = ({ names }: ConfusionMatrix, id: number): string => names?.[id] ?? String(id);
  return left.labels.map((id) => [
    name(left, id),
    ...(left.counts[id] ?? []).map(String),
    name(right, id),
    ...(right.counts[id] ?? []).map(String),
  ]);
}

const four = (value: number): string => value.toFixed(4);
