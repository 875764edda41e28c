// A process that says, whenever it is asked by a line on stdin, how many times as fast two threads are here and now that never
// wait for each other. Two virtual cores may be halves of one, for seconds at a time: then no program gains by a second thread.

import { createInterface } from "node:readline";
import type { Case } from "../case.ts";
import { findVariants, withThreads } from "../find-variants.ts";
import { CEILING } from "../shapes.ts";
import { threadsSpecs } from "../threads.ts";
import { THREADS } from "./contestants.ts";

const TURNS = 3;
const TURN_MS = 8;
const WARM_MS = 200;

// the build that every engine has
const [narrow] = (await findVariants(["simd"], false)).list;
if (narrow === undefined) throw new Error("the build simd is not to be had");
const ceiling = threadsSpecs().find(({ name }) => name === CEILING);
if (ceiling === undefined) throw new Error(`there is no case ${CEILING}`);
const cases = [ceiling.make(narrow.core), ceiling.make((await withThreads(narrow, THREADS)).core)] as const;
for (const item of cases) turn(item, WARM_MS);
console.log(JSON.stringify({ ready: true }));
for await (const _ of createInterface({ input: process.stdin })) {
  // sums of both: what came in between met them alike
  const times: [number, number] = [0, 0];
  for (let i = 0; i < TURNS; i++) {
    times[0] += turn(cases[0], TURN_MS);
    times[1] += turn(cases[1], TURN_MS);
  }
  console.log(JSON.stringify({ gain: times[0] / times[1] }));
}
process.exit(0);

/** Mean milliseconds of a run. */
function turn(item: Case, ms: number): number {
  const start = performance.now();
  let runs = 0;
  let now = start;
  for (; now < start + ms; now = performance.now()) {
    item.run();
    runs++;
  }
  return (now - start) / runs;
}
