// Starts a thread with JavaScript of its own and gives it one face on every host: node:worker_threads where they are to be
// had (Node, Deno, Bun), else a module Worker. What is said between the threads is other files' matter.

/** A started thread as the one who started it sees it. */
export interface Thread {
  /** Sends a structured clone; what is listed in `transfer` moves instead. */
  post(message: unknown, transfer?: readonly Transferable[]): void;
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
  postMessage(message: unknown, transfer?: readonly Transferable[]): void;
  on(event: "message" | "error" | "messageerror", listener: (value: unknown) => void): void;
  on(event: "exit", listener: (code: number) => void): void;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}
type Process = { getBuiltinModule?(name: string): unknown };

/**
 * @param file  the worker's module, for Node; sources that run uncompiled name a .ts file, and the built one is taken
 * @param web   makes a module Worker of the same file; written out where it is called, for bundlers look for its very words
 */
export function spawn(file: URL, web: () => Worker, listener: Listener): Thread {
  const { process } = globalThis as { process?: Process };
  const node = process?.getBuiltinModule?.("node:worker_threads") as WorkerThreads | undefined;
  return node === undefined
    ? onWeb(web(), listener)
    : onNode(new node.Worker(built(file), OPTIONS), listener);
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

function onWeb(worker: Worker, { message, lost }: Listener): Thread {
  worker.onmessage = ({ data }) => message(data);
  worker.onmessageerror = () => lost("a message could not be read");
  worker.onerror = (event) => {
    event.preventDefault();
    lost(event.message ?? "its file could not be loaded");
  };
  return {
    post: (data, transfer = []) => worker.postMessage(data, [...transfer]),
    hold() {},
    end: () => worker.terminate(),
  };
}
