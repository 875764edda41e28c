// `npm run ci`: every check, cheapest first, stopping at the first that fails; where none measures time or fills both cores, two at a time. `--full`
// adds all of the site's tests, the apps of bundlers, the package on other engines, and the soak tests. The last line is `N passed, N failed`:
// vitest's tests, a failed step of another kind counted as one.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Step = readonly [script: string, ...args: string[]];

/** Each after the one before it is done. */
const STEPS: (Step | readonly Step[])[] = [
  [["check"], ["docs:lint"]],
  ["build:stale"],
  ["test"],
  // every page once, and the first one in full
  ["test:site", "pages", "digits"],
  [
    ["conformance"],
    ["example", "01"],
    ["start", "--epochs", "1"],
    ["example", "03"],
    ["example", "04"],
    ["example", "05"],
    ["example", "06"],
    ["example", "07"],
    ["example", "08"],
    ["pack:check"],
  ],
  ["bench", "--smoke"],
];
if (process.argv.includes("--full"))
  STEPS.push(["test:site"], ["test:bundlers"], ["test:engines"], ["test:soak"]);

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const REPORTING = ["test", "test:site", "test:bundlers", "test:soak"];
const folder = mkdtempSync(join(tmpdir(), "xent-ci-"));
let passed = 0;
let failed = 0;

for (const step of STEPS) {
  const waiting = isStep(step) ? [step] : [...step];
  const lane = async (together: boolean): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && failed === 0; next = waiting.shift())
      await run(next, together);
  };
  await (isStep(step) ? lane(false) : Promise.all([lane(true), lane(true)]));
  if (failed > 0) break;
}
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function isStep(step: Step | readonly Step[]): step is Step {
  return typeof step[0] === "string";
}

/** @param held  what it writes is shown when it is done: another step is running beside it */
async function run([script, ...given]: Step, held: boolean): Promise<void> {
  const title = ["npm run", script, ...given].join(" ");
  const report = join(folder, `${script.replace(":", "-")}.json`);
  const args = REPORTING.includes(script)
    ? [...given, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
    : given;
  if (!held) console.log(`\n── ${title}`);
  const start = performance.now();
  const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
    stdio: ["inherit", held ? "pipe" : "inherit", held ? "pipe" : "inherit"],
    shell: process.platform === "win32",
  });
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text: Buffer) => written.push(text));
  const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  if (held) console.log(`\n── ${title}\n${Buffer.concat(written).toString()}`);
  console.log(
    `── ${title}: ${status === 0 ? "done" : "FAILED"} in ${((performance.now() - start) / 1000).toFixed(1)} s`,
  );
  let counted = 0;
  if (existsSync(report)) {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8")) as Report;
    passed += numPassedTests;
    counted = numFailedTests;
  }
  // a file that cannot be imported, or an error between tests, fails no test of its own
  failed += status === 0 ? counted : Math.max(counted, 1);
}
