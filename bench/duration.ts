// The command line of the scripts that measure for some seconds: --seconds, --json, --help.

import { parseArgs } from "node:util";
import { UsageError, writable } from "./cli.ts";

export interface Duration {
  readonly seconds: number;
  readonly json: string | undefined;
}

/** Runs `work`, which gives the exit code, with what the command line says; or says what is wrong with it. */
export async function forSeconds(
  help: string,
  [fallback, least, most]: readonly [fallback: number, least: number, most: number],
  work: (asked: Duration) => number | Promise<number>,
): Promise<number> {
  try {
    const options = {
      seconds: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean" },
    } as const;
    const { values } = parseArgs({ options });
    if (values.help) {
      console.log(help);
      return 0;
    }
    const seconds = Number(values.seconds ?? fallback);
    if (!(seconds >= least && seconds <= most)) {
      throw new UsageError(`--seconds is "${values.seconds}"; expected a number from ${least} to ${most}.`);
    }
    writable("json", values.json);
    return await work({ seconds, json: values.json });
  } catch (error) {
    if (!(error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")))
      throw error;
    console.error(`${(error as Error).message}\n\n${help}`);
    return 2;
  }
}
