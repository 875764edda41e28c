// Starts a thread with JavaScript of its own and gives it one face on every host: node:worker_threads where they are to be
// had (Node, Deno, Bun), else a module Worker. What is said between the threads is other files' matter.

import type { WorkerFrom } from "../base/crew.ts";
import { XentError } from "../base/errors.ts";

/** A started thread as the one who started it sees it. */
export interface Thread {
  /** Sends a structured clone; what is listed in `transfer` moves instead. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Whether the process stays alive for it; a page always does. */
  hold(held: boolean): void;
  /** Ends it at once, wherever it is. */
  end(): void;
}

/** What becomes of a thread: messages, and once the reason why it is no more, unless `end` was called. */
export interface Listener {
  message(data: unknown): void;
  lost(reason: string): void;
}

/** The parts of node:worker_threads that are used here. */
interface WorkerThreads {
  readonly Worker: new (file: URL, options: { execArgv: string[]; name: string }) => NodeWorker;
}
interface NodeWorker {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: "message" | "error" | "messageerror", listener: (value: unknown) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}
type Process = { getBuiltinModule?(name: string): unknown };

/**
 * @internal
 * @param file  the worker's module, for Node; sources that run uncompiled name a .ts file, and the built one is taken
 * @param web   makes a module Worker of the same file; written out where it is called, for bundlers look for its very words
 * @param from  another file to take, or how
 */
export function spawn(file: URL, web: () => Worker, listener: Listener, from?: WorkerFrom): Thread {
  const { process } = globalThis as { process?: Process };
  const node = process?.getBuiltinModule?.("node:worker_threads") as WorkerThreads | undefined;
  const { url, blob = false } = from ?? {};
  const chosen = url === undefined ? built(file) : new URL(url);
  if (node !== undefined) return onNode(new node.Worker(chosen, OPTIONS), listener);
  try {
    if (blob) return fromBlob(chosen, listener);
    return onWeb(url === undefined ? web() : new Worker(chosen, { type: "module" }), listener);
  } catch (cause) {
    const error = new XentError(
      "WORKER_LOST",
      `a worker could not be started (${(cause as Error).message})`,
      'A page starts none from another origin, where its own file would be: pass worker: "blob" to init or hosted.',
    );
    error.cause = cause;
    throw error;
  }
}

/** What the process was started with, such as a loader of TypeScript, is not for a thread. */
const OPTIONS = { execArgv: [], name: "xent" };

/** Node runs no TypeScript in a thread before version 22.18. */
function built(file: URL): URL {
  return new URL(file.href.replace(/\/src\/(.*)\.ts$/, "/dist/$1.js"));
}

function onNode(worker: NodeWorker, { message, lost }: Listener): Thread {
  let over = false;
  const once = (reason: string): void => {
    if (!over) lost(reason);
    over = true;
  };
  worker.on("message", message);
  worker.on("messageerror", (error) => once(String(error)));
  worker.on("error", (error) => once(error instanceof Error ? error.message : String(error)));
  worker.on("exit", (code) => once(`it ended with code ${code}`));
  return {
    post: (data, transfer) => worker.postMessage(data, transfer),
    hold: (held) => (held ? worker.ref() : worker.unref()),
    end() {
      over = true;
      void worker.terminate();
    },
  };
}

/** A worker of this origin, whatever the file's is. */
function fromBlob({ href }: URL, { message, lost }: Listener): Thread {
  const own = URL.createObjectURL(new Blob([`import ${JSON.stringify(href)};`], { type: "text/javascript" }));
  const loaded = (): void => URL.revokeObjectURL(own);
  return onWeb(new Worker(own, { type: "module" }), {
    message(data) {
      loaded();
      message(data);
    },
    lost(reason) {
      loaded();
      lost(reason);
    },
  });
}

function onWeb(worker: Worker, { message, lost }: Listener): Thread {
  worker.onmessage = ({ data }) => message(data);
  worker.onmessageerror = () => lost("a message could not be read");
  worker.onerror = (event) => {
    event.preventDefault();
    // of a file that is not there, no browser says more
    lost(
      event.message ??
        "its file could not be loaded (a bundle of esbuild or Rollup makes none: name it by the option worker)",
    );
  };
  return {
    post: (data, transfer = []) => worker.postMessage(data, [...transfer]),
    hold() {},
    end: () => worker.terminate(),
  };
}
