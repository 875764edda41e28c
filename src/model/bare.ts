// A program over a few matrices: for what runs kernels on the host's own thread, without a net.

import { HYPER_BYTES, RECORD_BYTES } from "../base/abi.ts";
import { Arena } from "../memory/arena.ts";
import { leadingDimension, Plan, type Tensor } from "../memory/plan.ts";
import { Builder, scratchBytes } from "../program/builder.ts";
import { Program } from "../program/program.ts";
import type { Core } from "../wasm/runtime.ts";

/** Name matrices, emit records, then `program()`. */
export class Bare {
  readonly plan: Plan = new Plan();
  readonly hyper: Tensor;
  readonly builder: Builder;
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = { ...core, crew: undefined, sharing: undefined };
    this.hyper = this.plan.tensor("hyper", "hyper", 1, HYPER_BYTES / 4, { given: true });
    this.builder = new Builder(this.plan.tensor("scratch", "edge tiles", 1, scratchBytes() / 4), core.tile);
  }

  /** [rows, cols], its rows padded as all matrices of a model are. */
  matrix(name: string, rows: number, cols: number): Tensor {
    return this.plan.tensor("data", name, rows, cols, { ld: leadingDimension(cols), given: true });
  }

  /** The records so far, in a memory that holds zeros. */
  program(): { arena: Arena; program: Program } {
    const { plan, builder, hyper } = this;
    const room = plan.tensor("program", "program", builder.length, RECORD_BYTES / 4, { given: true });
    const arena = new Arena(this.#core, plan.layout().total);
    return { arena, program: new Program(arena, builder, room, hyper) };
  }
}
