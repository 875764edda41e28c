// A configuration file: the options of `train` by their names, as JSON. Values are read as those of a command line are, which win.

import { readFile } from "node:fs/promises";
import { type Command, CommanderError, type Option } from "commander";
import { nearest, show } from "../../base/options.ts";
import { XentError } from "../../index.ts";
import { UsageError } from "../errors.ts";

/** Options that may be lists of names. */
const LISTS = ["target", "select", "ignore", "encode", "metrics", "missing"];
/** Options that may be descriptions. */
const DESCRIPTIONS = ["layers", "activation", "init", "loss", "optimizer", "schedule"];

/**
 * Gives a command the options that the file has and the command line has not.
 *
 * @returns what the file calls `data`
 */
export async function applyConfig(command: Command, path: string): Promise<string | undefined> {
  const { data, ...given } = await readConfig(path);
  if (data !== undefined && typeof data !== "string")
    throw new UsageError(`${path}: data is ${show(data)}, expected the path of a CSV file`);
  for (const [name, value] of Object.entries(given)) {
    const option = command.options.find((each) => each.attributeName() === name);
    if (option === undefined || name === "config") throw unknown(command, path, name);
    if (command.getOptionValueSource(name) === "cli") continue;
    command.setOptionValueWithSource(name, read(path, option, value), "config");
  }
  return data;
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const text = await readFile(path, "utf8").catch((error: Error) => {
    throw new XentError(
      "FILE",
      `cannot read the configuration ${show(path)}: ${error.message.split(",")[0]}`,
      "Check the path.",
    );
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no JSON: ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw new UsageError(
    `${path} holds ${show(value)}, expected an object of options such as { "epochs": 20 }`,
  );
}

function read(path: string, option: Option, value: unknown): unknown {
  const name = option.attributeName();
  const refuse = (expected: string): never => {
    throw new UsageError(`${path}: ${name} is ${show(value)}, expected ${expected}`);
  };
  if (option.isBoolean() || option.negate)
    return typeof value === "boolean" ? value : refuse("true or false");
  if (Array.isArray(value) && LISTS.includes(name)) {
    return value.every((each) => typeof each === "string") ? value : refuse("a list of names");
  }
  if (typeof value === "object" && value !== null && DESCRIPTIONS.includes(name)) return value;
  const units = Array.isArray(value) && name === "hidden" ? value.join(",") : value;
  if (typeof units !== "string" && typeof units !== "number") return refuse("a text or a number");
  try {
    return option.parseArg === undefined ? String(units) : option.parseArg(String(units), undefined);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new UsageError(`${path}: ${name} is ${show(value)}. ${error.message}`);
  }
}

function unknown(command: Command, path: string, name: string): UsageError {
  const names = new Set(command.options.map((each) => each.attributeName()));
  const known = [...names].filter((each) => each !== "config");
  const meant = nearest(name, known);
  return new UsageError(
    `${path}: there is no option ${show(name)}. ${meant === undefined ? "" : `Did you mean ${meant}? `}Known: ${known.join(", ")}.`,
  );
}
