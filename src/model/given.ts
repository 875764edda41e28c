// What a caller brings instead of the package's own files: a build of the kernels, and a worker's file. Loaded when one is brought.

import type { WorkerFrom } from "../base/crew.ts";
import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { ResponseLike, WasmModule } from "../base/platform.ts";
import { base, readLocal } from "../wasm/engine.ts";
import { compile } from "../wasm/load.ts";
import type { InitOptions } from "./begin.ts";

/**
 * @throws {XentError} `OPTION` it is none of these; `FILE` it cannot be fetched; `UNSUPPORTED` it is no build of xent, or none that
 *   runs here
 */
export async function moduleFrom(wasm: NonNullable<InitOptions["wasm"]>): Promise<WasmModule> {
  if (isModule(wasm)) return ours(wasm);
  if (ArrayBuffer.isView(wasm) || wasm instanceof ArrayBuffer) return ours(await compile(wasm));
  if (isResponse(wasm)) return fromResponse(wasm);
  const url = urlOf("init: wasm", wasm, "Pass a build's URL, Response, bytes or WebAssembly.Module.");
  const read = url.protocol === "file:" ? readLocal(url) : undefined;
  if (read === undefined) return fromResponse(await reach(url, () => fetch(url)));
  const bytes = await reach(url, () => read);
  return fromBytes(url.href, bytes);
}

/** The engine's own type has no members, by which TypeScript would tell it from others. */
function isModule(value: unknown): value is WasmModule {
  return value instanceof WebAssembly.Module;
}

function isResponse(value: unknown): value is ResponseLike {
  return typeof value === "object" && value !== null && "arrayBuffer" in value && "status" in value;
}

async function fromResponse(response: ResponseLike): Promise<WasmModule> {
  const { url, ok, status, statusText } = response;
  if (!ok) {
    throw new XentError(
      "FILE",
      `init: ${url || "the response"} was answered with ${status} ${statusText}`.trimEnd(),
      "See that the file is served there: the builds are xent/wasm/*.wasm.",
    );
  }
  const bytes = await reach(url || "the response", () => response.arrayBuffer());
  return fromBytes(url || "the response", new Uint8Array(bytes));
}

async function reach<T>(from: URL | string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const error = new XentError(
      "FILE",
      `init: ${from} could not be read (${(cause as Error).message})`,
      "See that the address is right, and that the page may fetch from there.",
    );
    error.cause = cause;
    throw error;
  }
}

async function fromBytes(from: string, bytes: Uint8Array<ArrayBuffer>): Promise<WasmModule> {
  // a server of single pages answers every address with its page
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== "\0asm") {
    const begins = JSON.stringify(String.fromCharCode(...bytes.subarray(0, 16)));
    throw new XentError(
      "UNSUPPORTED",
      `init: ${from} has ${bytes.length} bytes that begin with ${begins}, and is no WebAssembly`,
      "See what the server sends for that address: the builds are xent/wasm/*.wasm.",
    );
  }
  return ours(await compile(bytes));
}

/** Refuses a module of somebody else's. */
function ours(module: WasmModule): WasmModule {
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  if (["run", "heapBase", "relaxed"].every((name) => names.includes(name))) return module;
  throw new XentError(
    "UNSUPPORTED",
    `init: the module exports ${names.slice(0, 5).join(", ") || "nothing"}, expected run and the other kernels of xent`,
    "Pass one of xent/wasm/*.wasm, of this very version.",
  );
}

/** @throws {XentError} `OPTION` */
export function workerFrom(where: string, worker: NonNullable<InitOptions["worker"]>): WorkerFrom {
  const hint = 'Pass the URL of a file made of xent/worker, "blob" or { blob: URL }.';
  const name = `${where}: worker`;
  if (worker === "blob") return { blob: true };
  if (typeof worker === "object" && worker !== null && "blob" in worker)
    return { url: urlOf(name, worker.blob, hint).href, blob: true };
  return { url: urlOf(name, worker, hint).href };
}

/** An address as it is, or as it is meant on a page. */
function urlOf(name: string, value: unknown, hint: string): URL {
  const text: unknown = Object(value).href ?? value;
  try {
    if (typeof text === "string") return new URL(text, base());
  } catch {
    // it is no address; Safari's URL.canParse came with 17
  }
  throw new XentError("OPTION", `${name} is ${show(value)}`, hint);
}
