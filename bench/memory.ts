// The kernels of a training step that do little but move memory, at the sizes of 784-128-10 and its wider sibling. Their
// speed is in GB/s, each byte read and each written counted once, to be held against a plain copy (copy.ts).

import {
  OP_ADAGRAD_STEP,
  OP_ADAM_STEP,
  OP_MOMENTUM_STEP,
  OP_RMSPROP_STEP,
  OP_SGD_STEP,
  SQUARES_BLOCK,
} from "../src/base/abi.ts";
import { wholeTiles } from "../src/base/tile.ts";
import type { Tensor } from "../src/memory/plan.ts";
import type { Spec } from "./case.ts";
import { Rig, recordCase } from "./rig.ts";

const ROWS = 128;
const FEATURES = 784;
/** Rows of the data set that batches are gathered from, 3.2 MB as f32. */
const DATA_ROWS = 1024;
const WIDTH = 512;
/** Of 784-128-10 as they lie in memory, padding included. */
const PARAMETERS = 115_104;

const GROUP = "memory";

export function memorySpecs(): Spec[] {
  return [
    spec(`gather ${ROWS}x${FEATURES}`, ROWS * FEATURES, (rig) =>
      // a data set is not padded
      gather(rig, rig.input("data", DATA_ROWS, FEATURES, "numbers", FEATURES)),
    ),
    spec(`gatherU8 ${ROWS}x${FEATURES}`, ROWS * FEATURES, (rig) =>
      gather(rig, rig.bytes("data", DATA_ROWS, FEATURES)),
    ),
    spec(`pack ${ROWS}x${WIDTH}`, ROWS * WIDTH, (rig) => pack(rig, false)),
    spec(`pack ${ROWS}x${WIDTH} turned`, ROWS * WIDTH, (rig) => pack(rig, true)),
    spec(`columnSums ${ROWS}x${WIDTH}`, ROWS * WIDTH, (rig) => {
      const sums = rig.matrix("sums", 1, WIDTH);
      rig.builder.columnSums(rig.input("x", ROWS, WIDTH, "numbers"), sums);
      return sums;
    }),
    ...UPDATES.map(({ name, op, kept, scalars }) =>
      spec(
        `${name} ${PARAMETERS}`,
        PARAMETERS,
        (rig) => {
          const slots = kept.map((what, i) => run(rig, `slot ${i}`, what));
          const p = run(rig, "p", "numbers");
          rig.builder.update(op, [p, run(rig, "g", "numbers"), ...slots], [1, ...scalars]);
          return [p, ...slots];
        },
        { inPlace: true },
      ),
    ),
    spec(
      `prepareGradient ${PARAMETERS}`,
      PARAMETERS,
      (rig) => {
        const g = run(rig, "g", "numbers");
        // held to ±1 in each repetition, so that it does not grow
        rig.builder.prepareGradient(run(rig, "p", "numbers"), g, { most: 1, decay: 0.01, l1: 0.001 });
        return g;
      },
      { inPlace: true },
    ),
    spec(
      `squareSums ${PARAMETERS}`,
      PARAMETERS,
      (rig) => {
        const sums = rig.matrix("sums", 1, 2 * Math.ceil(PARAMETERS / SQUARES_BLOCK));
        rig.builder.squareSums(run(rig, "g", "numbers"), sums);
        return sums;
      },
      { double: true },
    ),
  ];
}

/** Optimisers: what they keep is a number, or at least 0 where it is a square. */
const UPDATES: readonly {
  name: string;
  op: number;
  kept: readonly ("numbers" | "answers")[];
  scalars: readonly number[];
}[] = [
  { name: "sgdStep", op: OP_SGD_STEP, kept: [], scalars: [] },
  { name: "momentumStep", op: OP_MOMENTUM_STEP, kept: ["numbers"], scalars: [0.9, 0] },
  { name: "adamStep", op: OP_ADAM_STEP, kept: ["numbers", "answers"], scalars: [0.1, 0.001, 1e-8, 0.01] },
  { name: "rmspropStep", op: OP_RMSPROP_STEP, kept: ["answers"], scalars: [0.01, 1e-8, 0] },
  { name: "adagradStep", op: OP_ADAGRAD_STEP, kept: ["answers"], scalars: [1e-8] },
];

const run = (rig: Rig, name: string, what: "numbers" | "answers"): Tensor =>
  rig.input(name, 1, PARAMETERS, what, PARAMETERS);

/** @param build  declares the record and returns what it writes */
function spec(
  name: string,
  elements: number,
  build: (rig: Rig) => Tensor | readonly Tensor[],
  { inPlace = false, double = false } = {},
): Spec {
  return {
    name,
    group: GROUP,
    make(core) {
      const rig = new Rig(core);
      const outputs = [build(rig)].flat().map((tensor) => ({ tensor, double }));
      return recordCase(rig, name, outputs, { rows: ROWS, elements, memoryBound: true, inPlace });
    },
  };
}

function gather(rig: Rig, data: Tensor): Tensor {
  const batch = rig.matrix("batch", ROWS, FEATURES);
  rig.builder.gather(data, rig.order("order", DATA_ROWS), batch, data.size === 1 ? 1 / 255 : 1);
  return batch;
}

function pack(rig: Rig, turned: boolean): Tensor {
  const [k, n] = turned ? [WIDTH, ROWS] : [ROWS, WIDTH];
  const panels = rig.plan.tensor("scratch", "panels", 1, wholeTiles(rig.core.tile, n) * k);
  rig.builder.pack(rig.input("b", ROWS, WIDTH, "numbers"), turned, panels);
  return panels;
}
