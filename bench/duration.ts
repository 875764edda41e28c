// The command line of the scripts that measure for some seconds: --seconds, --json, perhaps --html, --help.

import { parseArgs } from "node:util";
import { UsageError, writable } from "./cli.ts";

export interface Duration {
  readonly seconds: number;
  readonly json: string | undefined;
  readonly html: string | undefined;
}

/**
 * Runs `work`, which gives the exit code, with what the command line says; or says what is wrong with it.
 *
 * @param page  whether it writes --html
 */
export async function forSeconds(
  help: string,
  [fallback, least, most]: readonly [fallback: number, least: number, most: number],
  work: (asked: Duration) => number | Promise<number>,
  page = false,
): Promise<number> {
  try {
    const text = { type: "string" } as const;
    const options = { seconds: text, json: text, help: { type: "boolean" } } as const;
    const { values }: { values: { seconds?: string; json?: string; html?: string; help?: boolean } } = page
      ? parseArgs({ options: { ...options, html: text } })
      : parseArgs({ options });
    if (values.help) {
      console.log(help);
      return 0;
    }
    const seconds = Number(values.seconds ?? fallback);
    if (!(seconds >= least && seconds <= most)) {
      throw new UsageError(`--seconds is "${values.seconds}"; expected a number from ${least} to ${most}.`);
    }
    const { json, html } = values;
    writable("json", json);
    writable("html", html);
    return await work({ seconds, json, html });
  } catch (error) {
    if (!(error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")))
      throw error;
    console.error(`${(error as Error).message}\n\n${help}`);
    return 2;
  }
}
