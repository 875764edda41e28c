// The command line of the bench: what was asked for, or a UsageError that says what is wrong with it.

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { MOST_THREADS } from "../src/base/abi.ts";
import { BUILDS, type BuildChoice } from "./variants.ts";

const SUITES = ["gemm", "elementwise", "step", "threads"] as const;
export type SuiteName = (typeof SUITES)[number];

export interface Arguments {
  /** in the order of SUITES */
  readonly suites: readonly SuiteName[];
  /** in the order of BUILDS */
  readonly builds: readonly BuildChoice[];
  readonly tiles: boolean;
  readonly threads: number;
  readonly processes: number;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly filter: string | undefined;
  readonly smoke: boolean;
  readonly help: boolean;
}

export class UsageError extends Error {}

const SUITE_HELP = `  gemm           matrix products: squares, and the products of each net
  elementwise    losses with their gradients, activations, copies of memory
  step           whole training steps
  threads        some of these on one thread and on several, and what it costs to have others
                 take part in nothing`;

const OPTION_HELP = `  --build LIST   some of simd,relaxed,wide; all that the engine has by default
  --tiles        gemm with every tile, not only each build's own
  --threads N    for the suite threads: so many, instead of as many as there are cores
  --processes N  in N processes of each kind, one by one; medians over them
  --filter TEXT  only cases whose name has TEXT in it, such as 512 or "784-128-10"
  --json FILE    write header and results as JSON
  --html FILE    write a page with rooflines and bars
  --smoke        run and check everything for a moment; the figures mean nothing
  --help         this text`;

export const HELP = `Usage: npm run bench -- [suite …] [options]

Suites (all of them when none is named)
${SUITE_HELP}

Options
${OPTION_HELP}

Every result is checked before it is timed: exit code 1 when a check or a process
fails, 2 for a wrong command line. bench/README.md says what is measured and how.`;

export const ENGINES_HELP = `Usage: npm run bench:engines -- [suite …] [options]

The same bench on Node 20, 22, 24 and 26, Deno and Bun, each fetched by npx.

Suites (gemm and step when none is named)
${SUITE_HELP}

Options
${OPTION_HELP}

An engine that cannot be fetched is skipped. Exit code 1 when none ran, or when a
check or a process fails; 2 for a wrong command line.`;

/**
 * @param suites  those that are taken when none is named
 * @throws {UsageError}
 */
export function parseArguments(argv: readonly string[], suites: readonly SuiteName[] = SUITES): Arguments {
  const { values, positionals } = parse(argv);
  const isSuite = (name: string): name is SuiteName => (SUITES as readonly string[]).includes(name);
  for (const name of positionals) {
    if (!isSuite(name)) throw new UsageError(`There is no suite "${name}"; suites are ${SUITES.join(", ")}.`);
  }
  for (const option of ["json", "html", "filter", "build"] as const) {
    if (values[option] === "") throw new UsageError(`--${option} is empty.`);
  }
  const asked = positionals.length === 0 ? suites : positionals;
  const { json, html, filter, tiles = false, smoke = false, help = false } = values;
  if (tiles && !asked.includes("gemm")) throw new UsageError("--tiles is for the suite gemm.");
  if (json !== undefined && html !== undefined && resolve(json) === resolve(html)) {
    throw new UsageError("--json and --html name one file.");
  }
  return {
    suites: SUITES.filter((name) => asked.includes(name)),
    builds: builds(values.build),
    tiles,
    threads: threads(values.threads, asked.includes("threads")),
    processes: processes(values.processes),
    json,
    html,
    filter,
    smoke,
    help,
  };
}

function builds(list: string | undefined): BuildChoice[] {
  const names = list?.split(",") ?? [...BUILDS];
  const isBuild = (name: string): name is BuildChoice => (BUILDS as readonly string[]).includes(name);
  for (const name of names) {
    if (!isBuild(name)) throw new UsageError(`There is no build "${name}"; builds are ${BUILDS.join(", ")}.`);
  }
  return BUILDS.filter((name) => names.includes(name));
}

const MOST_PROCESSES = 99;

function threads(text: string | undefined, asked: boolean): number {
  if (text !== undefined && !asked) throw new UsageError("--threads is for the suite threads.");
  const count = Number(text ?? Math.min(MOST_THREADS, Math.max(2, availableParallelism())));
  if (Number.isInteger(count) && count >= 2 && count <= MOST_THREADS) return count;
  throw new UsageError(`--threads is "${text}"; expected a whole number from 2 to ${MOST_THREADS}.`);
}

function processes(text: string | undefined): number {
  const count = Number(text ?? 1);
  if (Number.isInteger(count) && count >= 1 && count <= MOST_PROCESSES) return count;
  throw new UsageError(`--processes is "${text}"; expected a whole number from 1 to ${MOST_PROCESSES}.`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        build: { type: "string" },
        tiles: { type: "boolean" },
        processes: { type: "string" },
        threads: { type: "string" },
        json: { type: "string" },
        html: { type: "string" },
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

/**
 * Refuses a file's path before the measurement rather than after it.
 *
 * @throws {UsageError}
 */
export function writable(option: "json" | "html" | "svg", path: string | undefined): void {
  if (path === undefined) return;
  const file = resolve(path);
  if (existsSync(file) && !statSync(file).isFile()) {
    throw new UsageError(`--${option} ${path} is not a file.`);
  }
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
  } catch {
    throw new UsageError(`--${option} ${path} cannot be written there.`);
  }
}
