// Times the records of a training run one by one, which a step in one go does not allow: such a run is some per cent slower.

import { OPS } from "../base/ops.ts";
import type { Network } from "../nn/network.ts";
import type { Program } from "../program/program.ts";
import { view } from "../program/record.ts";
import { late } from "./turn.ts";

/** What one record of the training step took. */
export interface ProfileLine {
  /** the kernel */
  readonly op: string;
  /** the layer, or what else it is for */
  readonly label: string;
  /** milliseconds a step, in the mean over all steps */
  readonly ms: number;
  /** of the time of all records */
  readonly share: number;
  /** billions of floating-point operations a second, of a whole batch */
  readonly gflops: number;
}

export class Stopwatch {
  #ms = new Float64Array(0);
  #rows = new Float64Array(0);
  #program: Program | undefined;

  /** Runs records first … last − 1, each by itself. Yields when another thread is late. */
  *run(network: Network, program: Program, first: number, last: number): Generator<undefined, void> {
    if (this.#program !== program) {
      // rows of another program say nothing of this one's records
      this.#program = program;
      this.#ms = new Float64Array(program.drafts.length);
      this.#rows = new Float64Array(program.drafts.length);
    }
    const { rows } = program;
    for (let i = first; i < last; i++) {
      const start = performance.now();
      if (!program.begin(i, i + 1)) yield* late(network, program);
      this.#ms[i] = (this.#ms[i] as number) + performance.now() - start;
      this.#rows[i] = (this.#rows[i] as number) + rows;
    }
  }

  /** @param steps  that were timed */
  lines(steps: number): ProfileLine[] {
    const program = this.#program;
    if (program === undefined) return [];
    const total = this.#ms.reduce((sum, ms) => sum + ms, 0);
    return program.drafts.map(({ label }, i) => {
      const ms = this.#ms[i] as number;
      const record = view(program.words, i, 2 ** 31 - 1);
      const op = OPS.get(record.op);
      // work of a full batch, in proportion to the rows that came
      const flops = ((op?.flops(record) ?? 0) * (this.#rows[i] as number)) / Math.max(1, record.batchRows);
      const done = record.batchRows === 0 ? (op?.flops(record) ?? 0) * steps : flops;
      return {
        op: op?.name ?? "?",
        label,
        ms: ms / Math.max(1, steps),
        share: total === 0 ? 0 : ms / total,
        gflops: ms === 0 ? 0 : done / ms / 1e6,
      };
    });
  }
}
