// What a hosted runtime and its caller say to each other, and how values are made ready to cross. Nothing is sent here.

import { XentError, type XentErrorCode } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { WasmModule } from "../base/platform.ts";
import type { PreprocessingSpec } from "../base/spec.ts";
import type { CheckedRows } from "../data/dataset.ts";
import type { DataStream } from "../data/stream.ts";
import type { Callback } from "../train/fit.ts";
import type { BuildName } from "../wasm/builds.ts";
import type { Info } from "./choose.ts";

/** All that the far side holds goes by a number. This is the runtime's, and before there is one, that of its maker. */
export const RUNTIME = 0;

/** A method to be called over there. */
export interface Call {
  readonly id: number;
  /** the number of the object that has the method */
  readonly on: number;
  readonly name: string;
  readonly args: readonly unknown[];
  /** the number of the data set that is the first argument */
  readonly data?: number | undefined;
  /** what was taken out of the options, which are the second argument */
  readonly apart?: Apart | undefined;
  /** the number under which the result is held, instead of coming back */
  readonly keep?: number | undefined;
}

/** Options that do not cross, and what stands for them. */
export interface Apart {
  /** the number of the data set */
  readonly validation: number | undefined;
  /** whether the caller's signal is aborted already */
  readonly aborted: boolean;
  /** which callbacks there are */
  readonly tell: readonly (keyof Callback)[];
}

/** What the caller's `onEpochEnd` came to: an abort of its own goes before it. */
export type Verdict = "goOn" | "thrown";

/** Checked rows as they are sent. */
export type SentRows = Omit<CheckedRows, "preprocessing"> & {
  readonly preprocessing: PreprocessingSpec | undefined;
};

/** From the caller. `abort` names what a call keeps, or else the call. */
export type Order =
  | { readonly what: "call"; readonly call: Call }
  | { readonly what: "data"; readonly key: number; readonly rows: SentRows }
  | ({ readonly what: "stream"; readonly key: number } & Pick<DataStream, "rows" | "blockRows">)
  | Chunk
  | { readonly what: "abort"; readonly key: number }
  | { readonly what: "verdict"; readonly id: number; readonly verdict: Verdict }
  | { readonly what: "drop"; readonly key: number }
  | {
      readonly what: "build";
      readonly name: BuildName;
      readonly module?: WasmModule;
      readonly failure?: Failure;
    };

/** The next rows of a stream in one of its passes; neither rows nor failure at its end. */
export interface Chunk {
  readonly what: "chunk";
  readonly pass: number;
  readonly rows?: SentRows | undefined;
  readonly failure?: Failure;
}

/** How a call ended; `info` when it has changed. */
export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: Failure | undefined;
  /** of the model, when they have changed; null where it has none any more */
  readonly classes?: readonly string[] | null | undefined;
  readonly preprocessing?: PreprocessingSpec | null | undefined;
  readonly info?: Info | undefined;
}

/** To the caller: the end of a call, something for its callbacks, or that a build, or the next rows of a stream, are wanted. */
export type Report =
  | Answer
  | { readonly pull: number; readonly pass: number; readonly over: boolean }
  | { readonly build: BuildName }
  | { readonly id: number; readonly tell: keyof Callback; readonly event: never; readonly info?: undefined };

/** An error on its way; `abort` is the one that an abort makes. */
export type Failure =
  | { readonly kind: "xent"; readonly code: XentErrorCode; readonly problem: string; readonly hint: string }
  | {
      readonly kind: "other";
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
    }
  | { readonly kind: "abort" };

export function failureOf(error: unknown): Failure {
  if (error instanceof XentError) {
    const { code, message, hint } = error;
    return { kind: "xent", code, problem: message.slice(0, -`. ${hint}`.length), hint };
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(show(error));
  return { kind: "other", name, message, stack };
}

/** The error again; of an abort, the signal's reason. */
export function errorOf(failure: Failure, reason: unknown): unknown {
  switch (failure.kind) {
    case "xent":
      return new XentError(failure.code, failure.problem, failure.hint);
    case "other": {
      const { name, message, stack } = failure;
      const own = (value: unknown) => ({ value, writable: true, configurable: true });
      return Object.defineProperties(new Error(message), { name: own(name), stack: own(stack) });
    }
    case "abort":
      return reason;
  }
}

/** Whether a buffer is one memory to all threads. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return buffer[Symbol.toStringTag] === "SharedArrayBuffer";
}

/** The buffers of a result that nobody else looks into: they may move. */
export function fresh(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    const { buffer } = value;
    if (!isShared(buffer) && buffer.byteLength === value.byteLength) found.add(buffer as ArrayBuffer);
  } else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) fresh(part, found);
  }
  return found;
}

/** How deep options hold arrays: { "0.weight": { data } }. */
const DEPTH = 2;

/**
 * Arguments as they are sent. A clone of a view takes the whole buffer along, so views of a part become arrays of their
 * own; these move.
 */
export function packed<T>(value: T, transfer: ArrayBuffer[], depth = DEPTH): T {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    if (isShared(buffer) || buffer.byteLength === byteLength) return value;
    const part = (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
    transfer.push(part);
    // by its tag, for a Buffer is made in other ways than the Uint8Array it is
    const kind = (value as unknown as Uint8Array)[Symbol.toStringTag] as "Uint8Array";
    return new globalThis[kind](part) as T;
  }
  if (!isPlain(value) || depth < 0) return value;
  const entries = Object.entries(value).map(([name, each]) => [name, packed(each, transfer, depth - 1)]);
  return Object.fromEntries(entries) as T;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/**
 * Why arguments could not be sent.
 *
 * @param names  of the parameters
 * @param cause  what the engine says
 */
export function unsendable(
  where: string,
  names: readonly string[],
  args: readonly unknown[],
  cause: Error,
): XentError {
  const at = args.findIndex((arg) => !crosses(arg));
  const [path, value] = culprit(names[at] ?? `argument ${at}`, args[at], new Set());
  if (typeof value === "function") {
    return new XentError(
      "HOSTED_FUNCTION",
      `${where}: ${path} is a function, which cannot go to a hosted runtime`,
      "Pass what it returns, or leave it out: only the callbacks of fit are called, on this side.",
    );
  }
  return new XentError(
    "OPTION",
    `${where}: ${path} is ${show(value)}, which cannot go to a hosted runtime (${cause.message})`,
    "Pass plain objects, arrays and typed arrays.",
  );
}

/** The innermost value that does not cross, and the way to it. */
function culprit(path: string, value: unknown, seen: Set<unknown>): [path: string, value: unknown] {
  seen.add(value);
  if (typeof value !== "object" || value === null) return [path, value];
  for (const [name, part] of Object.entries(value)) {
    if (seen.has(part) || crosses(part)) continue;
    return culprit(Array.isArray(value) ? `${path}[${name}]` : `${path}.${name}`, part, seen);
  }
  return [path, value];
}

function crosses(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
