// The compiled builds, as Network and init take them. Node only.

import { readFileSync } from "node:fs";
import type { Core } from "../../src/wasm/runtime.ts";

/** Bytes of a file under build/. */
export function wasmBytes(build: "debug" | "simd" | "vmath"): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url)));
}

/** `simd` ships; `debug` has the kernels' asserts. */
export const cores: readonly Core[] = (["simd", "debug"] as const).map((build) => ({
  module: new WebAssembly.Module(wasmBytes(build)),
  build,
}));
