// One WebAssembly memory with its kernels, and typed views of tensors in it. Never grows: a plan that does not
// fit gets a new arena.

import type { Crew, Sharing } from "../base/crew.ts";
import { XentError } from "../base/errors.ts";
import type { WasmMemory } from "../base/platform.ts";
import { poison } from "../wasm/poison.ts";
import { type Core, instantiate, type Kernels, newMemory } from "../wasm/runtime.ts";
import type { Tensor } from "./plan.ts";

const PAGE = 65536;

/**
 * Engines do not count shared memory when they decide whether to collect garbage, and memories that nobody uses would pile up.
 * They do count a buffer of the same size that goes with it, of which no page is ever touched.
 */
const weights = new WeakMap<WasmMemory, ArrayBuffer | undefined>();

function weight(bytes: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    // then garbage is collected later
    return undefined;
  }
}

export class Arena {
  readonly kernels: Kernels;
  /** the threads that may run on it too */
  readonly crew: Crew | undefined;
  readonly sharing: Sharing | undefined;
  readonly #memory: WasmMemory;
  #spoilt = false;
  /** nobody will read what is here */
  disposed = false;
  /** a run that other threads are still at, or that paused: whatever else wants the memory has it finished first */
  pending: { finish(): void } | undefined;

  constructor(core: Core, bytes: number) {
    const pages = Math.ceil(bytes / PAGE);
    try {
      this.#memory = newMemory(core, pages);
      this.kernels = instantiate(core, this.#memory);
    } catch (cause) {
      const mib = Math.ceil((pages * PAGE) / 2 ** 20);
      throw new XentError(
        "MEMORY",
        `the host refused a memory of ${mib} MiB (${(cause as Error).message})`,
        "Dispose of models that are no longer used, or use a smaller batchSize.",
      );
    }
    this.sharing = core.sharing;
    // nothing of a program that is not marked may be shared
    this.crew = core.sharing && core.crew;
    if (core.shared) weights.set(this.#memory, weight(pages * PAGE));
  }

  /** The others begin with records first … last − 1. */
  hand(program: number, hyper: number, first: number, last: number): void {
    this.crew?.hand(this.#memory, program, hyper, first, last);
  }

  /** A run came to no end, and a thread that is thought lost may still write. What it may write is of no use any more. */
  spoil(hyper: number): void {
    if (this.#spoilt) return;
    this.#spoilt = true;
    poison(this.#memory, hyper);
    this.crew?.scrap();
  }

  /** Nothing will be run here any more: the others may let go of the memory. */
  dispose(): void {
    this.disposed = true;
    this.crew?.forget(this.#memory);
  }

  get spoilt(): boolean {
    return this.#spoilt;
  }

  /** Size in bytes. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The elements of a tensor, padding between rows included. Valid as long as the arena is. */
  f32(tensor: Tensor): Float32Array {
    return new Float32Array(this.#buffer, tensor.address, tensor.bytes / 4);
  }

  i32(tensor: Tensor): Int32Array {
    return new Int32Array(this.#buffer, tensor.address, tensor.bytes / 4);
  }

  /** `length` words from an address on. */
  i32At(address: number, length: number): Int32Array {
    return new Int32Array(this.#buffer, address, length);
  }

  u32(tensor: Tensor): Uint32Array {
    return new Uint32Array(this.#buffer, tensor.address, tensor.bytes / 4);
  }

  u8(tensor: Tensor): Uint8Array {
    return new Uint8Array(this.#buffer, tensor.address, tensor.bytes);
  }

  view(address: number, bytes: number): DataView {
    return new DataView(this.#buffer, address, bytes);
  }

  get #buffer(): ArrayBufferLike {
    return this.#memory.buffer;
  }
}
