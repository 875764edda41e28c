// The kernels of a training step that do little but move memory, at the sizes of 784-128-10 and its wider sibling. Their
// speed is in GB/s, each byte read and each written counted once, to be held against a plain copy (copy.ts).

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
    spec(
      `sgdStep ${PARAMETERS}`,
      PARAMETERS,
      (rig) => {
        const p = rig.input("p", 1, PARAMETERS, "numbers", PARAMETERS);
        rig.builder.sgdStep(p, rig.input("g", 1, PARAMETERS, "numbers", PARAMETERS));
        return p;
      },
      { inPlace: true },
    ),
  ];
}

/** @param build  declares the record and returns what it writes */
function spec(name: string, elements: number, build: (rig: Rig) => Tensor, { inPlace = false } = {}): Spec {
  return {
    name,
    group: GROUP,
    make(core) {
      const rig = new Rig(core);
      const out = build(rig);
      return recordCase(rig, name, [{ tensor: out }], { rows: ROWS, elements, memoryBound: true, inPlace });
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
