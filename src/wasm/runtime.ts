// What a compiled build offers: the exports of assembly/index.ts with their types, and what is known of the build.

import { instantiateSync } from "./load.ts";

/** The ABI of every build. A `type`, not an interface: the loader's index signature would hide typos. */
export type Kernels = {
  run(program: number, hyper: number, first: number, last: number, thread: number, threads: number): number;
  heapBase(): number;
  relaxed(): number;
};

/** A compiled module, shared by every model of a runtime. */
export interface Core {
  readonly module: WebAssembly.Module;
  /** name of the build, or `custom` when the caller brought the module */
  readonly build: string;
  /** of the matrix products, one of TILES; programs that are laid later take it as it then is */
  tile: number;
  /** what a runtime still wants to find out: called between steps with the milliseconds of work since the last call */
  settle?: ((workMs: number) => void) | undefined;
}

/** The kernels over one memory. */
export function instantiate(core: Core, memory: WebAssembly.Memory): Kernels {
  return instantiateSync<Kernels>(core.module, memory);
}
