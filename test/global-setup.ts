// Builds the WebAssembly files when a source of theirs is newer: a test never runs on an old kernel. The same of the report's page. And dist/, which
// workers run from: Node takes no TypeScript there.

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

const PAGE = ["src/cli/generated/page.ts"];
const PAGE_SOURCES = ["src/cli/report/page", "tools/build-page.ts", "node_modules/uplot/package.json"];

const BUILT = ["dist/index.js", "dist/worker.js"];
const COMPILED = ["src", "tsconfig.json", "tsconfig.build.json", "tools/build-js.ts"];

export default function setup(): void {
  if (stale(OUTPUTS, SOURCES)) {
    console.log("assembly/ has changed since it was built:");
    build("tools/build-wasm.ts");
  }
  if (stale(PAGE, PAGE_SOURCES)) {
    console.log("the report's page has changed since it was built:");
    build("tools/build-page.ts");
  }
  if (stale(BUILT, COMPILED)) {
    console.log("src/ has changed since it was built");
    build("tools/build-js.ts");
  }
}

function build(script: string): void {
  execFileSync(process.execPath, ["--import", "tsx", script], { stdio: "inherit" });
}
