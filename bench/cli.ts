// The command line of the bench: what was asked for, or a UsageError that says what is wrong with it.

import { parseArgs } from "node:util";

export const SUITES = ["gemm", "elementwise", "step"] as const;
export type SuiteName = (typeof SUITES)[number];

export interface Arguments {
  /** in the order of SUITES */
  readonly suites: readonly SuiteName[];
  readonly json: string | undefined;
  readonly filter: string | undefined;
  readonly smoke: boolean;
  readonly help: boolean;
}

export class UsageError extends Error {}

export const HELP = `Usage: npm run bench -- [suite …] [options]

Suites (all of them when none is named)
  gemm           matrix products: squares, and the products of each net
  elementwise    losses with their gradients, activations
  step           whole training steps

Options
  --filter TEXT  only cases whose name has TEXT in it, such as 512 or "784-128-10"
  --json FILE    write header and results as JSON
  --smoke        run and check everything for a moment; the figures mean nothing
  --help         this text

Every result is checked before it is timed: exit code 1 when a check fails, 2 for
a wrong command line. bench/README.md says what is measured and how to read it.`;

/** @throws {UsageError} */
export function parseArguments(argv: readonly string[]): Arguments {
  const { values, positionals } = parse(argv);
  const isSuite = (name: string): name is SuiteName => (SUITES as readonly string[]).includes(name);
  for (const name of positionals) {
    if (!isSuite(name)) throw new UsageError(`There is no suite "${name}"; suites are ${SUITES.join(", ")}.`);
  }
  for (const option of ["json", "filter"] as const) {
    if (values[option] === "") throw new UsageError(`--${option} is empty.`);
  }
  return {
    suites: SUITES.filter((name) => positionals.length === 0 || positionals.includes(name)),
    json: values.json,
    filter: values.filter,
    smoke: values.smoke ?? false,
    help: values.help ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        json: { type: "string" },
        filter: { type: "string" },
        smoke: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    // Node adds advice on escaping after the first sentence
    throw new UsageError(`${(error as Error).message.split(/\. |\n/)[0]}.`);
  }
}
