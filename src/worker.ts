/**
 * The worker in which a hosted runtime lives, or one thread of a runtime. `hosted` and `init` start it.
 *
 * Bundlers that make a file of a worker when they see one started (Vite, webpack) need nothing. For others it is an entry of its own,
 * whose address goes into the option `worker`.
 *
 * @module xent/worker
 */

import { host } from "./model/hosting.ts";
import type { News, Start } from "./threads/control.ts";
import { port } from "./threads/port.ts";

type Take = (message: Start | News) => void;

let serving = false;

/**
 * Begins to answer whoever started this worker. The file does so by itself; a worker of your own that has more to do calls it, as
 * bundlers leave out a file of which nothing is used.
 * @category Runtime
 * @example
 * ```ts
 * // my-worker.ts, for hosted({ worker: new URL("./my-worker.js", import.meta.url) })
 * import { serve } from "xent/worker";
 * serve();
 * ```
 */
export function serve(): void {
  if (serving) return;
  serving = true;
  const { post, listen } = port();
  const far = host(post);
  /** once the first message has made this worker a thread */
  let thread: Promise<Take> | undefined;
  listen((message) => {
    if (isStart(message)) thread = import("./threads/member.ts").then(({ member }) => member(post));
    if (thread === undefined) far(message);
    else void thread.then((take) => take(message as Start | News));
  });
}

function isStart(message: unknown): boolean {
  return typeof message === "object" && message !== null && "control" in message;
}

serve();
