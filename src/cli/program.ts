// The commands and their options, as commander has them. What a command does is loaded when it is called: `--help` loads none of it.

import { Command, Option } from "commander";
import { command, EXIT_CODES, examples, helpWidth, version } from "./command.ts";
import { addOptions, ENGINE, OUTPUT, READ, TASK, TRAIN } from "./options.ts";
import { list, positive, whole } from "./parse.ts";

export function program(): Command {
  const root = new Command("xent")
    .description("Train neural nets on the CPU: from a CSV file to a model, without code.")
    .version(version(), "-V, --version", "the version")
    .helpOption("-h, --help", "this text")
    .helpCommand(false)
    .configureOutput({
      outputError: (text, write) => {
        const line = text
          .trim()
          .replace(/^error: /, "")
          .replace(/\s*\n\s*/g, " ");
        write(`xent: ${line}${/[.)]$/.test(line) ? "" : "."} --help shows what there is.\n`);
      },
    })
    .configureHelp({ helpWidth: helpWidth() })
    .addHelpText(
      "after",
      `
Examples:
  xent train iris.csv --target species --epochs 20 --out iris.safetensors
  xent eval iris.safetensors iris.csv
  xent predict iris.safetensors new-rows.csv > predictions.csv
  xent train --preset mnist --report mnist.html
  xent export iris.safetensors --out iris.onnx

xent train --help lists the options of a command.
${EXIT_CODES}`,
    );

  for (const add of [addTrain, addPredict, addEvaluate, addInspect, addExport, addInfo, addBench]) add(root);
  return root;
}

function addTrain(root: Command): void {
  const train = command(root, "train", "train a net on the rows of a CSV file")
    .argument("[data]", "CSV or TSV file, - for stdin")
    .action(async (data: string | undefined, _, self: Command) => {
      const { train } = await import("./train/train.ts");
      await train(data, self);
    });
  for (const [heading, options] of Object.entries(TRAIN)) addOptions(train, heading, options());
  addOptions(train, "Reading", READ());
  addOptions(train, "Engine", ENGINE());
  addOptions(train, "Output", OUTPUT());
  examples(
    train,
    "xent train penguins.csv -t species --report penguins.html",
    "xent train diabetes.csv -t progression --hidden 64,32 --dropout 0.1 --epochs 200",
    "xent train data.csv -t y --optimizer sgd:momentum=0.9 --lr 0.05 --schedule oneCycle",
    "xent train data.csv -t y --validation 0.2 --patience 10 --metrics accuracy,f1",
    "xent train data.csv -t y --config run.json --json | tee run.jsonl",
    "cat data.tsv | xent train - -t y --out model.safetensors",
  );
}

function addPredict(root: Command): void {
  const predict = command(root, "predict", "predict the rows of a CSV file, as CSV on stdout")
    .argument("<model>", "file that train has written")
    .argument("<data>", "CSV or TSV file, - for stdin")
    .option("-o, --out <file>", "write to a file instead of stdout")
    .action(async (model: string, data: string, options) => {
      const { predict } = await import("./predict.ts");
      await predict(model, data, options);
    });
  addOptions(predict, "Reading", READ());
  addOptions(predict, "Engine", ENGINE());
  addOptions(predict, "Output", OUTPUT());
  examples(
    predict,
    "xent predict iris.safetensors new.csv > predictions.csv",
    "cat new.csv | xent predict iris.safetensors - | head",
    "xent predict iris.safetensors new.csv --json",
  );
}

function addEvaluate(root: Command): void {
  const evaluate = command(root, "eval", "measure a model on rows whose target is known")
    .argument("<model>", "file that train has written")
    .argument("<data>", "CSV or TSV file, - for stdin")
    .addOption(new Option("--metrics <names>", "beside the loss, with commas: f1,rocAuc").argParser(list))
    .action(async (model: string, data: string, options) => {
      const { evaluate } = await import("./evaluate.ts");
      await evaluate(model, data, options);
    });
  addOptions(evaluate, "Reading", READ());
  addOptions(evaluate, "Engine", ENGINE());
  addOptions(evaluate, "Output", OUTPUT());
  examples(
    evaluate,
    "xent eval iris.safetensors iris.csv",
    "xent eval iris.safetensors iris.csv --metrics f1,logLoss",
  );
}

function addInspect(root: Command): void {
  const inspect = command(root, "inspect", "what is in a model, or in a CSV file, and what is odd about it")
    .argument("<file>", "model that train has written, or CSV or TSV file; - is CSV on stdin")
    .action(async (file: string, options) => {
      const { inspect } = await import("./inspect/inspect.ts");
      await inspect(file, options);
    });
  addOptions(inspect, "Of a CSV file", [
    new Option("-t, --target <columns>", "column to predict: its classes, or its spread").argParser(list),
    TASK(),
    new Option("--ignore <columns>", "columns that are no features").argParser(list),
  ]);
  addOptions(inspect, "Reading", READ());
  addOptions(inspect, "Output", [
    new Option("--columns <n>", "columns that are shown, at most; default 40").argParser(whole(1)),
    ...OUTPUT(),
  ]);
  examples(
    inspect,
    "xent inspect penguins.csv --target species",
    "xent inspect penguins.safetensors",
    "curl -s https://example.org/data.csv | xent inspect - --delimiter ';'",
    "xent inspect penguins.safetensors --json | jq .parameters",
  );
}

function addExport(root: Command): void {
  const exporting = command(root, "export", "a model for other programs: ONNX, JavaScript, PyTorch")
    .argument("<model>", "file that train has written")
    .requiredOption("-o, --out <file>", "net.onnx, net.mjs or net.py; - is stdout")
    .addOption(
      new Option("--to <format>", "default: by the end of the file's name").choices([
        "onnx",
        "module",
        "pytorch",
      ]),
    )
    .action(async (model: string, options) => {
      const { exportModel } = await import("./export/export.ts");
      await exportModel(model, options);
    });
  addOptions(exporting, "Of ONNX", [
    new Option("--no-link", "the output is the logits, not what predict gives"),
    new Option("--input <type>", "f32 (default), or u8: bytes, scaled in the graph").choices(["f32", "u8"]),
    new Option("--preprocessing", "the input is raw columns; where all of them are numbers"),
  ]);
  addOptions(exporting, "Output", OUTPUT());
  examples(
    exporting,
    "xent export iris.safetensors --out iris.onnx",
    "xent export iris.safetensors --out iris.onnx --preprocessing",
    "xent export iris.safetensors --out iris.mjs     # predict() without xent",
    "xent export iris.safetensors --out iris-net.py  # and iris-net.safetensors",
  );
}

function addInfo(root: Command): void {
  const info = command(root, "info", "what runs here: engine, build, tile, threads, and why").action(
    async (options) => {
      const { info } = await import("./info.ts");
      await info(options);
    },
  );
  addOptions(info, "Engine", ENGINE());
  addOptions(info, "Output", OUTPUT());
  examples(info, "xent info", "xent info --wide --threads 4", "xent info --json | jq .build");
}

function addBench(root: Command): void {
  const bench = command(root, "bench", "how fast xent is on this machine").action(async (options) => {
    const { bench } = await import("./bench.ts");
    await bench(options);
  });
  addOptions(bench, "What is measured", [
    new Option("--seconds <n>", "that all of it takes, about; default 10").argParser(positive),
  ]);
  addOptions(bench, "Engine", ENGINE());
  addOptions(bench, "Output", OUTPUT());
  examples(bench, "xent bench", "xent bench --wide --threads 1", "xent bench --json > bench.jsonl");
}
