// Watches which workers this process starts, and what is sent to them. Node only.

import type { Worker, WorkerOptions } from "node:worker_threads";

/** A started worker with all that it was sent. */
export type Watched = Worker & { readonly sent: unknown[] };

/**
 * Runs `work` and returns the workers that were started meanwhile.
 *
 * @param instead  a module that is started in place of each
 */
export async function workersMade(work: () => unknown, instead?: URL): Promise<Watched[]> {
  const threads = process.getBuiltinModule("node:worker_threads");
  const { Worker: Real } = threads;
  const made: Watched[] = [];
  threads.Worker = class extends Real {
    readonly sent: unknown[] = [];
    constructor(file: URL, options: WorkerOptions) {
      super(instead ?? file, options);
      made.push(this);
    }
    override postMessage(message: unknown, transfer?: Parameters<Worker["postMessage"]>[1]): void {
      this.sent.push(message);
      super.postMessage(message, transfer);
    }
  };
  try {
    await work();
  } finally {
    threads.Worker = Real;
  }
  return made;
}

/** Resolves when a worker has ended. */
export function ended(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.threadId === -1) resolve();
    else worker.once("exit", () => resolve());
  });
}
