// A `process` of another engine, for what looks at it.

import { vi } from "vitest";

const real = process;

/**
 * Stands in for `process` until `vi.unstubAllGlobals()`; its `node:v8` sets flags by `setFlags`. All else is the real one's: the
 * test runner reports through it, and stands still for ever when it cannot.
 */
export function stubEngine(
  node: string,
  more: object = {},
  setFlags: (flags: string) => void = vi.fn(),
): void {
  const own: object = {
    versions: { node },
    arch: "x64",
    platform: "linux",
    execArgv: [],
    getBuiltinModule: (name: string) =>
      name === "node:v8" ? { setFlagsFromString: setFlags } : real.getBuiltinModule(name),
    ...more,
  };
  const properties = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, { value }]));
  vi.stubGlobal("process", Object.create(real, properties));
}
