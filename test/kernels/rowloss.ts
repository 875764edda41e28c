// Runs a loss's kernel over a batch that is off the cache line and has gaps between its rows.

import type { Tensor } from "../../src/memory/plan.ts";
import { expectPoison } from "./compare.ts";
import { type Build, Rig } from "./harness.ts";

export interface Batch {
  readonly op: number;
  readonly parameters?: readonly number[];
  readonly rows: number;
  readonly cols: number;
  readonly z: Float32Array;
  /** class ids, one a row, or as many numbers as z has */
  readonly target: Int32Array | Float32Array;
  /** softCrossEntropy: the targets are ids */
  readonly ids?: boolean;
  /** r of every row */
  readonly weight?: Float32Array | undefined;
  /** one number a column */
  readonly columns?: Float32Array | undefined;
  readonly scale: number;
  /** whether the op counts hits */
  readonly hits?: boolean;
  /** dz over z */
  readonly inPlace?: boolean;
  /** rows of the batch that are in use; the others must stay as they are */
  readonly used?: number;
}

export interface Result {
  readonly dz: Float32Array<ArrayBuffer>;
  readonly loss: Float32Array<ArrayBuffer>;
  /** empty where the op counts none */
  readonly hit: Int32Array;
}

export function runLoss(build: Build, batch: Batch): Result {
  const { op, rows, cols, parameters = [], ids = false, hits = false, scale, used = rows } = batch;
  const rig = new Rig(build);
  const options = { ld: cols + 3, shift: 1, batch: true };
  const z = (batch.inPlace ? rig.inOut : rig.input).call(rig, "z", rows, cols, batch.z, options);
  const dz = batch.inPlace ? z : rig.output("dz", rows, cols, { ld: cols + 5, shift: 2, batch: true });
  const rowLoss = rig.output("loss", rows, 1, { shift: 3, batch: true });
  const hit = hits ? rig.output("hit", rows, 1, { shift: 5, batch: true }) : undefined;
  const width = batch.target instanceof Int32Array ? 1 : cols;
  const ld = width === 1 ? 1 : cols + 4;
  const target = rig.input("target", rows, width, batch.target, { ld, shift: 7, batch: true });
  const optional = (
    name: string,
    values: Float32Array | undefined,
    n: number,
    m: number,
  ): Tensor | undefined =>
    values && rig.input(name, n, m, values, { shift: 9, batch: m === 1 && name === "weight" });
  const weight = optional("weight", batch.weight, rows, 1);
  const columns = optional("columns", batch.columns, 1, cols);
  rig.builder.loss(op, { z, target, dz, rowLoss, weight, hit, columns }, { ids, parameters });
  rig.run({ rows: used, scale });
  const written = [dz, rowLoss, ...(hit ? [hit] : [])];
  if (!batch.inPlace) for (const tensor of written) expectPoison(rig, tensor, used);
  return {
    dz: rig.read(dz),
    loss: rig.read(rowLoss),
    hit: hit ? rig.readInts(hit) : new Int32Array(0),
  };
}
