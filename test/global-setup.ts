// Builds the WebAssembly files when a source of theirs is newer: a test never runs on an old kernel.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";

const OUTPUTS = ["build/debug.wasm", "build/simd.wasm", "build/probe.wasm", "src/wasm/generated/simd.ts"];
const SOURCES = [
  "asconfig.json",
  "src/base/abi.ts",
  "bench/peak.ts",
  "tools/build-wasm.ts",
  "tools/no-inline.mjs",
  ...readdirSync("assembly", { recursive: true, encoding: "utf8" }).map((name) => `assembly/${name}`),
];

const time = (path: string): number => statSync(path).mtimeMs;

export default function setup(): void {
  const stale = OUTPUTS.some((path) => !existsSync(path) || time(path) < Math.max(...SOURCES.map(time)));
  if (!stale) return;
  console.log("assembly/ has changed since it was built:");
  execFileSync("npm", ["run", "--silent", "build:wasm"], {
    stdio: "inherit",
    shell: process.platform === "win32",
  });
}
