// `npm run bench:engines`: the same measuring process on every engine that npm has, with one P for all of them.

import { spawnSync } from "node:child_process";
import { ENGINES_HELP } from "./cli.ts";
import { collect } from "./collect.ts";
import { command, report } from "./command.ts";
import { crossTables } from "./cross-table.ts";
import { lastError, NPX_SHELL, npxArguments } from "./npx.ts";
import { sections } from "./print-report.ts";
import type { Engine } from "./processes.ts";
import type { Report } from "./report.ts";
import type { SuiteSpec } from "./suites.ts";
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

/** Cases down, engines and variants across. */
const tables = ({ header, results }: Report, specs: readonly SuiteSpec[]): string[] =>
  sections(results, specs).flatMap((section) => [
    "",
    section.title,
    ...crossTables(section.results, section.unit, header),
  ]);

await command(ENGINES_HELP, ["gemm", "step"], async (job) =>
  report(job, await collect(fetchEngines(), job.args, !job.args.smoke), tables),
);
