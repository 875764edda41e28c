// The one error class. Every message says what was expected, what came and what to do.

/**
 * What went wrong, for programs to switch on.
 *
 * - `SHAPE` sizes that do not fit; `LABEL` a class id that is no integer or out of range
 * - `NOT_FINITE` NaN or ±Infinity in features or targets; `OPTION` an option's name or value
 * - `EMPTY` no rows, or none that counts; `WEIGHT` a row's weight that is negative or no number
 * - `TARGET` targets that the loss cannot have; `LOSS` a loss that does not fit the model or the call
 * - `CSV`, `NPY`, `IDX` text or bytes that are no such file; `COLUMN` a column, or a value in it, that is not as it should be
 * - `PREPROCESSING` rows that were not prepared as the model's were; `EXPORT` a model that another format cannot hold; `STATE` a state dict that does not fit the model
 * - `CHECKPOINT` bytes that are no saved model, or none that can be loaded here, or something that cannot be saved
 * - `FILE` a file could not be read, written or fetched
 * - `TOO_LARGE` more memory than a WebAssembly memory can have; `MEMORY` the host refused it. Plain arrays that it refuses are the engine's
 *   own RangeError; after either the model is what it was before the call, or after the last step of a run
 * - `NO_LOSS` a loss is needed and none is known; `BUSY` the model is training; `DISPOSED` it was disposed
 * - `DIVERGED` the loss became NaN or infinite; `UNSUPPORTED` the engine cannot run the build, or a package is not there
 * - `HOSTED_FUNCTION` a function cannot go to a hosted runtime; `WORKER_LOST` a thread ended before its work
 */
export type XentErrorCode =
  | "SHAPE"
  | "LABEL"
  | "NOT_FINITE"
  | "EMPTY"
  | "WEIGHT"
  | "TARGET"
  | "LOSS"
  | "OPTION"
  | "CSV"
  | "NPY"
  | "IDX"
  | "COLUMN"
  | "PREPROCESSING"
  | "EXPORT"
  | "STATE"
  | "CHECKPOINT"
  | "FILE"
  | "TOO_LARGE"
  | "MEMORY"
  | "NO_LOSS"
  | "BUSY"
  | "DISPOSED"
  | "DIVERGED"
  | "UNSUPPORTED"
  | "HOSTED_FUNCTION"
  | "WORKER_LOST";

/**
 * The error of this library: a `code` to switch on, a message to read, a `hint` that says what to do.
 * @category Errors
 * @example
 * ```ts
 * import { dataset, XentError } from "xent";
 * try {
 *   dataset({ x: [[1, 2], [3, Number.NaN]], y: [0, 1] });
 * } catch (error) {
 *   if (!(error instanceof XentError)) throw error;
 *   error.code; // → "NOT_FINITE"
 * }
 * ```
 */
export class XentError extends Error {
  override readonly name = "XentError";
  readonly code: XentErrorCode;
  readonly hint: string;

  /**
   * @param code     what went wrong
   * @param problem  `where: what came, what was expected`
   * @param hint     what to do about it
   */
  constructor(code: XentErrorCode, problem: string, hint: string) {
    super(`${problem}. ${hint}`);
    this.code = code;
    this.hint = hint;
  }
}
