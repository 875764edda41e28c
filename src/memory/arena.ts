// One WebAssembly memory with its kernels, and typed views of tensors in it. Never grows: a plan that does not
// fit gets a new arena.

import { XentError } from "../base/errors.ts";
import { type Core, instantiate, type Kernels } from "../wasm/runtime.ts";
import type { Tensor } from "./plan.ts";

const PAGE = 65536;

export class Arena {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;

  constructor(core: Core, bytes: number) {
    const pages = Math.ceil(bytes / PAGE);
    try {
      this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    } catch (cause) {
      const mib = Math.ceil((pages * PAGE) / 2 ** 20);
      throw new XentError(
        "MEMORY",
        `the host refused a memory of ${mib} MiB (${(cause as Error).message})`,
        "Dispose of models that are no longer used, or use a smaller batchSize.",
      );
    }
    this.kernels = instantiate(core, this.#memory);
  }

  /** Size in bytes. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** The elements of a tensor, padding between rows included. Valid as long as the arena is. */
  f32(tensor: Tensor): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#buffer, tensor.address, tensor.bytes / 4);
  }

  i32(tensor: Tensor): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, tensor.address, tensor.bytes / 4);
  }

  /** `length` words from an address on. */
  i32At(address: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#buffer, address, length);
  }

  u32(tensor: Tensor): Uint32Array<ArrayBuffer> {
    return new Uint32Array(this.#buffer, tensor.address, tensor.bytes / 4);
  }

  u8(tensor: Tensor): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, tensor.address, tensor.bytes);
  }

  view(address: number, bytes: number): DataView<ArrayBuffer> {
    return new DataView(this.#buffer, address, bytes);
  }

  get #buffer(): ArrayBuffer {
    return this.#memory.buffer as ArrayBuffer;
  }
}
