// Bytes to module to instance.

import { XentError } from "../base/errors.ts";
import type { WasmMemory, WasmModule } from "../base/platform.ts";
import { inflateNow } from "./engine.ts";

/**
 * The builds that travel inside the package: no fetch and no path. `simd` has instructions whose result is fixed to the
 * bit; `relaxed` has a multiply-add that most engines fuse. Those for threads run on shared memories alone.
 */
const BUILDS = {
  simd: () => import("./generated/simd.ts"),
  relaxed: () => import("./generated/relaxed.ts"),
  "simd-threads": () => import("./generated/simd-threads.ts"),
  "relaxed-threads": () => import("./generated/relaxed-threads.ts"),
};
export type BuildName = keyof typeof BUILDS;

/** A build of the package. */
export async function compileBuild(name: BuildName): Promise<WasmModule> {
  const { base64 } = await BUILDS[name]();
  return compile(await inflate(decode(base64)));
}

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

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Base64 hides from a server's gzip what repeats in code, so the bytes are deflated before: a third less to load. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array | ArrayBuffer> {
  const now = inflateNow(bytes);
  if (now !== undefined) return now;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}
