// What ends the command without its work: a usage error or another one, each in one line, and the exit codes.

import { XentError } from "../base/errors.ts";

/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** A mistake on the command line or in a configuration file. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Hints that speak of the API, and what helps on a command line. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^If the value is missing there/, "If it stands for a missing value, name it: --missing."],
  [/^missing: "drop" leaves/, "--on-missing drop leaves such rows out, impute puts a value in."],
  [/^Such a data set is made by/, "Read it as it was read for training."],
];

/** The line that tells of an error whose cause is known, and the exit code; undefined for a defect of ours, which needs its stack. */
export function explain(error: unknown): { readonly line: string; readonly code: number } | undefined {
  if (error instanceof UsageError) return { line: oneLine(error.message), code: EXIT.usage };
  if (error instanceof XentError) {
    const { hint, code } = error;
    const [, instead = hint] = HINTS.find(([pattern]) => pattern.test(hint)) ?? [];
    // what the library finds wrong with an option was on the command line
    return {
      line: oneLine(`${withoutHint(error)}. ${instead}`),
      code: code === "OPTION" ? EXIT.usage : EXIT.failed,
    };
  }
  // of the file system, such as a full disk behind stdout
  if (error instanceof Error && "syscall" in error)
    return { line: oneLine(error.message), code: EXIT.failed };
  return undefined;
}

/** What an error found, without what to do about it. */
export function withoutHint({ message, hint }: XentError): string {
  return bare(message.slice(0, message.length - hint.length - 2));
}

/** Without the function that found it, and with the file in its place. */
function bare(problem: string): string {
  return problem
    .replace(/^(?:readCsv|streamCsv)(?:File\("(.*?)"\))?: (?:types: )?/, (_, path?: string) =>
      path === undefined ? "" : `${path}: `,
    )
    .replace(/^(?:readCsvFile|streamCsvFile|loadModel|preprocess|fit|sequential|evaluate|predict): /, "")
    .replace(/, as types says so$/, "");
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ");
