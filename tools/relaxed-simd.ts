// Imported for its effect: lets Node 20 compile relaxed SIMD, which it has behind a flag. Newer ones would print that
// they know no such flag.

import v8 from "node:v8";

if (process.versions.v8.startsWith("11.")) v8.setFlagsFromString("--experimental-wasm-relaxed-simd");
