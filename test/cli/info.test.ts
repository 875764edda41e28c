// `xent info`: what init of the same options says, and the builds of the package.

import { cpus } from "node:os";
import { expect, it } from "vitest";
import { info } from "../../src/cli/info.ts";
import { init } from "../../src/index.ts";
import { jsonLines, runCommand, written } from "../support/command-source.ts";

it("--json: one object, with what init says and the builds that are in the package", async () => {
  const lines = jsonLines(await written(() => info({ json: true, threads: 1, precision: "strict" })));
  expect(lines.length).toBe(1);
  const runtime = await init({ threads: 1, precision: "strict" });
  expect(lines[0]).toMatchObject({ event: "info", ...runtime.info, node: process.versions.node });
  const builds = lines[0]?.builds as { name: string; bytes: number; runs: boolean }[];
  expect(builds.map(({ name }) => name).sort()).toEqual([
    "relaxed",
    "relaxed-threads",
    "simd",
    "simd-threads",
  ]);
  for (const { name, bytes, runs } of builds) {
    expect(bytes, name).toBeGreaterThan(10_000);
    if (name.startsWith("simd")) expect(runs, name).toBe(true);
  }
});

it("the command: facts with their reasons, in 80 columns, without colours where NO_COLOR is", async () => {
  const { status, stdout, stderr } = runCommand(["info", "--threads", "2"]);
  expect([status, stderr]).toEqual([0, ""]);
  for (const line of stdout.split("\n")) expect([...line].length, line).toBeLessThanOrEqual(80);
  const runtime = await init({ threads: 2 });
  const words = stdout.replace(/\s+/g, " ");
  for (const reason of runtime.info.reasons) expect(words).toContain(reason.replace(": ", " "));
  expect(words).toContain(`${cpus()[0]?.model.trim()}, `);
  expect(stdout).toMatch(new RegExp(`^${runtime.info.build}-threads .* runs$`, "m"));
  runtime.dispose();
});

it("wrong usage: exit code 2, and one line", () => {
  const { status, stdout, stderr } = runCommand(["info", "--threads", "many"]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^xent: .*--threads.*\n$/);
});
