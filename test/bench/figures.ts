// Made-up outcomes of measuring processes, for tests of what is done with them.

import type { Work } from "../../bench/case.ts";
import { LARGE_BYTES, SMALL_BYTES } from "../../bench/copy.ts";
import type { Measurement, Outcome } from "../../bench/protocol.ts";
import type { Setting } from "../../bench/report.ts";
import type { Variant } from "../../bench/variants.ts";

export const SIMD: Variant = { build: "simd", tile: "5x8", wide: false, fused: false, threads: 1 };
export const RELAXED: Variant = { build: "relaxed", tile: "6x8", wide: false, fused: true, threads: 1 };
export const WIDE: Variant = { build: "relaxed", tile: "6x16", wide: true, fused: true, threads: 1 };

export const known: Setting = {
  cpu: "Some CPU",
  cores: 2,
  platform: "linux x64",
  load: 0.1,
  date: "2026-11-21T10:20:30.000Z",
  smoke: false,
  processes: 1,
};

export const samples = [49, 50, 51].map((gflops) => ({ gflops, mulAddGflops: gflops - 10, ghz: 3.2 }));

export function measurement(
  name: string,
  variant: Variant | null,
  turns: readonly number[],
  work: Partial<Work> = {},
): Measurement {
  return { name, variant, turns, work: { flops: 2 * 512 ** 3, bytes: 3 * 2 ** 20, ...work } };
}

/** What a copy of memory gives: 100 GB/s of the small block, 10 of the large one. */
export const copies: Measurement[] = [
  measurement(`copy of ${SMALL_BYTES} bytes`, null, [(2 * SMALL_BYTES) / 1e8], {
    flops: 0,
    bytes: 2 * SMALL_BYTES,
  }),
  measurement(`copy of ${LARGE_BYTES} bytes`, null, [(2 * LARGE_BYTES) / 1e7], {
    flops: 0,
    bytes: 2 * LARGE_BYTES,
  }),
];

export function outcome(measurements: readonly Measurement[], others: Partial<Outcome> = {}): Outcome {
  const variants = [...new Set(measurements.flatMap(({ variant }) => variant ?? []))];
  return {
    engine: "Node 24.21.0",
    v8: "13.6.233.17-node.53",
    variants,
    leftOut: [],
    wrong: [],
    checked: measurements.length,
    rounds: 15,
    measurements,
    peak: samples,
    ...others,
  };
}
