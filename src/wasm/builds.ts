// The builds inside the package, compiled. A hosted runtime asks the page for them: its worker's file holds none.

import type { WasmModule } from "../base/platform.ts";
import { inflateNow } from "./engine.ts";
import { compile } from "./load.ts";

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
export const compileBuild: Builds = async (name) => {
  const { base64 } = await BUILDS[name]();
  return compile(await inflate(decode(base64)));
};

/** Gives a build of the package. */
export type Builds = (name: BuildName) => Promise<WasmModule>;

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
