// The far end of a thread, seen from inside it: one face for node:worker_threads and module Workers.

/** What a worker says and hears. */
export interface Port {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  listen(message: (data: unknown) => void): void;
}

/** The parts of Node's `parentPort` that are used here. */
interface ParentPort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  on(event: "message", listener: (value: unknown) => void): void;
}
type Process = { getBuiltinModule?(name: string): unknown };

/** The way to whoever started this worker. */
export function port(): Port {
  const { process } = globalThis as { process?: Process };
  const node = process?.getBuiltinModule?.("node:worker_threads") as
    | { parentPort: ParentPort | null }
    | undefined;
  if (node?.parentPort) {
    const { parentPort } = node;
    return {
      post: (data, transfer) => parentPort.postMessage(data, transfer),
      listen: (message) => parentPort.on("message", message),
    };
  }
  const scope = globalThis as unknown as Pick<Worker, "postMessage" | "onmessage">;
  return {
    post: (data, transfer = []) => scope.postMessage(data, [...transfer]),
    listen(message) {
      scope.onmessage = ({ data }) => message(data);
    },
  };
}
