// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import type { Paint } from "../shared/style.ts";
import { facts, table, wrap } from "../shared/text.ts";
import { TAGS, WORDS } from "./messages.ts";
import type { Outcome, Result } from "./run.ts";

export function reportLines(result: Result, paint: Paint): string[] {
  const { rows, posWeight, plain, weighted, thresholds, chosen } = result;
  const mean = chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
  const line = (name: string, { metrics }: Outcome): string[] => [
    name,
    ...[metrics.precision, metrics.recall, metrics.f1, metrics.f1Micro, metrics.rocAuc].map(four),
  ];
  return [
    ...facts(
      [
        ["messages", `${rows.train} to train, ${rows.validation} to validate, ${rows.test} to test`],
        ["net", `${WORDS.length} words → 32 relu, dropout 0.3 → ${TAGS.length} tags, each a yes or no`],
      ],
      paint,
    ),
    "",
    paint("dim", "Test rows, every tag a yes from probability ½ on; means over the tags"),
    ...table(
      ["loss", "precision", "recall", "f1", "f1Micro", "rocAuc"],
      [line("bceWithLogits()", plain), line("  with posWeight", weighted)],
      paint,
    ),
    "",
    paint("dim", "f1 of each tag"),
    ...table(
      ["tag", "messages", "plain", "posWeight", "with posWeight", "threshold", "with threshold"],
      TAGS.map(({ name, share }, tag) => [
        name,
        `${Math.round(share * 100)} %`,
        four(plain.f1[tag]),
        (posWeight[tag] ?? 0).toFixed(1),
        four(weighted.f1[tag]),
        (thresholds[tag] ?? 0).toFixed(2),
        four(chosen[tag]),
      ]),
      paint,
    ),
    "",
    ...wrap(
      `A rare tag is seldom likelier than not, so that ½ finds few of it. posWeight finds more and is wrong more often; ` +
        `a threshold for each tag, chosen by the validation rows, gives a mean f1 of ${four(mean)}.`,
    ),
  ];
}

const four = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(4));
