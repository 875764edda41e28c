// The command line that an interrupted run prints: what a shell makes of it are the arguments that it had.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { resumeCommand } from "../../src/cli/train/resume-command.ts";

const TRAIN = ["train", "my data.csv", "-t", "it's", "--layers", "dense:8 relu"];
const START = "node dist/cli/main.js train --preset mnist";

test("a shell reads the arguments back, and --resume", () => {
  const line = resumeCommand(TRAIN, {});
  const read = execFileSync("bash", ["-c", `xent() { printf '%s\\n' "$@"; }; ${line}`], { encoding: "utf8" });
  expect(read.trimEnd().split("\n")).toEqual([...TRAIN, "--resume"]);
});

test.each([
  ["no script", {}, ["train", "a.csv"], "xent train a.csv --resume"],
  ["again", {}, ["train", "a.csv", "--resume"], "xent train a.csv --resume"],
  ["anew", {}, ["train", "--no-resume", "a.csv"], "xent train a.csv --resume"],
  ["stopped", {}, ["train", "a.csv", "--stop-after-epoch", "3", "-q"], "xent train a.csv -q --resume"],
  ["stopped", {}, ["train", "a.csv", "--stop-after-epoch=3", "-q"], "xent train a.csv -q --resume"],
  [
    "npm run xent",
    { npm_lifecycle_event: "xent", npm_lifecycle_script: "node dist/cli/main.js" },
    ["train", "a.csv"],
    "npm run xent -- train a.csv --resume",
  ],
  [
    "npm start",
    { npm_lifecycle_event: "start", npm_lifecycle_script: START },
    ["train", "--preset", "mnist", "--epochs", "9"],
    "npm start -- --epochs 9 --resume",
  ],
  [
    "a script of somebody's",
    { npm_lifecycle_event: "retrain", npm_lifecycle_script: "xent train a.csv" },
    ["train", "a.csv"],
    "npm run retrain -- --resume",
  ],
  [
    "a script that does not call it so",
    { npm_lifecycle_event: "test", npm_lifecycle_script: "vitest run" },
    ["train", "a.csv"],
    "xent train a.csv --resume",
  ],
])("%s", (_, env, args, line) => {
  expect(resumeCommand(args, env)).toBe(line);
});
