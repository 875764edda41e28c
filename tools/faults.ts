// `npm run test:faults`: the faults of threads, many times over, each time in a fresh process; ends at the first failure.

import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";

const times = Number(process.argv[2] ?? 50);
if (!Number.isInteger(times) || times < 1) {
  console.error(`Usage: npm run test:faults -- [times]; "${process.argv[2]}" is no whole number from 1.`);
  process.exit(2);
}
const args = ["node_modules/vitest/vitest.mjs", "run", "--project=node", "test/threads/faults.test.ts"];
const start = performance.now();
for (let time = 1; time <= times; time++) {
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  if (status !== 0) {
    console.error(`${stdout}\ntime ${time} of ${times} failed, after ${seconds} s`);
    process.exit(1);
  }
  if (time % 10 === 0 || time === times)
    console.log(`${time} of ${times} times without a fault, ${seconds} s`);
}
console.log(`The suite ran ${times} times in a row on ${availableParallelism()} cores.`);
