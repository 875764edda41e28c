// The commands and their options, as commander has them. What a command does is loaded when it is called: `--help` loads none of it.

import { Command, Option } from "commander";
import { command, EXIT_CODES, examples, helpWidth, version } from "./command.ts";
import { addMore } from "./more-commands.ts";
import { addOptions, ENGINE, OUTPUT, READ, TRAIN } from "./options.ts";
import { list } from "./parse.ts";

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

  const train = command(root, "train", "train a net on the rows of a CSV file")
    .argument("[data]", "CSV or TSV file, - for stdin")
    .action(async (data: string | undefined, _, self: Command) => {
      const { train } = await import("./train.ts");
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
  addMore(root);
  return root;
}
