// `hosted`: a runtime that lives in a worker, and its models, as the caller holds them. Says what is asked; line.ts carries
// it, hosting.ts answers.

import type { WorkerFrom } from "../base/crew.ts";
import { XentError } from "../base/errors.ts";
import type { LayerSpec } from "../base/spec.ts";
import type { DataStream } from "../data/stream.ts";
import type { InitOptions } from "./begin.ts";
import { type Info, isWide } from "./choose.ts";
import { type Facts, Line, learn, type Near, type Request } from "./line.ts";
import { checkBytes, checkLengths, checkProduct, inLines, type SgemmOptions } from "./matrices.ts";
import { type Answer, type Apart, isShared, RUNTIME } from "./messages.ts";
import {
  checkCallbacks,
  checkData,
  checkSignal,
  type FitOptions,
  isSplit,
  isStream,
  partCallbacks,
  type SequentialOptions,
} from "./options.ts";
import type { Sequential } from "./sequential.ts";

/**
 * A runtime in a worker: what `init` gives, with a promise for every result. Made by `hosted`.
 *
 * Arguments are copied to the worker, but for arrays in shared memory, and what comes back are arrays of the caller's own. A
 * data set is sent once, at its first use: later changes to its arrays are not seen. Every call rejects with `DISPOSED` after
 * `dispose`, and with `WORKER_LOST` once the worker has ended by itself (a single call, as everywhere, when one of the runtime's
 * own threads is lost). What cannot be copied is refused: `HOSTED_FUNCTION` a function other than a callback, `OPTION`
 * anything else.
 *
 * A process stays alive for calls under way, not for a runtime that waits for some. The worker ends when neither the runtime
 * nor a model of it can be reached any more.
 *
 * @category Runtime
 */
export interface HostedXent {
  /** as the worker last reported it, with the answer to a call */
  readonly info: Info;
  /**
   * A model of layers one after another, in the worker. Options, layers and errors are those of `sequential` on the calling
   * thread.
   * @example
   * ```ts
   * import { dense, hosted, ones } from "xent";
   * const xent = await hosted();
   * const model = await xent.sequential({ input: 3 }, [dense(1, { init: ones() })]);
   * await model.logits([[1, 2, 3]]); // → [6]
   * await xent.dispose();
   * ```
   */
  sequential(options: SequentialOptions, layers: readonly LayerSpec[]): Promise<HostedSequential>;
  /**
   * A model from a file that `save` wrote, in the worker.
   *
   * @throws {XentError} `CHECKPOINT` the bytes are no such file
   * @example
   * ```ts
   * import { dense, hosted, init } from "xent";
   * const near = (await init()).sequential({ input: 2 }, [dense(3)]);
   * const xent = await hosted();
   * const model = await xent.load(near.save());
   * model.outputs; // → 3
   * await xent.dispose();
   * ```
   */
  load(bytes: Uint8Array | ArrayBuffer): Promise<HostedSequential>;
  /**
   * Matrix multiplication as on the calling thread, C ← α·op(A)·op(B) + β·C. Arrays in shared memory, such as those of
   * `alloc`, are worked on as they are: leave them alone until the promise has settled. Others are copied.
   *
   * @returns `c`, filled
   * @throws {XentError} `OPTION`, `SHAPE`, `TOO_LARGE`, `MEMORY`
   * @example
   * ```ts
   * import { hosted } from "xent";
   * const xent = await hosted();
   * const a = Float32Array.of(1, 2, 3); // a column, and a row
   * const b = Float32Array.of(1, 10);
   * await xent.sgemm({ m: 3, n: 2, k: 1, a, b, c: new Float32Array(6) }); // → [1, 10, 2, 20, 3, 30]
   * await xent.dispose();
   * ```
   */
  sgemm(options: SgemmOptions): Promise<Float32Array>;
  /**
   * Arrays for `sgemm`, each on a cache line of its own, over one buffer. It is shared with the worker where the host has
   * shared memory (a page has to be cross-origin isolated).
   *
   * @param lengths  elements of each; all are 0 at first
   * @throws {XentError} `OPTION` a length that is no integer from 0; `TOO_LARGE` over 4 GiB; `MEMORY` the host refused it
   * @example
   * ```ts
   * import { hosted } from "xent";
   * const xent = await hosted();
   * const [a, b, c] = await xent.alloc([4, 4, 1]);
   * a.set([1, 2, 3, 4]);
   * b.fill(2);
   * await xent.sgemm({ m: 1, n: 1, k: 4, a, b, c });
   * c; // → [20]
   * await xent.dispose();
   * ```
   */
  alloc(lengths: readonly number[]): Promise<Float32Array[]>;
  /**
   * Ends the worker, whatever it is doing. Calls under way and later ones reject with `DISPOSED`.
   * @example
   * ```ts
   * import { dense, hosted } from "xent";
   * const xent = await hosted();
   * const model = xent.sequential({ input: 1 }, [dense(1)]).catch(({ code }) => code);
   * await xent.dispose();
   * await model; // → "DISPOSED"
   * ```
   */
  dispose(): Promise<void>;
}

