// From nothing to a runtime that makes models. It starts no other runtime in a worker, as what a worker itself needs is here: bundlers
// would follow it in a circle.

import { MOST_THREADS } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { checkNames, flag, show } from "../base/options.ts";
import type { ResponseLike, UrlLike, WasmModule } from "../base/platform.ts";
import type { LayerSpec } from "../base/spec.ts";
import type { Builds } from "../wasm/builds.ts";
import { alone, warn } from "../wasm/engine.ts";
import { choose, type Info, settleWide, type Threads } from "./choose.ts";
import type { HostedXent } from "./hosted.ts";
import type { SgemmOptions } from "./matrices.ts";
import type { SequentialOptions } from "./options.ts";
import { networkOf, Sequential, trainingOf } from "./sequential.ts";
import { Multiplier } from "./sgemm.ts";

/** What `init` takes. */
export interface InitOptions {
  /**
   * `"fast"` takes the build with a fused multiply-add where the engine has it; `"strict"` the one whose results are the
   * same to the bit on every engine and CPU. Default `"fast"`.
   */
  precision?: "fast" | "strict";
  /**
   * Lets V8 widen 128-bit code to 256 bits, by its own experimental flag: for Node ≥ 23.5 on x64. It holds for all
   * WebAssembly of the process that is compiled from then on; the first `init` of a process decides it. Default false.
   */
  wide?: boolean;
  /**
   * Threads that share large computations, the caller's among them; the results are the same to the bit. `"auto"` is as many as
   * there are cores, 8 at most, started once there is work that is worth it; a number from 1 to 64 is taken as it is, and they
   * are started by `init`. There is one on a page's own thread, without SharedArrayBuffer, or with a module that is not built for
   * threads: `info.reasons` says so. Default `"auto"`.
   */
  threads?: number | "auto";
  /** Measures the tiles of the matrix product for some 0.3 s and takes the fastest, instead of a rule. Default false. */
  tune?: boolean;
  /**
   * A build to run instead of those inside the package: the address of its file or what `fetch` answered, its bytes, or a compiled
   * module. The files are `xent/wasm/*.wasm`.
   */
  wasm?: UrlLike | string | ResponseLike | Uint8Array | ArrayBuffer | WasmModule;
  /**
   * Where workers (a hosted runtime's, and those of threads) have their file: the address of one that was made of `xent/worker`.
   * Vite and webpack make one by themselves, as Node, Deno, Bun and import maps find it; a bundle of esbuild or Rollup is to name it. `"blob"` starts
   * the package's own file through a Blob that imports it, for a page that has xent from another origin; `{ blob: URL }` does so
   * with yours.
   */
  worker?: UrlLike | string | { readonly blob: UrlLike | string };
}

/**
 * A compiled build, ready to make models.
 *
 * @category Runtime
 */
