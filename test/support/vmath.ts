// The kernels' own functions of lib/math.ts over arrays, from a build of their own: the same operations, and so the same
// bits, in every build.

import { ARENA_BASE } from "../../src/base/abi.ts";
import { wasmBytes } from "./core.ts";

/** Most values a call. */
const VMATH_MOST = 1 << 16;

/** Room for two runs of VMATH_MOST values and more. */
export const vmathMemory = new WebAssembly.Memory({ initial: 16 });

/** y[i] ← f(x[i]) for i < n, f one of MATH_*: as in assembly/vmath.ts. */
export const { vmath: vmathInto } = new WebAssembly.Instance(new WebAssembly.Module(wasmBytes("vmath")), {
  env: { memory: vmathMemory },
}).exports as { vmath(f: number, n: number, x: number, y: number): void };

const values = new Float32Array(vmathMemory.buffer, ARENA_BASE, VMATH_MOST);

/** f of every x. */
export function vmath(f: number, x: Float32Array): Float32Array<ArrayBuffer> {
  const n = Math.ceil(x.length / 4) * 4;
  values.fill(0, x.length, n).set(x);
  vmathInto(f, n, ARENA_BASE, ARENA_BASE);
  return values.slice(0, x.length);
}
