// What both commands, `bench` and `bench:engines`, do: from the command line to tables and files.

import { writeFileSync } from "node:fs";
import { type Arguments, parseArguments, type SuiteName, UsageError, writable } from "./cli.ts";
import type { Collected } from "./collect.ts";
import { engineLines, peakLines, settingLines } from "./header-lines.ts";
import { page } from "./html.ts";
import { epilogue } from "./print-report.ts";
import { makeReport, type Report, type Setting, setting } from "./report.ts";
import { listSpecs, type SuiteSpec } from "./suites.ts";
import { print, progress } from "./terminal.ts";

/** What is to be done, once it is known to make sense. */
export interface Job {
  readonly args: Arguments;
  readonly specs: readonly SuiteSpec[];
  readonly known: Setting;
}

/**
 * Reads the command line, prints the head of the report, and sets the exit code.
 *
 * @param suites  those that are taken when none is named
 * @param work    returns the exit code
 */
export async function command(
  help: string,
  suites: readonly SuiteName[] | undefined,
  work: (job: Job) => Promise<number>,
): Promise<void> {
  try {
    const args = parseArguments(process.argv.slice(2), suites);
    if (args.help) {
      console.log(help);
      return;
    }
    writable("json", args.json);
    writable("html", args.html);
    const specs = listSpecs(args.suites, args.filter);
    if (specs.length === 0) {
      throw new UsageError(`No case of ${args.suites.join(", ")} has "${args.filter}" in its name.`);
    }
    const known = setting(args.smoke, args.processes);
    print(settingLines(known));
    process.exitCode = await work({ args, specs, known });
  } catch (error) {
    progress("");
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${help}`);
    process.exitCode = 2;
  }
}

/**
 * Prints what was collected and writes the files that were asked for. Problems leave nothing to print of the engine that
 * has them, and no figures at all where there is no other.
 *
 * @returns the exit code
 */
export function report(
  { args, specs, known }: Job,
  { outcomes, problems, peakEngine, reason }: Collected,
  tables: (report: Report, specs: readonly SuiteSpec[]) => string[],
): number {
  const measured = outcomes.filter(({ measurements }) => measurements.length > 0);
  if (measured.length === 0) {
    const reasons = problems.length > 0 ? problems : outcomes.flatMap(({ leftOut }) => leftOut);
    print(["", ...new Set(reasons), "There are no figures."]);
    return 1;
  }
  const names = specs.map(({ name }) => name);
  const made = makeReport(known, measured, names, peakEngine);
  const engines = [...new Set(outcomes.map(({ engine }) => engine))];
  const own = (engine: string) => outcomes.filter((outcome) => outcome.engine === engine);
  print([
    ...peakLines(
      measured.flatMap(({ peak }) => peak),
      peakEngine,
      reason,
    ),
    ...engines.flatMap((engine) => ["", ...engineLines(made.header, own(engine))]),
    ...tables(made, specs),
    "",
    epilogue(measured, made),
    ...problems,
  ]);
  const { json, html } = args;
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(made, undefined, 2)}\n`);
  if (html !== undefined) writeFileSync(html, page(made));
  for (const file of [json, html]) if (file !== undefined) print([`wrote ${file}`]);
  return problems.length > 0 ? 1 : 0;
}
