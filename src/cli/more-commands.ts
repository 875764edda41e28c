// The commands beside training and predicting: what is in a file, a model for other programs, what runs here and how fast.

import { type Command, Option } from "commander";
import { command, examples } from "./command.ts";
import { addOptions, ENGINE, OUTPUT, READ } from "./options.ts";
import { list, positive, whole } from "./parse.ts";

export function addMore(root: Command): void {
  const inspect = command(root, "inspect", "what is in a model, or in a CSV file, and what is odd about it")
    .argument("<file>", "model that train has written, or CSV or TSV file; - is CSV on stdin")
    .action(async (file: string, options) => {
      const { inspect } = await import("./inspect.ts");
      await inspect(file, options);
    });
  addOptions(inspect, "Of a CSV file", [
    new Option("-t, --target <columns>", "column to predict: its classes, or its spread").argParser(list),
    new Option("--task <kind>", "classification, or regression; default: by the target's values").choices([
      "classification",
      "regression",
    ]),
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
      const { exportModel } = await import("./export.ts");
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

  const info = command(root, "info", "what runs here: engine, build, tile, threads, and why").action(
    async (options) => {
      const { info } = await import("./info.ts");
      await info(options);
    },
  );
  addOptions(info, "Engine", ENGINE());
  addOptions(info, "Output", OUTPUT());
  examples(info, "xent info", "xent info --wide --threads 4", "xent info --json | jq .build");

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
