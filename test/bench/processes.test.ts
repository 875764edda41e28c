// Measuring processes, played by small scripts: in which order they run, how they get samples of P, and what becomes of
// those that fail.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseArguments } from "../../bench/cli.ts";
import { type Ended, type Engine, measureInProcesses } from "../../bench/processes.ts";
import { outcome, samples } from "./figures.ts";

const folder = mkdtempSync(join(tmpdir(), "xent-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Answers its task with `lines`, JavaScript that may use `task`, `say` and `answer()`. */
function script(name: string, lines: string): string {
  const file = join(folder, `${name}.mjs`);
  const head = `import { createInterface } from "node:readline";
    const waiting = [];
    const answer = () => new Promise((resolve) => waiting.push(resolve));
    const input = createInterface({ input: process.stdin });
    input.on("line", (line) => waiting.shift()?.(JSON.parse(line)));
    input.on("close", () => process.exit());
    const say = (value) => console.log(JSON.stringify(value));
    const done = (others) => say({ outcome: { ...${JSON.stringify(outcome([]))}, ...others } });
    const task = await answer();`;
  writeFileSync(file, `${head}\n${lines}`);
  return file;
}

const engine = (name: string): Engine => ({ name, command: process.execPath, args: [] });
const peak = { engine: "none", sample: () => Promise.resolve(samples[0]!), close() {} };

async function all(engines: string[], file: string, argv: string[], withPeak = true): Promise<Ended[]> {
  const list: Ended[] = [];
  const args = parseArguments(argv);
  for await (const ended of measureInProcesses(
    engines.map(engine),
    args,
    file,
    withPeak ? peak : undefined,
    () => {},
  ))
    list.push(ended);
  return list;
}

/** Tells its task through what it leaves out. */
const ECHO = "done({ variants: [0], leftOut: [task.builds.join('+')] });";

test("process 1 of every engine and kind, then process 2", async () => {
  const ended = await all(["a", "b"], script("echo", ECHO), ["--processes", "2"]);
  const order = ended.map(({ engine: { name }, outcome }) => `${name} ${outcome?.leftOut[0]}`);
  const once = ["a simd+relaxed", "a wide", "b simd+relaxed", "b wide"];
  expect(order).toEqual([...once, ...once]);
  const wide = await all(["a"], script("echo", ECHO), ["--build", "wide"]);
  expect(wide.map(({ outcome }) => outcome?.leftOut[0])).toEqual(["wide"]);
});

test("a kind that the engine has not is not asked again", async () => {
  const file = script("narrow", "done({ variants: task.builds.includes('wide') ? [] : [0] });");
  const ended = await all(["a"], file, ["--processes", "3"]);
  expect(ended.map(({ outcome }) => outcome?.variants.length)).toEqual([1, 0, 1, 1]);
});

test("samples of P come when they are asked for, null where there are none", async () => {
  const file = script(
    "samples",
    `const peak = [];
    for (let i = 0; i < 3; i++) { say({ sample: true }); peak.push(await answer()); say({ progress: "x" }); }
    done({ peak });`,
  );
  const [withPeak] = await all(["a"], file, ["--build", "simd"]);
  expect(withPeak?.outcome?.peak).toEqual([samples[0], samples[0], samples[0]]);
  const [without] = await all(["a"], file, ["--build", "simd"], false);
  expect(without?.outcome?.peak).toEqual([null, null, null]);
});

test.each([
  ["throws", "throw new Error('no luck');", "no luck"],
  ["leaves", "console.error('bad flag'); process.exit(9);", "code 9\nbad flag"],
  ["babbles", "console.log('panicked at line 3'); process.exit(1);", "panicked at line 3"],
  ["dies", "process.kill(process.pid, 'SIGKILL'); await answer();", "SIGKILL"],
])("a process that %s is a failure with its reason", async (name, lines, reason) => {
  const [ended] = await all(["Node x"], script(name, lines), ["--build", "simd"]);
  expect(ended?.outcome).toBeUndefined();
  expect(ended?.failure).toContain("Node x simd: ended with");
  expect(ended?.failure).toContain(reason);
});

test("an engine that is not there is a failure", async () => {
  const missing = { name: "x", command: join(folder, "no-such-program"), args: [] };
  const args = parseArguments(["--build", "simd"]);
  const failures: (string | undefined)[] = [];
  for await (const { failure } of measureInProcesses([missing], args, "file", undefined, () => {})) {
    failures.push(failure);
  }
  expect(failures).toEqual([expect.stringContaining("ENOENT")]);
});
