// The worker's file of a thread, or of a hosted runtime, that dies at a moment which whoever starts it has chosen. Plain JavaScript,
// as Node runs it in a thread; of what dies it changes nothing.

import { workerData } from "node:worker_threads";

const { file, moment, left, how, inner } = workerData;

let count = 0;
/** The thread is where it may be about to die. */
function at(here) {
  if (here !== moment || ++count !== left) return;
  if (how === "exit") process.exit(3);
  throw new Error("died on purpose");
}

// it has been woken for a job; it is about to sleep
for (const [name, here] of [
  ["sub", "woken"],
  ["add", "falling asleep"],
]) {
  const real = Atomics[name];
  Atomics[name] = (...args) => {
    at(here);
    return real(...args);
  };
}

// in the midst of a job, before its share of it or after
const { Instance } = WebAssembly;
WebAssembly.Instance = class extends Instance {
  get exports() {
    const { run, ...others } = super.exports;
    const watched = (...args) => {
      at("before its share");
      const end = run(...args);
      at("after its share");
      return end;
    };
    return { ...others, ...(run && { run: watched }) };
  }
};

// the first thread that this one starts
if (inner !== undefined) {
  const threads = process.getBuiltinModule("node:worker_threads");
  const { Worker } = threads;
  let data = inner;
  threads.Worker = class extends Worker {
    constructor(url, options) {
      if (data === undefined) super(url, options);
      else super(new URL(import.meta.url), { ...options, workerData: { ...data, file: url.href } });
      data = undefined;
    }
  };
}

at("starting");
await import(file);
