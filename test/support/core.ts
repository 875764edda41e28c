// The compiled builds, as Network and init take them. Node only.

import { readFileSync } from "node:fs";
import { TILE_5X8 } from "../../src/base/abi.ts";
import * as sharing from "../../src/program/sharing.ts";
import type { Core } from "../../src/wasm/runtime.ts";

/** Bytes of a file under build/. */
export function wasmBytes(
  build: "debug" | "simd" | "relaxed" | "vmath" | "debug-threads" | "simd-threads" | "relaxed-threads",
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../build/${build}.wasm`, import.meta.url)));
}

/** `simd` and `relaxed` ship; `debug` is `simd` with the kernels' asserts. */
const modules = Object.fromEntries(
  (["simd", "debug", "relaxed"] as const).map((build) => [build, new WebAssembly.Module(wasmBytes(build))]),
) as Record<"simd" | "debug" | "relaxed", WebAssembly.Module>;

/** A build with one of the tiles. */
export function coreOf(build: "simd" | "debug" | "relaxed", tile: number = TILE_5X8): Core {
  return { module: modules[build], build, tile, sharing };
}

/** The builds that give the same bits. */
export const cores: readonly Core[] = [coreOf("simd"), coreOf("debug")];
