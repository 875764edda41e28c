// Runs build/probe.wasm: one sample of what a core can do at most, and of its clock. Plain enough for Node ≥ 24 to
// run as it stands: no imports but Node's, no syntax that needs compiling.

import { readFileSync } from "node:fs";

/** Peak of fused multiply-adds on 128-bit vectors, and the clock, over the same few milliseconds. */
export interface PeakSample {
  readonly gflops: number;
  /** the same with product and sum as two instructions */
  readonly mulAddGflops: number;
  readonly ghz: number;
}

/** Rounds of `fmaPeak`, 96 floating-point operations each: about 40 µs. */
const PEAK_ROUNDS = 20_000;
/** Rounds of `clock`, 96 cycles each: about 60 µs. */
const CLOCK_ROUNDS = 2_000;
const TIMES = 50;
/** V8 enters a function in its baseline compiler and replaces it between calls: many short calls warm it. */
const WARM_ROUNDS = 20;
const WARM_CALLS = 1_000;

/** The name of this engine, as the header quotes it. */
export const engine = `Node ${process.versions.node}`;

/** Whether this engine compiles the probe as it should: Node 22 spills its registers, Node 20 refuses it. */
export const suitable = Number.parseInt(process.versions.node, 10) >= 24;

/** Compiles the probe, warms it until the optimising compiler has had it, and returns the sampler. */
export function openProbe(): () => PeakSample {
  const module = new WebAssembly.Module(readFileSync(new URL("../build/probe.wasm", import.meta.url)));
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { fmaPeak, mulAddPeak, clock } = new WebAssembly.Instance(module, { env: { memory } }).exports as {
    fmaPeak(rounds: number, p: number): void;
    mulAddPeak(rounds: number, p: number): void;
    clock(rounds: number, x: number): number;
  };
  const vectors = new Float32Array(memory.buffer, 0, 56);
  // accumulators 1, factors 1e-6: sums that stay near 1, nothing subnormal or infinite
  const reset = (): void => {
    vectors.fill(1, 8).fill(1e-6, 0, 8);
  };

  for (let round = 0; round < WARM_ROUNDS; round++) {
    reset();
    for (let call = 0; call < WARM_CALLS; call++) {
      fmaPeak(100, 0);
      mulAddPeak(100, 0);
      clock(10, 3);
    }
  }
  return () => {
    const peakMs: number[] = [];
    const mulAddMs: number[] = [];
    const clockMs: number[] = [];
    for (let i = 0; i < TIMES; i++) {
      reset();
      const start = performance.now();
      fmaPeak(PEAK_ROUNDS, 0);
      const fused = performance.now();
      mulAddPeak(PEAK_ROUNDS, 0);
      const apart = performance.now();
      clock(CLOCK_ROUNDS, 3);
      peakMs.push(fused - start);
      mulAddMs.push(apart - fused);
      clockMs.push(performance.now() - apart);
    }
    return {
      gflops: (96 * PEAK_ROUNDS) / middle(peakMs) / 1e6,
      mulAddGflops: (96 * PEAK_ROUNDS) / middle(mulAddMs) / 1e6,
      ghz: (96 * CLOCK_ROUNDS) / middle(clockMs) / 1e6,
    };
  };
}

function middle(times: number[]): number {
  return times.sort((a, b) => a - b)[times.length >> 1] as number;
}
