// What can be measured: a spec has a name, and makes a case for a core.

import type { Program } from "../src/program/program.ts";
import { Reference } from "../src/program/reference.ts";
import type { Core } from "../src/wasm/runtime.ts";

/** Something to measure, before it is known what runs it. */
export interface Spec {
  /** as in the JSON */
  readonly name: string;
  /** heading it stands under in the table; may be empty */
  readonly group: string;
  make(core: Core): Case;
}

/** What one run of a case does. */
export interface Work {
  /** floating-point operations */
  readonly flops: number;
  /** read or written, by the op table */
  readonly bytes: number;
  /** elements, where speed is counted in them */
  readonly elements?: number;
  /** whether it does little but move memory, so that its speed is that of its bytes */
  readonly memoryBound?: boolean;
  /** of a product: useful columns of C by computed ones */
  readonly lanes?: number;
}

/** Something to measure, over memory of its own. */
export interface Case {
  readonly name: string;
  readonly work: Work;
  /** Runs it and compares the result with plain f64 arithmetic: what is wrong, or undefined. */
  check(): string | undefined;
  run(): void;
}

/**
 * Bytes that a run of the program, as it is set, reads and writes: each record's once, of a gather the rows that it
 * takes, and no kernel's scratch.
 */
export function bytesOf(program: Program): number {
  const reference = new Reference(program);
  return program.drafts
    .flatMap((_, i) => [...reference.reads(i), ...reference.writes(i)])
    .reduce((sum, { rows, bytes }) => sum + rows * bytes, 0);
}
