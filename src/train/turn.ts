// Gives the event loop its turn during long work, and while another thread is late.

import type { Network } from "../nn/network.ts";
import type { Program } from "../program/program.ts";

const page = typeof document !== "undefined";

/** Milliseconds of work between two turns of the event loop: half a frame on a page, 50 elsewhere. */
export const SLICE_MS = page ? 8 : 50;

/** Resolves after the event loop has handled what was waiting. */
export function turn(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  // a page clamps nested timers to 4 ms; a message port does not
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(undefined);
  });
}

/** Goes on with a run that stalled, after each turn of the event loop that its taker gives. */
export function* late(network: Network, program: Program): Generator<undefined, void> {
  let over = false;
  try {
    while (!over) {
      yield undefined;
      // disposed meanwhile
      network.check();
      over = program.resume();
    }
  } finally {
    // whoever takes the steps does not want to wait any longer
    if (!over) program.abandon();
  }
}
