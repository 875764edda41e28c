// The build is one that a browser accepts, on a page that could share memory.

import { expect, test } from "vitest";

test("the simd build compiles in this browser", async () => {
  const response = await fetch(new URL("../../build/simd.wasm", import.meta.url));
  expect(WebAssembly.validate(await response.arrayBuffer())).toBe(true);
  expect(crossOriginIsolated).toBe(true);
});
