// Builds the WebAssembly files when a source of theirs is newer: a test never runs on an old kernel.

import { execFileSync } from "node:child_process";
import { stale } from "../tools/stale.ts";

const OUTPUTS = [
  "build/debug.wasm",
  "build/simd.wasm",
  "build/simd.wat",
  "build/vmath.wasm",
  "build/probe.wasm",
  "build/relaxed.wasm",
  "build/relaxed.wat",
  "src/wasm/generated/simd.ts",
  "src/wasm/generated/relaxed.ts",
  "build/debug-threads.wasm",
  "build/simd-threads.wasm",
  "build/relaxed-threads.wasm",
  "src/wasm/generated/simd-threads.ts",
  "src/wasm/generated/relaxed-threads.ts",
];
const SOURCES = [
  "assembly",
  "src/base/abi.ts",
  "bench/peak.ts",
  "asconfig.json",
  "tools/build-wasm.ts",
  "tools/no-inline.mjs",
];

export default function setup(): void {
  if (!stale(OUTPUTS, SOURCES)) return;
  console.log("assembly/ has changed since it was built:");
  execFileSync(process.execPath, ["--import", "tsx", "tools/build-wasm.ts"], { stdio: "inherit" });
}
