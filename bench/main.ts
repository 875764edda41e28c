// `npm run bench`: reads the command line, has processes of this engine measure, prints, and writes JSON and page.
// Measures nothing itself.

import { writeFileSync } from "node:fs";
import { bundleChild } from "./bundle.ts";
import { type Arguments, HELP, parseArguments, UsageError, writable } from "./cli.ts";
import { copyLines, engineLines, peakLines, settingLines } from "./header-lines.ts";
import { page } from "./html.ts";
import { openPeak } from "./peak-source.ts";
import { epilogue, reportLines } from "./print-report.ts";
import { endChildrenWithUs, measureInProcesses } from "./processes.ts";
import type { Outcome } from "./protocol.ts";
import { makeReport, setting } from "./report.ts";
import { listSpecs } from "./suites.ts";
import { print, progress } from "./terminal.ts";

const THIS_ENGINE = { name: `Node ${process.versions.node}`, command: process.execPath, args: [] };

async function bench(args: Arguments): Promise<number> {
  const { suites, filter, smoke, processes } = args;
  const [json, html] = [writable("json", args.json), writable("html", args.html)];
  const specs = listSpecs(suites, filter);
  if (specs.length === 0)
    throw new UsageError(`No case of ${suites.join(", ")} has "${filter}" in its name.`);
  const known = setting(smoke, processes);
  print(settingLines(known));

  const bundle = await bundleChild();
  endChildrenWithUs(bundle.remove);
  progress("starting the probe of P (npx may have to download Node 24, once)");
  const { peak, reason } = await openPeak(!smoke);
  progress("");
  const outcomes: Outcome[] = [];
  try {
    for await (const { outcome, failure } of measureInProcesses(
      [THIS_ENGINE],
      args,
      bundle.file,
      peak,
      progress,
    )) {
      if (failure !== undefined) {
        print(["", failure]);
        return 1;
      }
      if (outcome === undefined) continue;
      const { wrong, checked } = outcome;
      if (wrong.length > 0) {
        print(["", ...wrong.map((text) => `WRONG  ${text}`)]);
        print([`${wrong.length} of ${checked} results are wrong; nothing was timed.`]);
        return 1;
      }
      outcomes.push(outcome);
    }
  } finally {
    peak?.close();
  }

  const leftOut = [...new Set(outcomes.flatMap((outcome) => outcome.leftOut))];
  const warnings = [...new Set(outcomes.flatMap((outcome) => outcome.warnings))];
  const measured = outcomes.filter(({ variants }) => variants.length > 0);
  const [first] = measured;
  if (first === undefined) {
    print(["", "Nothing to measure.", ...leftOut]);
    return 1;
  }
  const names = specs.map(({ name }) => name);
  const report = makeReport(known, measured, names, peak?.engine ?? null);
  const samples = measured.flatMap((outcome) => outcome.peak);
  print([
    ...engineLines(report.header, first.engine, first.v8, leftOut, warnings),
    ...peakLines(samples, peak?.engine ?? null, reason),
    ...copyLines(report.header.copyGbytes, first.engine),
    ...reportLines(report, specs),
    "",
    epilogue(first.checked, report),
  ]);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (html !== undefined) writeFileSync(html, page(report));
  for (const file of [args.json, args.html]) if (file !== undefined) print([`wrote ${file}`]);
  return 0;
}

try {
  const args = parseArguments(process.argv.slice(2));
  if (args.help) console.log(HELP);
  else process.exitCode = await bench(args);
} catch (error) {
  progress("");
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
