// `npm run ci`: every check in order, cheapest first, stopping at the first that fails. `--full` adds the apps of bundlers, the
// package on other engines, the soak tests, and the faults of threads, 50 times. The last line is `N passed, N failed`: vitest's tests, a failed step of another kind counted as one.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const STEPS = [
  ["check"],
  ["build:stale"],
  ["test"],
  ["conformance"],
  ["example", "01"],
  ["start", "--epochs", "1"],
  ["example", "03"],
  ["example", "04"],
  ["example", "05"],
  ["example", "06"],
  ["example", "07"],
  ["example", "08"],
  ["docs:lint"],
  ["pack:check"],
  ["bench", "--smoke"],
];
if (process.argv.includes("--full"))
  STEPS.push(["test:bundlers"], ["test:engines"], ["test:soak"], ["test:faults"]);

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const folder = mkdtempSync(join(tmpdir(), "xent-ci-"));
let passed = 0;
let failed = 0;
for (const [script = "", ...args] of STEPS) {
  const title = ["npm run", script, ...args].join(" ");
  console.log(`\n── ${title}`);
  const report = join(folder, `${script.replace(":", "-")}.json`);
  if (["test", "test:bundlers", "test:soak"].includes(script))
    args.push("--reporter=default", "--reporter=json", `--outputFile.json=${report}`);
  const start = performance.now();
  const { status } = spawnSync("npm", ["run", "--silent", script, "--", ...args], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
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
  if (failed > 0) break;
}
rmSync(folder, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
