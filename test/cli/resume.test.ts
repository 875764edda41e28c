// Runs that are interrupted: by Ctrl-C, which keeps a checkpoint and says how to go on, and by kill -9 at any moment. What goes on from it ends
// with the file of a run that was never interrupted, to the byte.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { lot } from "../../examples/shared/random.ts";
import { ended, installCommand } from "../support/command.ts";

const CANCER = join(import.meta.dirname, "../../examples/data/breast-cancer.csv");
const xent = installCommand();
const file = (name: string): string => join(xent.project, name);

/** Some seconds of work with all that a run keeps: slots, running statistics, dropout, the best weights. */
const RUN = [
  ...["train", CANCER, "-t", "diagnosis", "--epochs", "2000", "--hidden", "32", "--checkpoint", "0.1"],
  ...["--validation", "0.2", "--patience", "1900", "--dropout", "0.2", "--norm", "batchNorm1d"],
];
const CHECKPOINT = "cut.checkpoint.safetensors";
let whole: Buffer;
let wholeMs = 0;

beforeAll(() => {
  const start = performance.now();
  expect(xent.run([...RUN, "--out", "whole.safetensors", "-q"])).toEqual({ code: 0, stdout: "", stderr: "" });
  wholeMs = performance.now() - start;
  whole = readFileSync(file("whole.safetensors"));
});

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until a run has something to go on from. */
async function checkpointed(): Promise<void> {
  while (!existsSync(file(CHECKPOINT))) await wait(10);
}

it("Ctrl-C keeps a checkpoint, says how to go on, and that gives the same file", async () => {
  const child = xent.start([...RUN, "--out", "cut.safetensors"]);
  const end = ended(child);
  await checkpointed();
  child.kill("SIGINT");
  const { code, stderr } = await end;
  expect(code).toBe(130);
  expect(stderr).toMatch(
    /^stopped after [\d,]+ epochs? and [\d,]+ steps, kept in cut\.checkpoint\.safetensors$/m,
  );
  const [, command = ""] = /^to go on: xent (.*)$/m.exec(stderr) ?? [];
  expect(existsSync(file("cut.safetensors"))).toBe(false);

  // a new run does not write over it
  const anew = xent.run([...RUN, "--out", "cut.safetensors"]);
  expect(anew).toMatchObject({ code: 1, stderr: expect.stringContaining("--no-resume") as string });
  // one with other options is none that could go on
  const other = xent.run([...RUN, "--out", "cut.safetensors", "--resume", "--lr", "0.5", "-q"]);
  expect(other).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("other data or options") as string,
  });
  const net = xent.run([...RUN, "--out", "cut.safetensors", "--resume", "--activation", "tanh", "-q"]);
  expect(net).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /other data or options \(layer \d+ is .* in the file and \{"kind":"tanh"\} in the model\)/,
    ) as string,
  });

  expect(xent.run(command.split(" ")).code).toBe(0);
  expect(readFileSync(file("cut.safetensors")).equals(whole)).toBe(true);
  expect(existsSync(file(CHECKPOINT))).toBe(false);
  rmSync(file("cut.safetensors"));
});

it("--no-resume begins anew, and an end asked for by the system is kept too", async () => {
  const first = xent.start([...RUN, "--out", "cut.safetensors", "-q"]);
  const end = ended(first);
  await checkpointed();
  first.kill("SIGTERM");
  expect((await end).code).toBe(143);
  const { code } = xent.run([...RUN, "--out", "cut.safetensors", "--no-resume", "-q"]);
  expect(code).toBe(0);
  expect(readFileSync(file("cut.safetensors")).equals(whole)).toBe(true);
  expect(existsSync(file(CHECKPOINT))).toBe(false);
  rmSync(file("cut.safetensors"));
});

it("a run that stops after an epoch goes on", () => {
  const stopped = xent.run([...RUN, "--out", "cut.safetensors", "--stop-after-epoch", "5", "--json", "-q"]);
  expect(stopped.code).toBe(0);
  expect(JSON.parse(stopped.stdout.trimEnd().split("\n").at(-1)!)).toMatchObject({
    event: "stopped",
    epochs: 5,
  });
  expect(stopped.stderr).not.toContain("--stop-after-epoch");
  expect(xent.run([...RUN, "--out", "cut.safetensors", "--resume", "-q"]).code).toBe(0);
  expect(readFileSync(file("cut.safetensors")).equals(whole)).toBe(true);
  rmSync(file("cut.safetensors"));
});

it("killed at ten random moments, and resumed each time, it ends with the same file", async () => {
  const random = lot(Date.now());
  const args = [...RUN, "--out", "cut.safetensors", "--resume", "-q"];
  let kills = 0;
  // a run that ends before its kill counts for nothing, and another begins
  while (kills < 10) {
    const child = xent.start(args);
    const end = ended(child);
    await Promise.race([wait(random.uniform() * wholeMs), end]);
    child.kill("SIGKILL");
    const { code, stderr } = await end;
    if (code === "SIGKILL") {
      kills++;
      continue;
    }
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(readFileSync(file("cut.safetensors")).equals(whole)).toBe(true);
    rmSync(file("cut.safetensors"));
  }
  expect(xent.run(args).code).toBe(0);
  expect(readFileSync(file("cut.safetensors")).equals(whole)).toBe(true);
  // nothing of ten killed processes lies about
  expect(readdirSync(xent.project).filter((name) => name.includes("cut"))).toEqual(["cut.safetensors"]);
});

it("Ctrl-C ends what waits for rows of stdin", async () => {
  expect(
    xent.run(["train", CANCER, "-t", "diagnosis", "--epochs", "1", "--out", "m.safetensors", "-q"]).code,
  ).toBe(0);
  for (const args of [
    ["train", "-", "-t", "diagnosis", "--out", "n.safetensors"],
    ["predict", "m.safetensors", "-", "--out", "n.csv"],
    ["eval", "m.safetensors", "-"],
  ]) {
    const child = xent.start(args);
    const end = ended(child);
    // stdin stays open; a signal before the command listens ends it by its name
    await wait(1500);
    child.kill("SIGINT");
    expect({ args, ...(await end) }).toMatchObject({ args, code: 130 });
  }
  expect(readdirSync(xent.project).filter((name) => name.startsWith("n."))).toEqual([]);
});

it("a second Ctrl-C ends at once what does not end by the first", async () => {
  const module = pathToFileURL(file("node_modules/xent/dist/cli/interrupt.js")).href;
  const script = `
    const { interruptible } = await import(${JSON.stringify(module)});
    const { signal } = interruptible(() => console.log("left"));
    signal.addEventListener("abort", () => console.log("first"));
    setInterval(() => {}, 1000);
    console.log("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "pipe" });
  const said = { text: "" };
  const end = ended(child);
  child.stdout.on("data", (part) => (said.text += String(part)));
  const until = async (text: string): Promise<void> => {
    while (!said.text.includes(text)) await wait(10);
  };
  await until("ready");
  child.kill("SIGINT");
  await until("first");
  // what a launcher passes on at once is the same Ctrl-C
  child.kill("SIGINT");
  await wait(600);
  expect(child.exitCode).toBe(null);
  child.kill("SIGINT");
  expect(await end).toMatchObject({ code: 130, stdout: "ready\nfirst\nleft\n" });
});
