// A `process` of another engine, for what looks at it.

import { vi } from "vitest";

const real = process;

/** Stands in for `process` until `vi.unstubAllGlobals()`; its `node:v8` sets flags by `setFlags`. */
export function stubEngine(
  node: string,
  more: object = {},
  setFlags: (flags: string) => void = vi.fn(),
): void {
  vi.stubGlobal("process", {
    versions: { node },
    arch: "x64",
    platform: "linux",
    execArgv: [],
    getBuiltinModule: (name: string) =>
      name === "node:v8" ? { setFlagsFromString: setFlags } : real.getBuiltinModule(name),
    ...more,
  });
}
