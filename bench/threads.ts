// The suite `threads`: products and steps of the other suites, by name, to be run on one thread and on several; a record that
// does nothing: what handing a run to others costs; and products that need no barrier: the most that threads can give here.

import { HYPER_BYTES, HYPER_WORDS_BYTES, OP_RELU_FORWARD, RECORD_BYTES } from "../src/base/abi.ts";
import { Arena } from "../src/memory/arena.ts";
import { Plan } from "../src/memory/plan.ts";
import { write } from "../src/program/record.ts";
import { Runner } from "../src/program/runner.ts";
import type { Core } from "../src/wasm/runtime.ts";
import type { Case, Spec } from "./case.ts";
import { gemmSpecs } from "./gemm.ts";
import { Rig, recordCase } from "./rig.ts";
import { CEILING, HAND_OFF, productName, SQUARES } from "./shapes.ts";
import { stepSpecs } from "./step.ts";

export function threadsSpecs(): Spec[] {
  const squares = new Set(SQUARES.filter(({ n }) => n >= 256).map(productName));
  return [
    ...gemmSpecs().filter(({ name }) => squares.has(name)),
    ...stepSpecs(),
    { name: HAND_OFF, group: "", make: emptyCase },
    { name: CEILING, group: "", make: ceilingCase },
  ];
}

/** All threads are told of a record without rows, and meet behind it. */
function emptyCase(core: Core): Case {
  const plan = new Plan();
  const hyper = plan.tensor("hyper", "hyper", 1, HYPER_BYTES / 4, { given: true });
  const room = plan.tensor("program", "program", 1, RECORD_BYTES / 4, { given: true });
  const arena = new Arena(core, plan.layout().total);
  write(arena.i32(room), 0, { op: OP_RELU_FORWARD, flags: 0, p: [], d: [0, 0], s: [], f: [] });
  const runner = new Runner(arena, room.address, hyper.address);
  // shared however little it is
  const run = (): void => runner.run(0, 1, Number.POSITIVE_INFINITY);
  return {
    name: HAND_OFF,
    work: { flops: 0, bytes: 1 },
    run,
    check() {
      const before = arena.i32(hyper).slice(0, HYPER_WORDS_BYTES / 4);
      run();
      const changed = arena
        .i32(hyper)
        .slice(0, HYPER_WORDS_BYTES / 4)
        .findIndex((word, i) => word !== before[i]);
      return changed < 0 ? undefined : `word ${changed} of the hyper region changed`;
    },
  };
}

/** Rows that are as many tiles, of any height, for each of 2, 4 and 8 threads; the product stays in the second-level cache. */
const [ROWS, COLUMNS, DEPTH] = [480, 64, 128];
const TIMES = 32;

/** The same product again and again: each thread overwrites its own rows, so nothing is waited for before the end. */
function ceilingCase(core: Core): Case {
  const rig = new Rig(core);
  const a = rig.input("a", ROWS, DEPTH, "numbers");
  const b = rig.builder.inPlace(rig.input("b", DEPTH, COLUMNS, "numbers"));
  const c = rig.matrix("c", ROWS, COLUMNS);
  for (let i = 0; i < TIMES; i++) rig.builder.sgemm(a, b, c);
  return recordCase(rig, CEILING, [{ tensor: c }], {
    rows: 1,
    elements: TIMES * ROWS * COLUMNS,
    memoryBound: false,
  });
}
