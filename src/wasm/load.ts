// Bytes to module to instance. @assemblyscript/loader lives here alone.

import { instantiateSync as instantiateModule } from "@assemblyscript/loader";
import { XentError } from "../base/errors.ts";
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
export async function compileBuild(name: BuildName): Promise<WebAssembly.Module> {
  const { base64 } = await BUILDS[name]();
  return compile(await inflate(decode(base64)));
}

/** A module from the caller's own bytes. */
export async function compile(bytes: BufferSource): Promise<WebAssembly.Module> {
  if (!WebAssembly.validate(bytes)) {
    throw new XentError(
      "UNSUPPORTED",
      "init: this engine does not accept the WebAssembly build, which needs fixed-width SIMD",
      "Use Node ≥ 20.16, Chrome ≥ 91, Firefox ≥ 89 or Safari ≥ 16.4.",
    );
  }
  return WebAssembly.compile(bytes);
}

/**
 * An instance over `memory`; its exports as the engine made them (the loader's own wrappers cost 20 ns a call).
 */
export function instantiateSync<T extends Record<string, unknown>>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): T {
  return instantiateModule<T>(module, { env: { memory } }).instance.exports as unknown as T;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** Base64 hides from a server's gzip what repeats in code, so the bytes are deflated before: a third less to load. */
async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<BufferSource> {
  const now = inflateNow(bytes);
  if (now !== undefined) return now;
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}
