// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import type { Paint } from "../shared/style.ts";
import { facts, table } from "../shared/text.ts";
import type { Life, Result } from "./run.ts";

export function reportLines({ whole, killed }: Result, paint: Paint): string[] {
  const [life] = whole.lives;
  const epochs = life?.done?.epochs ?? 0;
  const perEpoch = (life?.steps ?? 0) / epochs;
  const kills = killed.lives.length - 1;
  const row = ({ begun, told, done }: Life, i: number): string[] => [
    String(i + 1),
    String(begun),
    `${Math.floor(begun / perEpoch) + 1}, step ${begun % perEpoch} of ${perEpoch}`,
    done === undefined ? `killed, after step ${told} or later` : `done, with step ${told}`,
  ];
  const same = whole.sha256 === killed.sha256;
  return [
    ...facts(
      [
        ["net", "2 → 96 → 96 → 2 with batchNorm1d, relu, dropout; AdamW with cosine"],
        ["run", `${epochs} epochs of ${perEpoch} steps; a checkpoint after every 20 steps or more`],
        ["kills", `${kills} by SIGKILL, at moments by lot`],
        ["accuracy", `${(life?.done?.accuracy ?? 0).toFixed(4)} of the validation rows`],
      ],
      paint,
    ),
    "",
    ...table(["process", "steps found", "in epoch", "end"], killed.lives.map(row), paint),
    "",
    paint("dim", "sha256 of the last file"),
    `in one go   ${whole.sha256}`,
    `with kills  ${killed.sha256}`,
    "",
    same
      ? paint("green", `The same, byte for byte: ${killed.bytes} bytes.`)
      : paint("red", `They differ: ${whole.bytes} and ${killed.bytes} bytes.`),
  ];
}
