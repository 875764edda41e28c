// `init` and `hosted`: a runtime on the calling thread, and one in a worker.

import { compileBuild } from "../wasm/builds.ts";
import type { InitOptions, Xent } from "./begin.ts";
import type { HostedXent } from "./hosted.ts";

export type { InitOptions, Xent } from "./begin.ts";

/**
 * Compiles the WebAssembly build that suits the engine and tries it against scalar arithmetic. The builds travel inside
 * the package: no file is read, nothing is fetched; but threads are workers, each of a file of the package.
 *
 * @throws {XentError} `UNSUPPORTED` the engine has no WebAssembly SIMD, or no build computes what it should; `OPTION`; `FILE` a
 *   `wasm` that cannot be fetched
 * @category Runtime
 * @example
 * ```ts
 * import { init } from "xent";
 * const xent = await init({ precision: "strict", threads: 1 });
 * [xent.info.build, xent.info.threads]; // → ["simd", 1]
 * ```
 */
export async function init(options?: InitOptions): Promise<Xent> {
  const { begin } = await import("./begin.ts");
  return Object.assign(await begin(compileBuild, options), { hosted });
}

/**
 * Starts a runtime in a worker, so that the calling thread stays free: for a page, or a server that answers meanwhile. It
 * has the names of {@link init}'s, and a promise for every result; the same seed, data and options give the same weights.
 *
 * `fit` runs over there by itself; `steps` asks for each step, which adds some 0.15 ms to it.
 *
 * @param options  those of `init`
 * @throws {XentError} as `init`, and `WORKER_LOST` the worker could not be started; `HOSTED_FUNCTION`
 * @category Runtime
 * @example
 * ```ts
 * import { adam, crossEntropy, dataset, dense, hosted, tanh } from "xent";
 * const xent = await hosted();
 * const model = await xent.sequential({ input: 2, loss: crossEntropy() }, [dense(8), tanh(), dense(2)]);
 * const xor = dataset({ x: [[0, 0], [0, 1], [1, 0], [1, 1]], y: [0, 1, 1, 0] });
 * await model.fit(xor, { epochs: 100, optimizer: adam({ lr: 0.1 }) });
 * await model.predictClass([[0, 1], [1, 1]]); // → [1, 0]
 * await xent.dispose();
 * ```
 */
export async function hosted(options?: InitOptions): Promise<HostedXent> {
  const { start } = await import("./hosted.ts");
  return start(options);
}
