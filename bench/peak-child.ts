// The probe in a process of its own, for benches that run on another engine: `node@24 bench/peak-child.ts` writes
// its engine's name, then a sample for every line it reads, and ends when its input does. Lines are JSON.

import { createInterface } from "node:readline";
import { engine, openProbe } from "./probe.ts";

const sample = openProbe();
const say = (value: unknown): boolean => process.stdout.write(`${JSON.stringify(value)}\n`);

say(engine);
createInterface({ input: process.stdin }).on("line", () => say(sample()));
