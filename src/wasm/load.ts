// Bytes to module to instance. builds.ts has the bytes.

import { XentError } from "../base/errors.ts";
import type { WasmMemory, WasmModule } from "../base/platform.ts";

/** A module from the caller's own bytes. */
export async function compile(bytes: Uint8Array | ArrayBuffer): Promise<WasmModule> {
  // engines take them from shared memory too
  const source = bytes as BufferSource;
  if (!WebAssembly.validate(source)) {
    throw new XentError(
      "UNSUPPORTED",
      "init: this engine does not accept the WebAssembly build, which needs fixed-width SIMD",
      "Use Node ≥ 20.16, Chrome ≥ 91, Firefox ≥ 89 or Safari ≥ 16.4.",
    );
  }
  return WebAssembly.compile(source);
}

/** An instance over `memory`. Only a debug build has a use for `abort`: its asserts, which have no words of their own. */
export function instantiateSync<T extends Record<string, unknown>>(
  module: WasmModule,
  memory: WasmMemory,
): T {
  const abort = (_: number, file: number, line: number): never => {
    throw new Error(`an assertion failed at ${stringAt(memory, file)}:${line}`);
  };
  return new WebAssembly.Instance(module, { env: { memory: memory as WebAssembly.Memory, abort } })
    .exports as T;
}

/** A string of AssemblyScript's: UTF-16, its length in bytes in the word before it. */
function stringAt({ buffer }: WasmMemory, address: number): string {
  const [bytes = 0] = new Uint32Array(buffer, address - 4, 1);
  return String.fromCharCode(...new Uint16Array(buffer, address, bytes / 2));
}
