// Refusals: which error a call gives.

import { expect } from "vitest";
import { XentError, type XentErrorCode } from "../../src/base/errors.ts";

/** What a call throws, or what its promise rejects with; undefined if all goes well. */
export async function thrown(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Expects an XentError with this code, a hint, and all the given pieces in its message. */
export async function refuses(run: () => unknown, code: XentErrorCode, ...pieces: string[]): Promise<void> {
  const error = await thrown(run);
  expect(error, `${code} expected`).toBeInstanceOf(XentError);
  const { code: got, message, hint } = error as XentError;
  expect(got, message).toBe(code);
  expect(hint.length).toBeGreaterThan(5);
  expect(message.endsWith(hint)).toBe(true);
  for (const piece of pieces) expect(message).toContain(piece);
}
