// A thread of a crew: runs its share of whatever it is told to, and sleeps in between.

import type { WasmMemory } from "../base/platform.ts";
import { poison } from "../wasm/poison.ts";
import * as control from "./control.ts";
import type { Port } from "./port.ts";

type Run = (
  program: number,
  hyper: number,
  first: number,
  last: number,
  thread: number,
  threads: number,
) => number;

/** Looks at the control words before it sleeps: some 0.2 ms, in which the host of a training run has the next step ready. */
const LOOKS = 200_000;

const memories = new Map<number, { memory: WasmMemory; run: Run }>();
let start: control.Start | undefined;
/** the last job that was done */
let done = 0;

/** @returns what takes the messages of the pool: one of them makes this worker a thread, for good */
export function member(post: Port["post"]): (message: control.Start | control.News) => void {
  return (message) => {
    if ("module" in message) {
      start = message;
      post(control.READY);
      work();
    } else memories.set(message.number, { memory: message.memory, run: instance(message.memory) });
  };
}

/** Apart from wasm/load.ts, of which a thread has no other use. */
function instance(memory: WasmMemory): Run {
  const abort = (): never => {
    throw new Error("an assertion failed");
  };
  const { module } = start as control.Start;
  return new WebAssembly.Instance(module, { env: { memory: memory as WebAssembly.Memory, abort } }).exports
    .run as Run;
}

/** Takes jobs until one is in a memory that is still on its way: messages come between two calls. */
function work(): void {
  const { control: words, thread, threads } = start as control.Start;
  for (;;) {
    const job = nextJob(words);
    const at = (word: number): number => words[word] as number;
    const place = memories.get(at(control.MEMORY));
    if (place === undefined) break;
    done = job;
    const hyper = at(control.HYPER);
    try {
      place.run(at(control.PROGRAM), hyper, at(control.FIRST), at(control.LAST), thread, threads);
    } catch (error) {
      say(words, String(error));
      poison(place.memory, hyper);
    }
  }
  later(work);
}

/** After the messages that have come. */
const later: (work: () => void) => void = typeof setImmediate === "function" ? setImmediate : setTimeout;

function nextJob(words: Int32Array): number {
  let job = Atomics.load(words, control.JOBS);
  for (let i = 0; job === done && i < LOOKS; i++) job = Atomics.load(words, control.JOBS);
  while (job === done) {
    Atomics.add(words, control.SLEEPERS, 1);
    Atomics.wait(words, control.JOBS, done);
    Atomics.sub(words, control.SLEEPERS, 1);
    job = Atomics.load(words, control.JOBS);
  }
  return job;
}

/** Leaves word of an error where the host finds it at once, without a turn of its event loop. */
function say(words: Int32Array, text: string): void {
  const units = new Uint16Array(words.buffer, words.byteOffset + 4 * control.TEXT, control.TEXT_BYTES / 2);
  const length = Math.min(text.length, units.length);
  for (let i = 0; i < length; i++) units[i] = text.charCodeAt(i);
  Atomics.store(words, control.LENGTH, length);
}
