// `npm run bench`: has processes of this engine measure, and prints tables. Measures nothing itself.

import { HELP } from "./cli.ts";
import { collect } from "./collect.ts";
import { command, type Job, writeReport } from "./command.ts";
import { engineLines, peakLines } from "./header-lines.ts";
import { epilogue, reportLines } from "./print-report.ts";
import { makeReport } from "./report.ts";
import { print } from "./terminal.ts";

const THIS_ENGINE = { name: `Node ${process.versions.node}`, command: process.execPath, args: [] };

async function bench({ args, specs, known }: Job): Promise<number> {
  const { outcomes, problems, peakEngine, reason } = await collect([THIS_ENGINE], args, !args.smoke);
  const measured = outcomes.filter(({ measurements }) => measurements.length > 0);
  if (problems.length > 0 || measured.length === 0) {
    const reasons = problems.length > 0 ? problems : outcomes.flatMap(({ leftOut }) => leftOut);
    print(["", ...reasons, "There are no figures."]);
    return 1;
  }
  const names = specs.map(({ name }) => name);
  const report = makeReport(known, measured, names, peakEngine);
  const samples = measured.flatMap(({ peak }) => peak);
  print([
    ...engineLines(report.header, outcomes),
    ...peakLines(samples, peakEngine, reason),
    ...reportLines(report, specs),
    "",
    epilogue(measured, report),
  ]);
  writeReport(args, report);
  return 0;
}

await command(HELP, undefined, bench);
