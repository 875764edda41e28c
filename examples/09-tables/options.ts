// The command line of the example.

import { tmpdir } from "node:os";
import { join } from "node:path";
import { readValues, UsageError } from "../shared/arguments.ts";

/** The data sets of examples/data, and what is predicted. */
export const TARGETS = {
  penguins: "species",
  iris: "species",
  wine: "class",
  "breast-cancer": "diagnosis",
  diabetes: "progression",
} as const;

export type DataName = keyof typeof TARGETS;

export interface Options {
  readonly data: DataName;
  /** folder that the model's files are written to */
  readonly out: string;
}

export const HELP = `npm run example -- 09 [DATA] [--out FOLDER]

Trains on a CSV file of examples/data and writes the model for other tools.

  DATA          ${Object.keys(TARGETS).join(", ")}; default penguins
  --out FOLDER  where the files go; default a folder for temporary files`;

/** @throws {UsageError} */
export function readOptions(args: readonly string[]): Options | "help" {
  const [first, ...rest] = args;
  const named = first !== undefined && !first.startsWith("-");
  const values = readValues(named ? rest : args, ["out"]);
  if (values === "help") return "help";
  const data = named ? first : "penguins";
  if (!Object.hasOwn(TARGETS, data)) {
    throw new UsageError(`there is no data set "${data}"; there are: ${Object.keys(TARGETS).join(", ")}`);
  }
  return { data: data as DataName, out: values.out ?? join(tmpdir(), `xent-${data}`) };
}
