// `npm run bench:engines`: the same measuring process on every engine that npm has, with one P for all of them.

import { spawnSync } from "node:child_process";
import { ENGINES_HELP } from "./cli.ts";
import { collect } from "./collect.ts";
import { command, type Job, writeReport } from "./command.ts";
import { crossTables } from "./cross-table.ts";
import { engineLines, peakLines } from "./header-lines.ts";
import { lastError, NPX_SHELL, npxArguments } from "./npx.ts";
import { epilogue, sections } from "./print-report.ts";
import type { Engine } from "./processes.ts";
import { makeReport } from "./report.ts";
import { print, progress } from "./terminal.ts";

/** Packages of npm, and how each runs a file. */
const ENGINES: readonly (readonly [packageName: string, program: readonly string[]])[] = [
  ["node@20", ["node"]],
  ["node@22", ["node"]],
  ["node@24", ["node"]],
  ["node@26", ["node"]],
  ["deno@2.9.5", ["deno", "run", "--allow-all"]],
  ["bun@1.4.5", ["bun"]],
];

/** npx may have to download it. */
const FETCH_MS = 300_000;

/** The engine, or why npm does not give it. */
function fetchEngine(packageName: string, program: readonly string[]): Engine | string {
  const { status, stderr, error } = spawnSync(
    "npx",
    npxArguments(packageName, [program[0] as string, "--version"]),
    { encoding: "utf8", timeout: FETCH_MS, shell: NPX_SHELL, stdio: ["ignore", "pipe", "pipe"] },
  );
  if (status === 0) return { name: packageName, command: "npx", args: npxArguments(packageName, program) };
  return error?.message ?? lastError(stderr) ?? `npx ended with code ${status}`;
}

function fetchEngines(): Engine[] {
  return ENGINES.flatMap(([packageName, program]) => {
    progress(`fetching ${packageName}`);
    const engine = fetchEngine(packageName, program);
    progress("");
    if (typeof engine !== "string") return [engine];
    print([`skipped ${packageName}: ${engine}`]);
    return [];
  });
}

async function benchEngines({ args, specs, known }: Job): Promise<number> {
  const { outcomes, problems, peakEngine, reason } = await collect(fetchEngines(), args, true);
  const measured = outcomes.filter(({ measurements }) => measurements.length > 0);
  if (measured.length === 0) {
    print(["", ...problems, "There are no figures."]);
    return 1;
  }
  const names = specs.map(({ name }) => name);
  const report = makeReport(known, measured, names, peakEngine);
  const samples = measured.flatMap(({ peak }) => peak);
  print([
    ...peakLines(samples, peakEngine, reason),
    ...[...new Set(outcomes.map(({ engine }) => engine))].flatMap((engine) => [
      "",
      ...engineLines(
        report.header,
        outcomes.filter((outcome) => outcome.engine === engine),
      ),
    ]),
    ...sections(report.results, specs).flatMap(({ title, unit, results }) => [
      "",
      title,
      ...crossTables(results, unit, report.header),
    ]),
    "",
    epilogue(measured, report),
    ...problems,
  ]);
  writeReport(args, report);
  return problems.length > 0 ? 1 : 0;
}

await command(ENGINES_HELP, ["gemm", "step"], benchEngines);
