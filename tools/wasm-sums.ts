// The SHA-256 of each WebAssembly file that is published. `npm run wasm:sums` writes them into wasm.sha256 and is alone in that: a build never
// renews them, and test/packaging/supply.test.ts holds them against every build.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** In the form of `sha256sum`, whose `-c wasm.sha256` checks them too. */
export function wasmSums(): string {
  const names = readdirSync("dist/wasm").filter((name) => name.endsWith(".wasm"));
  return names
    .sort()
    .map((name) => {
      const path = `dist/wasm/${name}`;
      return `${createHash("sha256").update(readFileSync(path)).digest("hex")}  ${path}\n`;
    })
    .join("");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync("wasm.sha256", wasmSums());
  console.log(`wasm.sha256:\n${wasmSums()}`);
}