/**
 * A model in a worker: the methods of {@link Sequential}, with a promise for every result.
 *
 * Callbacks and signals stay with the caller. A run waits for what `onEpochEnd` comes to, promises included, and the model answers
 * meanwhile: what it saves then is the end of that epoch, and a run that is stopped there ends with it. When one is stopped at
 * another time, some more steps may be done, for at most 50 ms or one step.
 *
 * @category Models
 * @interface
 */
export type HostedSequential = {
  readonly [K in keyof Sequential]: Sequential[K] extends (...args: infer Args) => infer Result
    ? Result extends AsyncGenerator
      ? Sequential[K]
      : (...args: Args) => Promise<Awaited<Result>>
    : Sequential[K];
};

type Method = {
  [K in keyof Sequential]: Sequential[K] extends (...args: never[]) => unknown ? K : never;
}[keyof Sequential];

/**
 * Every method of a model with the names of its parameters: one that is missing does not compile. Where the first is
 * `data`, it is a data set, and the options behind it have a signal.
 */
const METHODS: { readonly [K in Method]: readonly string[] } = {
  summary: [],
  plan: ["options"],
  fit: ["data", "options"],
  steps: ["data", "options"],
  trainOnBatch: ["x", "y", "options"],
  gradients: ["batch"],
  activations: ["x"],
  evaluate: ["data", "options"],
  confusionMatrix: ["data", "options"],
  predict: ["x"],
  predictClass: ["x"],
  logits: ["x"],
  stateDict: [],
  loadStateDict: ["state"],
  save: [],
  load: ["bytes"],
  dispose: [],
};

const EVENTS = ["onProgress", "onEpochEnd"] as const;

/** @internal See `hosted` in runtime.ts. */
export async function start(options: InitOptions | undefined): Promise<HostedXent> {
  const { spawn } = await import("../threads/spawn.ts");
  const { passed, from } = await brought(options);
  // bundlers make a file of the worker where they see it named beside import.meta.url: once is enough
  const here = import.meta.url;
  const line = new Line((listener) =>
    spawn(
      new URL("../worker.ts", here),
      () => new Worker(new URL("../worker.ts", import.meta.url), { type: "module" }),
      listener,
      from,
    ),
  );
  const names = ["options"];
  // the flag, once set, widens what a worker compiles too
  const args = [isWide() ? { ...passed, wide: true } : passed];
  const request = { on: RUNTIME, name: "init", where: "hosted", names, args, keep: RUNTIME };
  try {
    await line.call(request);
  } catch (error) {
    line.end();
    throw error;
  }
  return {
    get info() {
      return line.info;
    },
    sequential: (...args) => made(line, "sequential", ["options", "layers"], args),
    load: (bytes) => made(line, "load", ["bytes"], [bytes]),
    sgemm: (sgemmOptions) => sgemm(line, sgemmOptions),
    async alloc(lengths) {
      line.check("alloc");
      return alloc(lengths);
    },
    async dispose() {
      line.end();
    },
  };
}

/** What is brought is made ready on this side: addresses are relative to this page, and a response stays where it is. */
async function brought(
  options: InitOptions | undefined,
): Promise<{ passed: InitOptions | undefined; from?: WorkerFrom }> {
  const { wasm, worker } = options ?? {};
  if (wasm === undefined && worker === undefined) return { passed: options };
  const { moduleFrom, workerFrom } = await import("./more.ts");
  const from = worker === undefined ? undefined : workerFrom("hosted", worker);
  const passed = { ...options };
  if (wasm !== undefined) passed.wasm = await moduleFrom(wasm);
  if (from?.url !== undefined) passed.worker = from.blob ? { blob: from.url } : from.url;
  return { passed, ...(from && { from }) };
}

/** A model that a method of the runtime makes over there. */
async function made(
  line: Line,
  name: "sequential" | "load",
  names: readonly string[],
  args: readonly unknown[],
): Promise<HostedSequential> {
  const key = line.key();
  const known = await line.call({ on: RUNTIME, name, names, args, keep: key });
  const { input, outputs, ...told } = known as Pick<Sequential, "input" | "outputs"> &
    Pick<Answer, "classes">;
  // apart from the model, which nothing of its own may hold
  const facts: Facts = { classes: undefined, preprocessing: undefined };
  await learn(facts, told);
  const model: Record<string, unknown> = {
    input,
    outputs,
    get classes() {
      return facts.classes;
    },
    get preprocessing() {
      return facts.preprocessing;
    },
  };
  for (const name of Object.keys(METHODS) as Method[]) {
    model[name] = (...args: unknown[]) => invoke(line, key, facts, name, args);
  }
  model.steps = (...args: unknown[]) => steps(line, key, facts, args);
  line.watch(model, key);
  return model as unknown as HostedSequential;
}

async function invoke(
  line: Line,
  key: number,
  facts: Facts,
  name: Method,
  args: readonly unknown[],
): Promise<unknown> {
  // its memory is gone with the worker's
  if (name === "dispose" && line.over) return undefined;
  const { request, near } = prepare(line, key, name, args);
  return line.call(request, { ...near, facts });
}

