// Cores with a crew, started, and the workers that it is made of: so that tests can end one.

import type { Worker } from "node:worker_threads";
import { TILE_5X8 } from "../../src/base/abi.ts";
import * as sharing from "../../src/program/sharing.ts";
import { Pool } from "../../src/threads/pool.ts";
import type { Core } from "../../src/wasm/runtime.ts";
import { wasmBytes } from "./core.ts";

export const THREAD_BUILDS = ["debug-threads", "simd-threads", "relaxed-threads"] as const;
type Build = (typeof THREAD_BUILDS)[number];

const modules = new Map<Build, WebAssembly.Module>();

/** A core for threads; without a crew it works alone. */
export function sharedCore(build: Build, tile: number = TILE_5X8): Core {
  const module = modules.get(build) ?? new WebAssembly.Module(wasmBytes(build));
  modules.set(build, module);
  return { module, build, tile, shared: true, sharing };
}

export interface Crewed {
  readonly core: Core;
  readonly pool: Pool;
}

/** All that can be shared is: the nets of the tests are small. */
const EVERYTHING = { runNs: 0, recordNs: 0 };

/** A core with a crew at work. */
export async function crewed(
  build: Build,
  threads: number,
  tile?: number,
  worth: object = EVERYTHING,
): Promise<Crewed> {
  const core = sharedCore(build, tile);
  const pool = new Pool(core.module, threads, worth);
  await pool.start();
  if (pool.threads !== threads) throw new Error(`the crew did not start: ${pool.failed}`);
  core.crew = pool;
  return { core, pool };
}

type Module = { Worker: new (...args: ConstructorParameters<typeof Worker>) => Worker };
const threads = process.getBuiltinModule("node:worker_threads") as unknown as Module;

/** The workers that are started from now on, until `restore`; `change` may give others in their place. */
export function watchWorkers(change?: (make: () => Worker) => Worker): {
  workers: Worker[];
  restore(): void;
} {
  const { Worker: Original } = threads;
  const workers: Worker[] = [];
  threads.Worker = class {
    constructor(...args: ConstructorParameters<typeof Original>) {
      const make = (): Worker => new Original(...args);
      const worker = change === undefined ? make() : change(make);
      workers.push(worker);
      // biome-ignore lint/correctness/noConstructorReturn: what is made stands for the real one
      return worker;
    }
  } as unknown as typeof Original;
  return {
    workers,
    restore() {
      threads.Worker = Original;
    },
  };
}