export interface Xent {
  /** as it is at the moment: `wide` is confirmed once there was work */
  readonly info: Info;
  /**
   * A model of layers one after another.
   *
   * @param options  `input`: features of a row; `seed`; perhaps `loss` and `optimizer`
   * @param layers   for example `[dense(128), relu(), dense(10)]`; the last one gives the logits
   * @throws {XentError} `OPTION` a width that is no positive integer, no dense layer; `TOO_LARGE` over 4 GiB
   * @example
   * ```ts
   * import { crossEntropy, dense, init, relu } from "xent";
   * const xent = await init();
   * const layers = [dense(128), relu(), dense(10)];
   * const model = xent.sequential({ input: 784, seed: 1, loss: crossEntropy() }, layers);
   * [model.input, model.outputs]; // → [784, 10]
   * ```
   */
  sequential(options: SequentialOptions, layers: readonly LayerSpec[]): Sequential;
  /**
   * Matrix multiplication, C ← α·op(A)·op(B) + β·C, as BLAS's `sgemm`, for row-major matrices. Every element of C is one
   * chain of multiply-adds in ascending k. Arrays are copied in and out, unless all three come from one `alloc`.
   *
   * @returns `c`
   * @throws {XentError} `OPTION` a name or a value; `SHAPE` an array that is too short, a `c` that shares elements with `a`
   *   or `b`, or a view of `alloc`'s memory beside its arrays; `TOO_LARGE`, `MEMORY`; `WORKER_LOST`, and then a `c` from `alloc` holds
   *   anything
   * @example
   * ```ts
   * import { init } from "xent";
   * const xent = await init();
   * const a = Float32Array.of(1, 2, 3, 4); // [[1, 2], [3, 4]]
   * const b = Float32Array.of(5, 6, 7, 8);
   * xent.sgemm({ m: 2, n: 2, k: 2, a, b, c: new Float32Array(4) }); // → [19, 22, 43, 50]
   * xent.sgemm({ m: 2, n: 2, k: 2, a, b, c: new Float32Array(4), transB: true }); // → [17, 23, 39, 53]
   * ```
   */
  sgemm(options: SgemmOptions): Float32Array;
  /**
   * Arrays in one WebAssembly memory, for `sgemm` without copies: `const [a, b, c] = xent.alloc([m * k, k * n, m * n])`.
   * The memory holds these arrays and little more than 1 MiB to work in, never grows, and is freed with the last of the
   * arrays. Where the runtime has threads it is a SharedArrayBuffer, which some functions of the platform refuse.
   *
   * @param lengths  elements of each; all are 0 at first
   * @throws {XentError} `OPTION` a length that is no integer from 0; `TOO_LARGE` over 4 GiB; `MEMORY` the host refused it
   * @example
   * ```ts
   * import { init } from "xent";
   * const xent = await init();
   * const [a, b, c] = xent.alloc([6, 3, 2]);
   * a.set([1, 2, 3, 4, 5, 6]); // [2, 3]
   * b.fill(1); // [3, 1]
   * xent.sgemm({ m: 2, n: 1, k: 3, a, b, c });
   * c; // → [6, 15]
   * ```
   */
  alloc(lengths: readonly number[]): Float32Array[];
  /**
   * A model from a file that `save` wrote, perhaps gzipped since, with all that its run needs to go on.
   *
   * @throws {XentError} `CHECKPOINT` the bytes are no such file
   * @example
   * ```ts
   * import { crossEntropy, dataset, dense, init, sgd } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1, loss: crossEntropy(), optimizer: sgd({ lr: 0.1 }) }, [dense(2)]);
   * const train = dataset({ x: [[-2], [-1], [1], [2]], y: [0, 0, 1, 1] });
   * await model.fit(train, { epochs: 10, stopAfterEpoch: 4 });
   * const again = await xent.load(model.save());
   * const run = await again.fit(train, { epochs: 10, resume: true });
   * [run.epochs, again.predictClass([[2]])]; // → [10, [1]]
   * ```
   */
  load(bytes: Uint8Array | ArrayBuffer): Promise<Sequential>;
  /**
   * Ends the runtime's other threads. Its models go on with one: the same results, later. A call that waits for one of them at
   * that moment rejects with `WORKER_LOST`.
   * @example
   * ```ts
   * import { dense, init, ones } from "xent";
   * const xent = await init();
   * const model = xent.sequential({ input: 1 }, [dense(1, { init: ones() })]);
   * xent.dispose();
   * model.logits([[3]]); // → [3]
   * ```
   */
  dispose(): void;
  /**
   * Another runtime, in a worker of its own: the same as the function `hosted`.
   * @example
   * ```ts
   * import { init } from "xent";
   * const xent = await init();
   * const far = await xent.hosted({ precision: "strict" });
   * far.info.build; // → "simd"
   * await far.dispose();
   * ```
   */
  hosted(options?: InitOptions): Promise<HostedXent>;
}

/** `init` in runtime.ts, whose runtime has `hosted` besides. */
export async function begin(builds: Builds, options: InitOptions = {}): Promise<Omit<Xent, "hosted">> {
  checkNames("init", options, ["precision", "wide", "threads", "tune", "wasm", "worker"]);
  const { precision = "fast", wide = false, threads: wished = "auto", tune = false, wasm, worker } = options;
  if (wished !== "auto" && !(Number.isInteger(wished) && wished >= 1 && wished <= MOST_THREADS)) {
    throw new XentError(
      "OPTION",
      `init: threads is ${show(wished)}, expected "auto" or an integer from 1 to ${MOST_THREADS}`,
      'Pass such a number, or "auto".',
    );
  }
  if (precision !== "fast" && precision !== "strict") {
    throw new XentError("OPTION", `init: precision is ${show(precision)}`, 'Pass "fast" or "strict".');
  }
  for (const [name, value] of Object.entries({ wide, tune })) flag(`init: ${name}`, value);
  // before the first await: of two calls the first decides, and nothing is compiled before the flag is set
  const widening = settleWide(wide);
  const from = worker === undefined ? undefined : (await import("./more.ts")).workerFrom("init", worker);
  const wishes = {
    precision,
    widening,
    tune,
    threads: await threadsOf(wished),
    builds,
    module: wasm === undefined ? undefined : await (await import("./more.ts")).moduleFrom(wasm),
  };
  const { core, threads, info } = await choose(wishes);
  if (threads.size > 1) await (await import("./crew.ts")).enlist(core, threads, from);
  const multiplier = new Multiplier(core);
  return {
    get info() {
      return info();
    },
    sequential: (modelOptions, layers) => new Sequential(core, modelOptions, layers),
    sgemm: (sgemmOptions) => multiplier.sgemm(sgemmOptions),
    alloc: (lengths) => multiplier.alloc(lengths),
    async load(bytes) {
      const { asSaved, readSaved, restore } = await import("./more.ts");
      const saved = await readSaved(bytes);
      const { input, seed, layers } = saved;
      const model = asSaved("the model", () => new Sequential(core, { input, seed }, layers));
      restore(networkOf(model), trainingOf(model), saved);
      return model;
    },
    dispose: () => core.crew?.end("the runtime was disposed of"),
  };
}

async function threadsOf(wished: number | "auto"): Promise<Threads> {
  const hindrance = wished === 1 ? "as asked for" : alone();
  if (hindrance === undefined) return (await import("./crew.ts")).threadsFor(wished);
  if (wished !== "auto" && wished !== 1)
    warn(`init: threads is ${wished}, and there will be one: ${hindrance}`);
  return { size: 1, reason: `one, ${hindrance}` };
}