/** Pulls the steps one by one; the run is held over there under a number of its own. */
function steps(
  line: Line,
  key: number,
  facts: Facts,
  args: readonly unknown[],
): AsyncGenerator<unknown, void> {
  const run = line.key();
  const pull = async (name: "next" | "return"): Promise<IteratorResult<unknown, void>> =>
    (await line.call({ on: run, name, where: "steps", args: [] }, { facts })) as IteratorResult<
      unknown,
      void
    >;
  const loop = (async function* () {
    const { request, near } = prepare(line, key, "steps", args);
    const { signal, streams = new Map() } = near;
    const abort = (): void => line.abort(run);
    const close = line.open(streams);
    try {
      await line.call({ ...request, keep: run });
    } catch (error) {
      close();
      throw error;
    }
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    try {
      for (let step = await pull("next"); !step.done; step = await pull("next")) yield step.value;
    } finally {
      signal?.removeEventListener("abort", abort);
      // the model is free for other calls when this has been heard of
      if (!line.over) await pull("return");
      close();
      line.drop(run);
    }
  })();
  line.watch(loop, run);
  return loop;
}

/**
 * A call of a method, as it is sent and what stays here of it.
 *
 * @throws {XentError} `OPTION`, `DISPOSED`, `WORKER_LOST`
 */
function prepare(
  line: Line,
  key: number,
  name: Method,
  args: readonly unknown[],
): { request: Request; near: Near } {
  line.check(name);
  const names = METHODS[name];
  if (names[0] !== "data") return { request: { on: key, name, names, args }, near: {} };
  const [data, options] = args;
  const streams = new Map<number, DataStream>();
  const number = shared(line, name, data, streams);
  const { near, apart, rest } = part(line, name, options, streams);
  return { request: { on: key, name, names, args: [undefined, rest], data: number, apart }, near };
}

/** The number of a data set, or of a stream, which is opened with the call. */
function shared(line: Line, where: string, data: unknown, streams: Map<number, DataStream>): number {
  if (!isStream(data)) return line.share(checkData(where, data));
  const key = line.key();
  streams.set(key, data);
  return key;
}

/** Takes apart what crosses of options, and what does not. */
function part(
  line: Line,
  name: Method,
  options: unknown,
  streams: Map<number, DataStream>,
): { near: Near; apart?: Apart; rest: unknown } {
  // is refused over there, with the names that are known
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    return { near: { streams }, rest: options };
  }
  const { signal, ...others } = options as FitOptions;
  checkSignal(name, signal);
  const aborted = signal?.aborted === true;
  if (name !== "fit") {
    return {
      near: { signal, streams },
      apart: { aborted, validation: undefined, tell: [] },
      rest: others,
    };
  }
  const { callbacks: given = [], validation: held, ...more } = others;
  const [validation, rest] = isSplit(held) ? [undefined, { ...more, validation: held }] : [held, more];
  checkCallbacks(name, given);
  // early stopping is plain data, and does its work over there
  const { called: callbacks, specs } = partCallbacks(given);
  const tell = EVENTS.filter((event) => callbacks.some((callback) => callback[event] !== undefined));
  const apart: Apart = {
    aborted,
    validation: validation ? shared(line, `${name}: validation`, validation, streams) : undefined,
    tell,
  };
  return {
    near: { signal, callbacks, streams },
    apart,
    rest: specs.length > 0 ? { ...rest, callbacks: specs } : rest,
  };
}

async function sgemm(line: Line, options: SgemmOptions): Promise<Float32Array> {
  line.check("sgemm");
  const product = checkProduct(options);
  const { m, n, c, ldc, beta } = product;
  const call = { on: RUNTIME, name: "sgemm", names: ["options"] };
  if (isShared(c.buffer)) {
    await line.call({ ...call, args: [product] });
    return c;
  }
  // rows of C travel without what lies between them
  const dense = new Float32Array(m * n);
  if (beta !== 0) for (let i = 0; i < m; i++) dense.set(c.subarray(i * ldc, i * ldc + n), i * n);
  const args = [{ ...product, c: dense, ldc: n }];
  const filled = (await line.call({ ...call, args }, {}, [dense.buffer])) as Float32Array;
  for (let i = 0; i < m; i++) c.set(filled.subarray(i * n, (i + 1) * n), i * ldc);
  return c;
}

function alloc(lengths: readonly number[]): Float32Array[] {
  checkLengths(lengths);
  const { starts, end } = inLines(lengths, 0);
  checkBytes("alloc", end);
  let buffer: ArrayBufferLike;
  try {
    buffer = typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(end) : new SharedArrayBuffer(end);
  } catch (cause) {
    throw new XentError(
      "MEMORY",
      `alloc: the host refused a memory of ${Math.ceil(end / 2 ** 20)} MiB (${(cause as Error).message})`,
      "Multiply in blocks.",
    );
  }
  return lengths.map((length, i) => new Float32Array(buffer, starts[i], length));
}
