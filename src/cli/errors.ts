// What ends the command without its work: a usage error or another one, each in one line, and the exit codes.

import { XentError } from "../base/errors.ts";
import { harmless } from "./text/harmless.ts";

/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** A mistake on the command line or in a configuration file. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** What in hints speaks of the API, and what helps on a command line. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^If the value is missing there.*/s, "If it stands for a missing value, name it: --missing."],
  [/^missing: "drop" leaves.*/s, "--on-missing drop leaves such rows out, impute puts a value in."],
  [/^Such a data set is made by.*/s, "Read it as it was read for training."],
  [/leave the column out\.$/, "--ignore leaves the column out."],
  [/leave it out, or raise maxCategories\.$/, "--ignore leaves it out."],
  [
    /With oneHot\(\{ unknown: "zeros" \}\) others become zeros\.$/,
    "Train with --unknown zeros to take others.",
  ],
  [/fit with missing: "impute", which/, "train with --on-missing impute, which"],
  [/Unpack it: pass .*/s, "Unpack it, as in: gunzip -c FILE | xent train - …"],
  [/, or decode it: new TextDecoder.*/s, "."],
  [/\bbatchSize\b/, "--batch-size"],
  [/\bdropLast(?:: true)?(?=[ .])/, "--drop-last"],
  [/^Save the file as UTF-8.*/s, "Save it as UTF-8; other formats than CSV and TSV are not read."],
  [
    /^It is a safetensors file of something else.*/s,
    "It is a safetensors file of something else: name one that train has written.",
  ],
  [/^Leave preprocessing out.*/s, "Leave --preprocessing out: the input then is the features."],
];

/** The line that tells of an error whose cause is known, and the exit code; undefined for a defect of ours, which needs its stack. */
export function explain(error: unknown): { readonly line: string; readonly code: number } | undefined {
  if (error instanceof UsageError) return { line: oneLine(error.message), code: EXIT.usage };
  if (error instanceof XentError) {
    const { hint, code } = error;
    const meant = HINTS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), hint);
    // what the library finds wrong with an option was on the command line
    return {
      line: oneLine(`${withoutHint(error)}. ${meant}`),
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

/** What a file's rows are refused for, with the file; a row is counted as `predict` numbers it, from 1, behind those `before`. */
export function inFile<T>(path: string, make: () => T, before = 0): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof XentError)) throw error;
    const problem = withoutHint(error).replace(
      /in row (\d+) \(counted from 0\)/,
      (_, row: string) => `in row ${before + Number(row) + 1}`,
    );
    throw new XentError(error.code, `${path}: ${problem}`, error.hint);
  }
}

/** Without the function that found it, and with the file in its place. */
function bare(problem: string): string {
  return problem
    .replace(/^(?:readCsv|streamCsv)(?:File\("(.*?)"\))?: (?:types: )?/, (_, path = "stdin") => `${path}: `)
    .replace(FUNCTION, "")
    .replace(/, as types says so$/, "");
}

const FUNCTION =
  /^(?:readCsvFile|streamCsvFile|loadModel|load|saveModel|checkpoint|exportOnnx|exportModule|writeFileAtomic|preprocess|splitTable|dataset|fit|sequential|evaluate|predict): /;

const oneLine = (text: string): string => harmless(text.replace(/\s*\n\s*/g, " "));
