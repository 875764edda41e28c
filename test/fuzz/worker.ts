// The thread of a fuzz run: it draws inputs, gives them to the target, and looks at what became of the thread.

import { parentPort, workerData } from "node:worker_threads";
import fc from "fast-check";
import {
  type Counts,
  INDEX,
  INPUT,
  type Job,
  LENGTH,
  LONGEST,
  most,
  PULSE,
  type Target,
  type Word,
} from "./harness.ts";
import { allocated, watchAllocations, watchPrototypes } from "./watch.ts";

/** Inputs are drawn so many at a time. */
const BATCH = 50;
const TELL_MS = 200;

const { file, exported, runs, seed, shared } = workerData as Job;
const words = new Int32Array(shared, 0, INPUT / 4);
const copy = new Uint8Array(shared, INPUT);
const say = (word: Word): void => parentPort?.postMessage(word);

watchAllocations();
const { [exported]: target } = (await import(file)) as Record<string, Target>;
if (target === undefined) throw new Error(`${file} exports no ${exported}`);

/** What is wrong with how the target reads an input, or how many stages that has passed. */
async function reading(
  input: Uint8Array,
  { read, stages, most: own = most }: Target,
): Promise<string | number> {
  const [length, cap] = [input.length, own(input)];
  allocated.reset(cap);
  let found: string | number;
  try {
    found = await read(input);
  } catch (error) {
    found = error instanceof Error ? (error.stack ?? String(error)) : `threw ${String(error)}`;
  }
  const { bytes } = allocated;
  allocated.reset(Number.POSITIVE_INFINITY);
  if (bytes > cap) return `allocates ${bytes} bytes at least, expected ${cap} at most for ${length} of input`;
  const polluted = changed();
  if (polluted.length > 0) return `changes ${polluted.join(", ")}`;
  if (input.some((byte, i) => byte !== copy[i])) return "changes its input";
  if (typeof found === "string" || (Number.isInteger(found) && found >= 0 && found <= stages.length))
    return found;
  return `says that ${found} of ${stages.length} stages were passed`;
}

const changed = watchPrototypes();
const passed = new Array<number>(target.stages.length).fill(0);
const start = performance.now();
let told = start;

async function all({ name, stages, inputs }: Target): Promise<void> {
  const counts = (done: number): Counts => {
    return { name, stages, inputs: done, passed, seconds: (performance.now() - start) / 1000 };
  };
  for (let done = 0; done < runs; ) {
    Atomics.add(words, PULSE, 1);
    const batch = fc.sample(inputs, { numRuns: Math.min(BATCH, runs - done), seed: (seed + done) | 0 });
    for (const input of batch) {
      if (input.length > LONGEST) throw new Error(`an input of ${input.length} bytes, at most ${LONGEST}`);
      copy.set(input);
      words[LENGTH] = input.length;
      words[INDEX] = done;
      Atomics.add(words, PULSE, 1);
      const found = await reading(input, target as Target);
      if (typeof found === "string") return say({ problem: found });
      for (let stage = 0; stage < found; stage++) passed[stage] = (passed[stage] as number) + 1;
      done++;
    }
    const now = performance.now();
    if (now - told < TELL_MS) continue;
    told = now;
    say({ counts: counts(done), done: false });
  }
  say({ counts: counts(runs), done: true });
}

await all(target);
