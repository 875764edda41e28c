// `init`: from nothing to a runtime that makes models.

import { TILE_M, TILE_N } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { checkNames, show } from "../base/options.ts";
import type { LayerSpec } from "../base/spec.ts";
import { compile, compileSimd } from "../wasm/load.ts";
import type { Core } from "../wasm/runtime.ts";
import type { SequentialOptions } from "./options.ts";
import { Sequential } from "./sequential.ts";

/** What `init` takes. */
export interface InitOptions {
  /**
   * A build to run instead of the one inside the package: its bytes, or a compiled module. The files are
   * `xent/wasm/*.wasm`.
   */
  wasm?: BufferSource | WebAssembly.Module;
}

/** What runs, and why. */
export interface Info {
  /** the WebAssembly build: `simd`, or `custom` when `init` was given one */
  readonly build: string;
  /** rows × columns of C that one call of the GEMM micro-kernel computes */
  readonly tile: string;
  readonly threads: number;
  /** whether V8 widens the 128-bit code to 256 bits */
  readonly wide: boolean;
  readonly reasons: readonly string[];
}

/** A compiled build, ready to make models. */
export interface Xent {
  readonly info: Info;
  /**
   * A model of layers one after another.
   *
   * @param options  `input`: features of a row; `seed`; perhaps `loss` and `optimizer`
   * @param layers   for example `[dense(128), relu(), dense(10)]`; the last one gives the logits
   * @throws {XentError} `OPTION` a width that is no positive integer, no dense layer; `TOO_LARGE` over 4 GiB
   */
  sequential(options: SequentialOptions, layers: readonly LayerSpec[]): Sequential;
}

/**
 * Compiles the WebAssembly build that travels inside the package. No file is read, nothing is fetched.
 *
 * @throws {XentError} `UNSUPPORTED` the engine has no WebAssembly SIMD; `OPTION`
 */
export async function init(options: InitOptions = {}): Promise<Xent> {
  checkNames("init", options, ["wasm"]);
  const { wasm } = options;
  const core: Core = { module: await moduleOf(wasm), build: wasm === undefined ? "simd" : "custom" };
  const reasons = [
    `build: ${wasm === undefined ? "simd, whose results are the same on every engine and CPU" : "the module that init was given"}`,
    "threads: one; this version runs on the calling thread",
  ];
  return {
    info: { build: core.build, tile: `${TILE_M}x${TILE_N}`, threads: 1, wide: false, reasons },
    sequential: (modelOptions, layers) => new Sequential(core, modelOptions, layers),
  };
}

async function moduleOf(wasm: InitOptions["wasm"]): Promise<WebAssembly.Module> {
  if (wasm === undefined) return compileSimd();
  if (wasm instanceof WebAssembly.Module) return ours(wasm);
  if (ArrayBuffer.isView(wasm) || wasm instanceof ArrayBuffer) return ours(await compile(wasm));
  throw new XentError(
    "OPTION",
    `init: wasm is ${show(wasm)}`,
    "Pass the bytes of a build or a WebAssembly.Module.",
  );
}

/** Refuses a module of somebody else's. */
function ours(module: WebAssembly.Module): WebAssembly.Module {
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  if (names.includes("run") && names.includes("heapBase")) return module;
  throw new XentError(
    "UNSUPPORTED",
    `init: the module exports ${names.slice(0, 5).join(", ") || "nothing"}, expected run and the other kernels of xent`,
    "Pass one of xent/wasm/*.wasm, of this very version.",
  );
}
