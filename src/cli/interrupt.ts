// Ctrl-C, and the request of a system to end: the first one aborts a signal, so that what runs can be brought to an end; a second
// one ends the process at once.

import { EXIT } from "./errors.ts";

export interface Interrupt {
  readonly signal: AbortSignal;
  /** what the process is to end with, once it was interrupted */
  readonly exitCode: number;
  /** From now on the process ends as it would without us. */
  release(): void;
}

/** Runs what keeps nothing when it is interrupted: it ends where it next looks at the signal, and the terminal is left in order. */
export async function untilInterrupted(
  leave: () => void,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const interrupt = interruptible(leave);
  try {
    await work(interrupt.signal);
  } catch (error) {
    if (error !== interrupt.signal.reason) throw error;
    process.exitCode = interrupt.exitCode;
  } finally {
    leave();
    interrupt.release();
  }
}

/** A launcher such as npm passes on the Ctrl-C that the terminal has sent us already. */
const SAME_MS = 500;

/** @param leave  what is to be put in order before the process ends at once */
export function interruptible(leave: () => void): Interrupt {
  const controller = new AbortController();
  let first = 0;
  let exitCode: number = EXIT.interrupted;
  const onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (!controller.signal.aborted) {
      first = now;
      exitCode = name === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
      controller.abort();
    } else if (now - first > SAME_MS) {
      leave();
      process.exit(exitCode);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    release() {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
