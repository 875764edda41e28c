// What one core can do at most: fused multiply-adds on 128-bit vectors in registers, and nothing else (bench/peak.ts).
// Runs in the worker that measures, between its turns.

import probe from "../../build/probe.wasm?url";
import { timeOf } from "./clock.ts";

/** A sample, in GFLOP/s, of so many milliseconds; or why there is none. */
export type Peak = { sample(ms: number): number } | { readonly reason: string };

/** Rounds of a call, 96 floating-point operations each: some 40 µs. */
const ROUNDS = 20_000;
/** Engines replace a function between two of its calls: many short ones warm it. */
const [WARM_ROUNDS, WARM_CALLS] = [100, 20_000];

export async function openPeak(): Promise<Peak> {
  let bytes: ArrayBuffer;
  try {
    const answer = await fetch(probe);
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    bytes = await answer.arrayBuffer();
  } catch (error) {
    return { reason: `the program that measures it could not be loaded (${(error as Error).message})` };
  }
  if (!WebAssembly.validate(bytes))
    return { reason: "this browser has no relaxed SIMD, and with it no fused multiply-add to measure" };
  const memory = new WebAssembly.Memory({ initial: 1 });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  const { fmaPeak } = instance.exports as { fmaPeak(rounds: number, p: number): void };
  const vectors = new Float32Array(memory.buffer, 0, 56);
  // factors 1e-6, sums 1, which stay near 1: nothing subnormal or infinite
  const reset = (): void => {
    vectors.fill(1, 8).fill(1e-6, 0, 8);
  };

  reset();
  for (let call = 0; call < WARM_CALLS; call++) fmaPeak(WARM_ROUNDS, 0);
  return {
    sample(ms) {
      reset();
      return (96 * ROUNDS) / timeOf(() => fmaPeak(ROUNDS, 0), ms, 1) / 1e6;
    },
  };
}
