// Reading a command line of `--name value`: the parts that examples share. It checks and complains; it runs nothing.

import { parseArgs } from "node:util";

/** A mistake on the command line; the message is for whoever typed it. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The texts behind the named options, or "help". */
export function readValues<Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): Partial<Record<Name, string>> | "help" {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(names.map((name) => [name, { type: "string" } as const])),
        help: { type: "boolean", short: "h" },
      },
    });
    return values.help ? "help" : (values as Partial<Record<Name, string>>);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function wholeNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  least: number,
  most: number,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} is "${text}", expected a whole number from ${least} to ${most}`);
}

export function positiveNumber(
  name: string,
  text: string | undefined,
  fallback: number,
  most = Number.MAX_VALUE,
): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= most) return value;
  const limit = most === Number.MAX_VALUE ? "" : `, at most ${most}`;
  throw new UsageError(`--${name} is "${text}", expected a number above 0${limit}`);
}

/** A number from −most to most. */
export function numberWithin(name: string, text: string | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() !== "" && Math.abs(value) <= most) return value;
  throw new UsageError(`--${name} is "${text}", expected a number from -${most} to ${most}`);
}
