// `npm run bench:engines`: the same measuring process on every engine that npm has, with one P for all of them.

import { ENGINES_HELP } from "./cli.ts";
import { collect } from "./collect.ts";
import { command, report } from "./command.ts";
import { crossTables } from "./cross-table.ts";
import { ENGINES, fetchEngine } from "./npx.ts";
import { sections } from "./print-report.ts";
import type { Engine } from "./processes.ts";
import type { Report } from "./report.ts";
import type { SuiteSpec } from "./suites.ts";
import { print, progress } from "./terminal.ts";

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
