// The export list of every build, which is its ABI; no code of its own.

export { heapBase, relaxed, threads } from "./lib/build";
export { run } from "./program";
