// Builds what is older than its sources: the WebAssembly files, so that a test never runs on an old kernel; the report's page; and dist/, which
// workers run from: Node takes no TypeScript there. Before every run of the tests, and in `npm run ci`, where `npm ci` has just built all of it.

import { execFileSync } from "node:child_process";
import { pathToFileURL } from "node:url";
import { stale } from "./stale.ts";

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

export default function buildStale(): void {
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) buildStale();
