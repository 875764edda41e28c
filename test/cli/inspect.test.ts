// `xent inspect`: what it says of models and of tables, held against the API and against counts made here.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../src/cli/errors.ts";
import { type InspectOptions, inspect } from "../../src/cli/inspect/inspect.ts";
import { preprocess, standardize, table } from "../../src/data.ts";
import * as xent from "../../src/index.ts";
import { readCsvFile, saveModel } from "../../src/node.ts";
import { jsonLines, runCommand, written } from "../support/command-source.ts";
import { folders } from "../support/folders.ts";

const { root } = folders("cli-inspect");
const at = (name: string): string => join(root, name);
const runtime = await xent.init({ threads: 1 });

async function json(file: string, options: InspectOptions = {}): Promise<Record<string, unknown>> {
  const lines = jsonLines(await written(() => inspect(file, { json: true, ...options })));
  expect(lines.length).toBe(1);
  return lines[0] as Record<string, unknown>;
}
async function text(file: string, options: InspectOptions = {}): Promise<string> {
  const said = await written(() => inspect(file, options));
  for (const line of said.split("\n")) expect([...line].length, line).toBeLessThanOrEqual(80);
  expect(said).not.toMatch(/NaN|undefined|\[object/);
  return said;
}
const penguins = await readCsvFile("examples/data/penguins.csv");

describe("a model", async () => {
  const prepared = preprocess(penguins, { target: "species", missing: "impute" });
  const model = runtime.sequential({ input: prepared.features, seed: 7 }, [
    xent.dense(8),
    xent.batchNorm1d(),
    xent.relu(),
    xent.dense(3),
  ]);
  const optimizer = xent.adam({ lr: 0.02, weightDecay: 0.125 });
  const history = await model.fit(prepared.dataset(penguins), {
    loss: xent.crossEntropy(),
    optimizer,
    epochs: 3,
    batchSize: 50,
  });
  await saveModel(model, at("penguins.safetensors"));

  it("--json: what the model is made of, and how it was trained", async () => {
    const bytes = readFileSync(at("penguins.safetensors")).length;
    expect(await json(at("penguins.safetensors"))).toMatchObject({
      event: "model",
      bytes,
      // by hand: two matrices with biases, γ and β
      parameters: 10 * 8 + 8 + 2 * 8 + 8 * 3 + 3,
      input: 10,
      outputs: 3,
      classes: model.classes,
      seed: 7,
      loss: { kind: "crossEntropy" },
      optimizer: { kind: "adam", lr: 0.02, weightDecay: 0.125 },
      steps: 3 * Math.ceil(penguins.rows / 50),
      run: { epoch: 3, row: 0, epochsBefore: 0, settings: { batchSize: 50 } },
      features: prepared.names,
      preprocessing: JSON.parse(JSON.stringify(prepared.spec)),
    });
  });

  it("as text: its summary, classes, columns and the last loss", async () => {
    const said = await text(at("penguins.safetensors"));
    expect(said).toContain(model.summary());
    expect(said).toContain("species: 3 classes (Adelie, Chinstrap, Gentoo)");
    expect(said).toContain("adam: lr 0.02, betas 0.9/0.999, eps 1e-8, weightDecay 0.125");
    expect(said).toContain("3 epochs, 21 steps of 50 rows");
    expect(said).toContain(`loss ${history.loss.at(-1)?.toPrecision(4)}`);
    expect(said).toMatch(/^island +3 features +Biscoe, Dream, Torgersen +Biscoe$/m);
    expect(said).toMatch(/^body_mass_g +scaled +\(x − 4202\) \/ 800\.8 +4202$/m);
    expect(await text(at("penguins.safetensors"), { columns: 2 })).toContain("… and 4 more (--columns 6)");
  });

  it("gzipped, and by its bytes where the name does not tell", async () => {
    const bytes = readFileSync(at("penguins.safetensors"));
    writeFileSync(at("penguins.safetensors.gz"), gzipSync(bytes));
    writeFileSync(at("zipped"), gzipSync(bytes));
    writeFileSync(at("plain"), bytes);
    for (const name of ["penguins.safetensors.gz", "zipped", "plain"])
      expect(await json(at(name)), name).toMatchObject({ event: "model", parameters: 131 });
  });

  it("a run that stopped, and one that cannot be gone on with", async () => {
    await model.trainOnBatch([penguinRow(), penguinRow()], ["Adelie", "Gentoo"]);
    await saveModel(model, at("over.safetensors"));
    expect(await text(at("over.safetensors"))).toContain("cannot be gone on with: trainOnBatch");
    expect(await text(at("over.safetensors"))).not.toContain("--resume");
    await saveModel(model, at("over.checkpoint.safetensors"));
    expect(await text(at("over.safetensors"))).toContain("--resume");
    const scaled = preprocess(
      [
        { a: 1, y: 10 },
        { a: 3, y: 30 },
      ],
      { target: "y", scaleTarget: standardize() },
    );
    const numbers = runtime.sequential({ input: 1, loss: xent.mse() }, [xent.dense(1)]);
    const rows = scaled.dataset([
      { a: 1, y: 10 },
      { a: 3, y: 30 },
      { a: 2, y: 15 },
    ]);
    for await (const _ of numbers.steps(rows, { batchSize: 2, optimizer: xent.sgd({ lr: 0.1 }) })) break;
    await saveModel(numbers, at("within.safetensors"));
    const said = await text(at("within.safetensors"));
    expect(said).toContain("stopped within epoch 1, behind 2 rows");
    expect(said).toContain("y is learnt as (x − 20.00) / 10.00, and given back in its own units");
  });

  it("what is no model, and options of a CSV file", async () => {
    writeFileSync(at("junk.safetensors"), "junk");
    await expect(inspect(at("junk.safetensors"), {})).rejects.toMatchObject({ code: "CHECKPOINT" });
    await expect(inspect(at("penguins.safetensors"), { target: ["y"] })).rejects.toBeInstanceOf(UsageError);
  });
});

const penguinRow = () => ({
  island: "Dream",
  beak_length_mm: 40,
  beak_depth_mm: 18,
  flipper_length_mm: 190,
  body_mass_g: 3700,
  sex: "MALE",
});

describe("a CSV file", () => {
  it("--json: figures of every column, as counted here", async () => {
    const found = await json("examples/data/penguins.csv", { target: ["species"] });
    const lines = readFileSync("examples/data/penguins.csv", "utf8").trim().split(/\r?\n/).slice(1);
    const cells = lines.map((line) => line.split(","));
    expect(found.rows).toBe(lines.length);
    const columns = found.columns as Record<string, unknown>[];
    const species = new Map<string, number>();
    for (const [name = ""] of cells) species.set(name, (species.get(name) ?? 0) + 1);
    const most = [...species].sort((a, b) => b[1] - a[1]).map(([name, rows]) => ({ name, rows }));
    expect(columns[0]).toEqual({
      name: "species",
      type: "category",
      missing: 0,
      distinct: 3,
      categories: most,
    });
    const masses = cells
      .map((row) => row[5] ?? "")
      .filter((cell) => cell !== "")
      .map(Number);
    masses.sort((a, b) => a - b);
    const mean = masses.reduce((sum, value) => sum + value, 0) / masses.length;
    const sigma = Math.sqrt(masses.reduce((sum, value) => sum + (value - mean) ** 2, 0) / masses.length);
    expect(columns[5]).toMatchObject({
      name: "body_mass_g",
      type: "number",
      missing: lines.length - masses.length,
      distinct: new Set(masses).size,
      least: masses[0],
      most: masses.at(-1),
    });
    expect(columns[5]?.mean).toBeCloseTo(mean, 8);
    expect(columns[5]?.sigma).toBeCloseTo(sigma, 8);
    // 342 values: the quartiles lie a quarter, a half and three quarters between two
    const at = (i: number, share: number) =>
      (masses[i] as number) * (1 - share) + (masses[i + 1] as number) * share;
    expect(columns[5]?.quartiles).toEqual([at(85, 0.25), at(170, 0.5), at(255, 0.75)]);
  });

  it("what the doctor says of the features, with their names and what train offers", async () => {
    const rows = Array.from({ length: 240 }, (_, i) => ({
      id: `row ${i}`,
      "a\u001b[31m": i,
      same: 7,
      empty: "",
      y: i % 20 === 0 ? "rare" : "usual",
    }));
    const cells = rows.map((row) => Object.values(row).join(","));
    writeFileSync(at("odd.csv"), `id,a\u001b[31m,same,empty,y\n${cells.join("\n")}\n`);
    const said = await text(at("odd.csv"), { target: ["y"] });
    const features = preprocess(table(rows), { target: "y", ignore: ["empty"], missing: "impute" });
    expect(said).toContain(xent.inspect(features.dataset(table(rows))).text);
    expect(said).toContain(`${features.names.indexOf("same")} is same`);
    expect(said).toContain("--balanced");
    expect(said).toContain("empty is left out: it has no values.");
    expect(said).toContain("id is another text in every row");
    expect(said).toMatch(/^usual +228 +0\.9500 +█+$/m);
    expect(said).not.toContain("\u001b");
    expect(said).toContain("a·[31m");
  });

  it("targets of numbers, of classes that are numbers, and none", async () => {
    const spread = await text("examples/data/diabetes.csv", { target: ["progression"] });
    expect(spread).toContain("Target progression: numbers");
    expect(spread).toMatch(/^25 +87 +140\.5 +211\.5 +346 +152\.1 +77\.01$/m);
    const classes = await text("examples/data/diabetes.csv", { target: ["sex"], task: "classification" });
    expect(classes).toMatch(/Target sex: 2 classes\n.*\n1 +235 +0\.5316/);
    const iris = await text("examples/data/iris.csv");
    expect(iris).toContain("5 columns as 7 features");
    expect(iris).not.toContain("another text in every row");
  });

  it("numbers that cannot be scaled are shown, and what train would say", async () => {
    writeFileSync(at("vast.csv"), "n,day,y\n1e300,20240115,1\n-1e300,20240116,2\n1e308,20240117,3\n");
    const said = await text(at("vast.csv"), { target: ["y"] });
    expect(said).toMatch(/^n +number +3 +-1e\+300 to 1e\+308/m);
    expect(said).toMatch(/^day +number +3 +20240115 to 20240117, mean 20240116$/m);
    expect(said).toMatch(/would stop here:\nwarning: .*"n" goes from -1e\+300 to 1e\+308/);
    expect(said).not.toContain("nothing to make features of");
  });

  it("letters that are two columns wide: the columns behind them stand in line", async () => {
    writeFileSync(at("wide.csv"), "名前,e\u0301,y\n日本語,1,は\n한국어,2,い\n");
    const lines = (await text(at("wide.csv"), { target: ["y"] })).split("\n");
    // each of these letters takes two columns, the accent none
    const column = (line: string): number =>
      [...line.slice(0, line.search(/ (category|number)/))]
        .map((letter) => (letter > "\u2000" ? 2 : Number(letter !== "\u0301")))
        .reduce((sum, each) => sum + each, 0);
    expect(lines.filter((line) => / (category|number) /.test(line)).map(column)).toEqual([7, 7, 7]);
  });

  it("numbers with some text among them: what train would say", async () => {
    writeFileSync(at("mixed.csv"), "a,y\n1,1\n2,0\noops,1\n4,0\n");
    expect(await json(at("mixed.csv"), { target: ["y"] })).toMatchObject({
      refused: expect.stringContaining('column "a" has "oops" in row 3 of 4'),
    });
  });
});

it("the command: stdin, exit codes, one line an error", () => {
  const piped = runCommand(["inspect", "-", "--delimiter", ";"], "a;b\n1;x\n2;y\n");
  expect([piped.status, piped.stderr]).toEqual([0, ""]);
  expect(piped.stdout).toContain("stdin: 2 rows of 2 columns");
  const unknown = runCommand(["inspect", "examples/data/wine.csv", "--target", "clas"]);
  expect([unknown.status, unknown.stdout]).toEqual([1, ""]);
  expect(unknown.stderr).toMatch(/^xent: .*Did you mean "class"\?.*\n$/);
  const usage = runCommand(["inspect"]);
  expect([usage.status, usage.stdout]).toEqual([2, ""]);
});
