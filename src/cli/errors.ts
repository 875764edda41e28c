// What ends the command without its work: a usage error or another one, each in one line, and the exit codes.

import { XentError } from "../index.ts";

/** What the process ends with. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** A mistake on the command line or in a configuration file. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Runs what reads options: what the library finds wrong with them is a usage error. */
export function asUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof XentError && error.code === "OPTION") throw new UsageError(error.message);
    throw error;
  }
}

/** The line that tells of an error whose cause is known, and the exit code; undefined for a defect of ours, which needs its stack. */
export function explain(error: unknown): { readonly line: string; readonly code: number } | undefined {
  if (error instanceof UsageError) return { line: oneLine(error.message), code: EXIT.usage };
  if (error instanceof XentError) return { line: oneLine(error.message), code: EXIT.failed };
  // of the file system, such as a full disk behind stdout
  if (error instanceof Error && "syscall" in error)
    return { line: oneLine(error.message), code: EXIT.failed };
  return undefined;
}

const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, " ");
