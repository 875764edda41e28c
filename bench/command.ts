// What both commands, `bench` and `bench:engines`, do before and after measuring.

import { writeFileSync } from "node:fs";
import { type Arguments, parseArguments, type SuiteName, UsageError, writable } from "./cli.ts";
import { settingLines } from "./header-lines.ts";
import { page } from "./html.ts";
import { type Report, type Setting, setting } from "./report.ts";
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

/** Writes the files that were asked for. */
export function writeReport({ json, html }: Arguments, report: Report): void {
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (html !== undefined) writeFileSync(html, page(report));
  for (const file of [json, html]) if (file !== undefined) print([`wrote ${file}`]);
}
