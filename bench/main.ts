// `npm run bench`: reads the command line, makes and checks the cases, measures all of them in the same rounds,
// prints, and writes the JSON.

import { accessSync, constants, existsSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { clearLine, cursorTo } from "node:readline";
import { init } from "../src/model/runtime.ts";
import { compileSimd } from "../src/wasm/load.ts";
import { type Arguments, HELP, parseArguments, type SuiteName, UsageError } from "./cli.ts";
import { elementwiseSuite } from "./elementwise.ts";
import { gemmSuite } from "./gemm.ts";
import { type Case, FULL, measure, SMOKE, type Suite } from "./harness.ts";
import { foreignPeak, ownPeak, type Peak } from "./peak-source.ts";
import { makeReport, peakLines, setting, settingLines, tableLines } from "./report.ts";
import { stepSuite } from "./step.ts";

/** One line on a terminal's stderr, overwritten by the next and gone at the end. */
function progress(line: string): void {
  if (!process.stderr.isTTY) return;
  cursorTo(process.stderr, 0);
  process.stderr.write(line.slice(0, 79));
  clearLine(process.stderr, 1);
}

const print = (lines: readonly string[]): void => console.log(lines.join("\n"));

async function bench({ suites, json, filter, smoke }: Arguments): Promise<number> {
  const file = json === undefined ? undefined : writable(json);
  const core = { module: await compileSimd(), build: "simd" };
  const { info } = await init();
  const known = setting(info, smoke);
  const wanted = (name: string): boolean => name.toLowerCase().includes(filter?.toLowerCase() ?? "");
  const makers: Record<SuiteName, Suite> = {
    gemm: gemmSuite(core),
    elementwise: elementwiseSuite(core),
    step: stepSuite(core),
  };
  progress("making data");
  const bySuite = suites.map((name) => ({ name, cases: makers[name](wanted) }));
  const cases = bySuite.flatMap((suite) => suite.cases);
  progress("");
  if (cases.length === 0)
    throw new UsageError(`No case of ${suites.join(", ")} has "${filter}" in its name.`);
  print(settingLines(known, info));

  const failures = check(cases);
  if (failures.length > 0) {
    print(["", ...failures, `${failures.length} of ${cases.length} results are wrong; nothing was timed.`]);
    return 1;
  }

  const { peak, reason } = await openPeak(smoke);
  const measured = await measure(cases, peak, smoke ? SMOKE : FULL, progress).finally(() => peak?.close());
  progress("");
  const report = makeReport(known, info, measured, peak?.engine ?? null);
  print(peakLines(measured.peak, peak?.engine ?? null, reason));
  for (const { name, cases } of bySuite) {
    const groups = new Map(cases.map((item) => [item.name, item.group]));
    const results = report.results.filter((result) => groups.has(result.name));
    const speed = name === "elementwise" ? "Gelem/s" : "GFLOP/s";
    if (results.length > 0)
      print(["", title(name), ...tableLines(results, (result) => groups.get(result) as string, speed)]);
  }
  print(["", `${cases.length} results checked; ${epilogue(smoke, measured.rounds)}`]);
  if (file !== undefined) {
    writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
    print([`wrote ${json}`]);
  }
  return 0;
}

function title(suite: SuiteName): string {
  if (suite === "gemm") return "gemm: C[m, n] ← A·B, packing of B included; names are m x n x k";
  if (suite === "elementwise")
    return "elementwise: 10⁹ elements a second; a loss with its gradient is one pass";
  return "step: one training step; GFLOP/s and share count its matrix products alone";
}

function epilogue(smoke: boolean, rounds: number): string {
  return smoke ? "a smoke run: do not quote the figures." : `medians over ${rounds} interleaved rounds.`;
}

/** What is wrong with results, one line a case. */
function check(cases: readonly Case[]): string[] {
  return cases.flatMap((item, i) => {
    progress(`check ${i + 1}/${cases.length}  ${item.name}`);
    const problem = item.check();
    progress("");
    return problem === undefined ? [] : [`WRONG  ${item.name}: ${problem}`];
  });
}

/** The peak, or why there is none. A smoke run starts no other engine. */
async function openPeak(smoke: boolean): Promise<{ peak: Peak | undefined; reason: string }> {
  const own = ownPeak();
  if (own !== undefined) return { peak: own, reason: "" };
  if (smoke) return { peak: undefined, reason: "a smoke run starts no Node 24" };
  progress("starting Node 24 for the peak (npx downloads it once)");
  try {
    return { peak: await foreignPeak(), reason: "" };
  } catch (error) {
    return { peak: undefined, reason: `node@24 is not to be had.\n        ${(error as Error).message}` };
  } finally {
    progress("");
  }
}

/** The file's path, refused before the measurement rather than after it. */
function writable(json: string): string {
  const file = resolve(json);
  if (existsSync(file) && !statSync(file).isFile()) throw new UsageError(`--json ${json} is not a file.`);
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
  } catch {
    throw new UsageError(`--json ${json} cannot be written there.`);
  }
  return file;
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
