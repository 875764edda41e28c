// One record over memory of its own: its operands are declared, filled with random data, and the result is held against
// the f64 interpreter.

import * as abi from "../src/base/abi.ts";
import { shuffle } from "../src/base/random.ts";
import { Arena } from "../src/memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../src/memory/plan.ts";
import { Builder, scratchBytes } from "../src/program/builder.ts";
import { Program } from "../src/program/program.ts";
import { Reference } from "../src/program/reference.ts";
import { flops } from "../src/program/work.ts";
import type { Core } from "../src/wasm/runtime.ts";
import { bytesOf, type Case } from "./case.ts";
import { bits, fillNormal } from "./random.ts";

/** What a matrix of inputs holds, as targets of a loss or as anything else. */
export type Target = "ids" | "probabilities" | "answers" | "numbers";

/** What is in a tensor before the record runs. */
type Fill = (arena: Arena, random: ReturnType<typeof bits>) => void;

/** Declares a record's operands; they are filled once the plan is laid out. */
export class Rig {
  readonly core: Core;
  readonly plan = new Plan();
  readonly hyper = this.plan.tensor("hyper", "hyper", 1, abi.HYPER_BYTES / 4, { given: true });
  readonly builder: Builder;
  readonly fills: Fill[] = [];

  constructor(core: Core) {
    this.core = core;
    this.builder = new Builder(this.plan.tensor("scratch", "edge tiles", 1, scratchBytes() / 4), core.tile);
  }

  matrix(name: string, rows: number, cols: number, ld = leadingDimension(cols)): Tensor {
    return this.plan.tensor("activations", name, rows, cols, { ld });
  }

  input(name: string, rows: number, cols: number, kind: Exclude<Target, "ids">, ld?: number): Tensor {
    const tensor = this.matrix(name, rows, cols, ld);
    this.fills.push((arena, random) => {
      const values = arena.f32(tensor);
      fillNormal(values, rows, cols, tensor.ld, random);
      if (kind === "answers") for (const [i, x] of values.entries()) values[i] = 1 / (1 + Math.exp(-x));
      if (kind !== "probabilities") return;
      for (let i = 0; i < rows; i++) {
        const row = values.subarray(i * tensor.ld, i * tensor.ld + cols);
        const sum = row.reduce((a, x) => a + Math.exp(x), 0);
        for (const [j, x] of row.entries()) row[j] = Math.exp(x) / sum;
      }
    });
    return tensor;
  }

  /** A column of class ids. */
  ids(name: string, rows: number, classes: number): Tensor {
    const tensor = this.plan.tensor("batch", name, rows, 1);
    this.fills.push((arena, random) => {
      for (let i = 0; i < rows; i++) arena.i32(tensor)[i] = random.below(classes);
    });
    return tensor;
  }

  /** Rows of unpadded bytes. */
  bytes(name: string, rows: number, cols: number): Tensor {
    const tensor = this.plan.tensor("data", name, rows, cols, { size: 1, given: true });
    this.fills.push((arena, random) => {
      const values = arena.u8(tensor);
      for (let i = 0; i < values.length; i++) values[i] = random.below(256);
    });
    return tensor;
  }

  /** The numbers 0 … count − 1 in a random order. */
  order(name: string, count: number): Tensor {
    const tensor = this.plan.tensor("data", name, 1, count, { given: true });
    this.fills.push((arena, random) => shuffle(arena.u32(tensor), random));
    return tensor;
  }
}

interface Options {
  /** of the batch */
  rows: number;
  elements: number;
  memoryBound: boolean;
  /** whether the result is an input too, which must not be poisoned */
  inPlace?: boolean;
}

/** Learning rate of the check; it is 0 while time is taken, or parameters would run away. */
const CHECK_LR = 0.5;

/** A dozen roundings an element, each at most 2⁻²⁴, in the norm. */
const TOLERANCE = 2 ** -20;

/** What a record writes: f32 values, whole numbers, or f64 values of two words each. */
export interface Output {
  readonly tensor: Tensor;
  readonly whole?: boolean;
  readonly double?: boolean;
}

/** The rig's record as a case, by all that it writes; further records repeat it. */
export function recordCase(rig: Rig, name: string, outputs: readonly Output[], options: Options): Case {
  const { rows, elements, memoryBound, inPlace = false } = options;
  const room = rig.plan.tensor("program", "program", rig.builder.length, abi.RECORD_BYTES / 4, {
    given: true,
  });
  const arena = new Arena(rig.core, rig.plan.layout().total);
  const program = new Program(arena, rig.builder, room, rig.hyper);
  const random = bits(elements);
  for (const fill of rig.fills) fill(arena, random);
  program.set(rows, 0, 0, 1 / rows);
  return {
    name,
    work: { flops: flops(program.words, rows), bytes: bytesOf(program), elements, memoryBound },
    run: () => program.run(),
    check() {
      if (!inPlace) for (const { tensor } of outputs) arena.f32(tensor).fill(Number.NaN);
      program.set(rows, 0, CHECK_LR, 1 / rows);
      const reference = new Reference(program);
      reference.run(0, 1);
      program.run();
      program.set(rows, 0, 0, 1 / rows);
      for (const output of outputs) {
        const problem = compare(arena, reference, output);
        if (problem !== undefined) return problem;
      }
      return undefined;
    },
  };
}

function compare(
  arena: Arena,
  reference: Reference,
  { tensor, whole = false, double = false }: Output,
): string | undefined {
  const { name, address, rows, cols, ld } = tensor;
  if (whole) {
    const expected = reference.bits(address, rows * cols);
    const at = arena.i32(tensor).findIndex((value, i) => value !== expected[i]);
    return at < 0 ? undefined : `${name}[${at}] is ${arena.i32(tensor)[at]}, expected ${expected[at]}`;
  }
  const words = arena.view(address, tensor.bytes);
  const step = double ? 2 : 1;
  let [off, size] = [0, 0];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j += step) {
      const at = 4 * (i * ld + j);
      const exact = reference.values[reference.word(address + at)] as number;
      off += ((double ? words.getFloat64(at, true) : words.getFloat32(at, true)) - exact) ** 2;
      size += exact ** 2;
    }
  }
  const error = Math.sqrt(off / size);
  if (error <= TOLERANCE) return undefined;
  return `relative error of ${name} ${error} of the whole, expected at most 2⁻²⁰`;
}
