// What a compiled build offers: the exports of assembly/index.ts with their types, and what is known of the build.

import type { Pace } from "../base/cost.ts";
import type { Crew, Sharing } from "../base/crew.ts";
import type { WasmMemory, WasmModule } from "../base/platform.ts";
import { instantiateSync } from "./load.ts";

/** The ABI of every build. A `type`, which `instantiateSync` takes for a record, as it takes no interface. */
export type Kernels = {
  run(program: number, hyper: number, first: number, last: number, thread: number, threads: number): number;
  heapBase(): number;
  relaxed(): number;
  threads(): number;
};

/** A compiled module, shared by every model of a runtime. */
export interface Core {
  readonly module: WasmModule;
  /** name of the build, or `custom` when the caller brought the module */
  readonly build: string;
  /** of the matrix products, one of TILES; programs that are laid later take it as it then is */
  tile: number;
  /** whether its memories are shared, as its build then demands */
  readonly shared?: boolean;
  /** the other threads, of a core whose memories are shared */
  crew?: Crew | undefined;
  /** what they share of a program; without it programs are for one thread */
  sharing?: Sharing | undefined;
  /**
   * What a runtime still wants to find out. Called between programs' runs, by whatever runs them, with none under way; may
   * change the tile.
   */
  settle?: (() => void) | undefined;
  /** how fast its kernels are, with the tile as it is, once that was asked for */
  pace?: Pace | undefined;
  /** milliseconds in kernels, counted while there is something to settle */
  workedMs?: number;
}

/** A memory of so many pages, which never grows: what is asked for is what the plan says, and no address beyond is reserved. */
export function newMemory(core: Core, pages: number): WasmMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: core.shared ?? false });
}

/** The kernels over one memory. */
export function instantiate(core: Core, memory: WasmMemory): Kernels {
  const kernels = instantiateSync<Kernels>(core.module, memory);
  return core.settle === undefined ? kernels : timed(kernels, core);
}

/** The same kernels, whose time is counted as long as there is something to settle. */
function timed({ run, ...others }: Kernels, core: Core): Kernels {
  return {
    ...others,
    run(...program) {
      if (core.settle === undefined) return run(...program);
      const start = performance.now();
      const result = run(...program);
      core.workedMs = (core.workedMs ?? 0) + performance.now() - start;
      return result;
    },
  };
}
