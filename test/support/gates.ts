// Makes the last thread wait in a record of a program, or trap there. Waiting is an op of the debug build alone.

import { Worker } from "node:worker_threads";
import * as abi from "../../src/base/abi.ts";
import type { Program } from "../../src/program/program.ts";

/** Where a program's records stand in its memory. */
function recordsOf({ words, memory }: Pick<Program, "words" | "memory">): Int32Array {
  const all = new Int32Array(memory);
  for (let at = abi.ARENA_BASE / 4; ; at += 16) {
    if (words.every((word, i) => all[at + i] === word)) return all.subarray(at, at + words.length);
  }
}

/** Makes the last thread wait in record i of a program. */
export function waitIn({ memory, hyper, words }: Program, i: number): Gate {
  const records = recordsOf({ memory, words });
  const flags = records.byteOffset / 4 + (i * abi.RECORD_BYTES + abi.RECORD_FLAGS) / 4;
  const gate = (hyper.byteOffset + abi.HYPER_GATE) / 4;
  const all = new Int32Array(memory);
  const before = all[flags] as number;
  Atomics.store(all, gate, 0);
  all[flags] = before | abi.FLAG_SPIN;
  return { all, flags, before, gate };
}

export interface Gate {
  readonly all: Int32Array;
  readonly flags: number;
  readonly before: number;
  readonly gate: number;
}

/** Lets the waiting thread go on, and no other wait. */
export function open({ all, flags, before, gate }: Gate): void {
  all[flags] = before;
  Atomics.store(all, gate, 1);
}

/** The same from another thread, after so many milliseconds: for when this one waits. */
export function openFromOutside(gate: Gate, ms: number): void {
  const code = `const { open, gate, ms } = require("node:worker_threads").workerData;
    setTimeout(new Function("return " + open)(), ms, gate);`;
  new Worker(code, { eval: true, workerData: { open: open.toString(), gate, ms } });
}

/** Sends the last thread beyond the end of memory in record i: six rows, of which the memory has the first. */
export function trapIn(program: Program, i: number): void {
  const records = recordsOf(program);
  const end = program.memory.byteLength;
  const at = (i * abi.RECORD_BYTES) / 4;
  records[at] = abi.OP_RELU_FORWARD;
  records[at + abi.RECORD_FLAGS / 4] = 0;
  for (const p of [0, 1]) records[at + abi.RECORD_P / 4 + p] = end - 3 * 64;
  records.set([6, 16], at + abi.RECORD_D / 4);
  records.set([16, 16], at + abi.RECORD_S / 4);
}
