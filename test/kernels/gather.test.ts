// gather copies bits; gatherU8 is one rounding of the product and one of the sum: a table of 256 values.

import { describe, it } from "vitest";
import { floats, integers, SEED } from "../oracle/data.ts";
import { gather } from "../oracle/rows.ts";
import { expectBits, expectPoison } from "./compare.ts";
import { builds, Rig } from "./harness.ts";

const COLS = [1, 2, 3, 4, 5, 7, 8, 17, 64];
const SOURCE_ROWS = 19;
/** [capacity of the batch, rows in use, where the batch begins in the index list] */
const BATCHES = [
  [1, 0, 0],
  [1, 1, 3],
  [5, 4, 0],
  [8, 8, 9],
  [11, 6, 19],
] as const;

describe.each(builds)(`gather, $name build (seed ${SEED})`, (build) => {
  const index = new Uint32Array(integers(7, 30, 0, SOURCE_ROWS - 1));

  it.each(COLS)("%i columns of f32, and of whatever else has 4 bytes", (cols) => {
    for (const [capacity, rows, first] of BATCHES) {
      const src = floats(cols, SOURCE_ROWS * cols).map((x, i) => (i % 5 === 0 ? Number.NaN : x));
      const rig = new Rig(build);
      const dst = rig.output("dst", capacity, cols, { ld: cols + 3, shift: 1, batch: true });
      const from = rig.input("src", SOURCE_ROWS, cols, src, { shift: 3 });
      rig.builder.gather(from, rig.input("index", 1, index.length, index, { shift: 2 }), dst);
      rig.run({ rows, first });
      const expected = gather(src, cols, index.subarray(first, first + rows));
      expectBits(rig.read(dst).slice(0, rows * cols), expected, `${rows} rows from ${first}`);
      expectPoison(rig, dst, rows);
    }
  });

  it.each(COLS)("%i columns of u8, scale·x + shift", (cols) => {
    for (const [capacity, rows, first] of BATCHES) {
      for (const [scale, shift] of [
        [1, 0],
        [Math.fround(1 / 255), 0],
        [Math.fround(2 / 255), -1],
      ] as const) {
        const src = integers(cols, SOURCE_ROWS * cols, 0, 255);
        const rig = new Rig(build);
        const dst = rig.output("dst", capacity, cols, { ld: cols + 3, shift: 1, batch: true });
        // an odd address: bytes stand anywhere
        const from = rig.input("src", SOURCE_ROWS, cols, src, { size: 1, shift: 5 });
        rig.builder.gather(from, rig.input("index", 1, index.length, index, { shift: 2 }), dst, scale, shift);
        rig.run({ rows, first });
        const products = gather(src, cols, index.subarray(first, first + rows), scale);
        expectBits(
          rig.read(dst).slice(0, rows * cols),
          products.map((x) => Math.fround(x) + shift),
          `${rows} rows`,
        );
        expectPoison(rig, dst, rows);
      }
    }
  });

  it("every byte: bits of fround(fround(x·scale) + shift)", () => {
    const [scale, shift] = [Math.fround(1 / 77.7), Math.fround(-0.123)];
    const bytes = Int32Array.from({ length: 256 }, (_, i) => i);
    const rig = new Rig(build);
    const dst = rig.output("dst", 1, 256);
    rig.builder.gather(
      rig.input("src", 1, 256, bytes, { size: 1 }),
      rig.input("index", 1, 1, new Uint32Array(1)),
      dst,
      scale,
      shift,
    );
    rig.run();
    expectBits(
      rig.read(dst),
      Array.from(bytes, (x) => Math.fround(x * scale) + shift),
      "table",
    );
  });
});
