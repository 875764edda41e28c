// The far side of a hosted runtime: holds the runtime and what was made of it, and does what the caller's messages say. It
// runs in a worker, and knows nothing of workers.

import type { WasmModule } from "../base/platform.ts";
import { CheckedRows } from "../data/dataset.ts";
import { preprocessingOf } from "../data/prepare.ts";
import type { DataStream } from "../data/stream.ts";
import type { Callback } from "../train/fit.ts";
import type { BuildName, Builds } from "../wasm/builds.ts";
import { begin, type InitOptions, type Xent } from "./begin.ts";
import { described } from "./kinds.ts";
import {
  type Answer,
  type Apart,
  type Call,
  type Chunk,
  errorOf,
  failureOf,
  fresh,
  type Order,
  type Report,
  RUNTIME,
  type SentRows,
  type Verdict,
} from "./messages.ts";
import type { FitOptions } from "./options.ts";
import type { Sequential } from "./sequential.ts";

/** Ends a fit whose callback has thrown on the other side; the error itself stays there. */
const thrown = Symbol("thrown");

type Post = (report: Report, transfer: readonly ArrayBuffer[]) => void;
type Awaiting = {
  readonly resolve: (module: WasmModule) => void;
  readonly reject: (error: unknown) => void;
};
type Facts = Pick<Answer, "classes" | "preprocessing">;
type Methods = Record<string, (...args: readonly unknown[]) => unknown>;

/** @returns what takes the caller's messages */
export function host(post: Post): (message: unknown) => void {
  const far = new Host(post);
  return (message) => far.receive(message as Order);
}

class Host {
  readonly #post: Post;
  readonly #held = new Map<number, unknown>([
    [RUNTIME, { init: (options: InitOptions) => begin(this.#builds, options) }],
  ]);
  /** those that the caller was asked for */
  readonly #awaited = new Map<BuildName, Awaiting>();
  /** of runs that wait for what the caller's callbacks came to */
  readonly #verdicts = new Map<number, (verdict: Verdict) => void>();
  readonly #controllers = new Map<number, AbortController>();
  /** the models whose steps are held, by their numbers */
  readonly #models = new Map<number, unknown>();
  readonly #named = new WeakMap<object, Facts>();
  /** of passes that wait for their next rows */
  readonly #chunks = new Map<number, (chunk: Chunk) => void>();
  #passes = 0;
  #told: string | undefined;

  constructor(post: Post) {
    this.#post = post;
  }

  readonly #builds: Builds = (name) =>
    new Promise((resolve, reject) => {
      this.#awaited.set(name, { resolve, reject });
      this.#post({ build: name }, []);
    });

  receive(order: Order): void {
    switch (order.what) {
      case "call":
        void this.#answer(order.call);
        break;
      case "data":
        this.#held.set(order.key, checked(order.rows));
        break;
      case "stream": {
        const { key, rows, blockRows } = order;
        this.#held.set(key, { rows, blockRows, chunks: () => this.#pass(key) } satisfies DataStream);
        break;
      }
      case "chunk":
        this.#chunks.get(order.pass)?.(order);
        break;
      case "build": {
        const { name, module, failure } = order;
        const awaited = this.#awaited.get(name);
        if (failure !== undefined) awaited?.reject(errorOf(failure, undefined));
        else if (module !== undefined) awaited?.resolve(module);
        break;
      }
      case "abort":
        this.#controllers.get(order.key)?.abort();
        break;
      case "verdict":
        this.#verdicts.get(order.id)?.(order.verdict);
        this.#verdicts.delete(order.id);
        break;
      case "drop":
        this.#held.delete(order.key);
        this.#controllers.delete(order.key);
        this.#models.delete(order.key);
        break;
    }
  }

  /** Pulls the rows of a stream of the caller's, from their beginning. */
  async *#pass(pull: number): AsyncGenerator<CheckedRows, void> {
    const pass = ++this.#passes;
    try {
      for (;;) {
        const { rows, failure } = await new Promise<Chunk>((resolve) => {
          this.#chunks.set(pass, resolve);
          this.#post({ pull, pass, over: false }, []);
        });
        if (failure !== undefined) throw errorOf(failure, undefined);
        if (rows === undefined) return;
        yield checked(rows);
      }
    } finally {
      this.#chunks.delete(pass);
      this.#post({ pull, pass, over: true }, []);
    }
  }

  async #answer(call: Call): Promise<void> {
    const { id, keep } = call;
    const controller = new AbortController();
    this.#controllers.set(keep ?? id, controller);
    try {
      const result = await this.#perform(call, controller);
      if (keep !== undefined) this.#held.set(keep, result);
      if (call.name === "steps" && keep !== undefined) this.#models.set(keep, this.#held.get(call.on));
      const value = keep === undefined ? result : properties(result);
      this.#post({ id, value, ...this.#facts(call), info: this.#news() }, [...fresh(value)]);
    } catch (error) {
      const { signal } = controller;
      const failure =
        signal.aborted && error === signal.reason ? ({ kind: "abort" } as const) : failureOf(error);
      this.#post({ id, failure, ...this.#facts(call), info: this.#news() }, []);
    } finally {
      if (keep === undefined) this.#controllers.delete(id);
    }
  }

  #perform({ id, on, name, args, data, apart }: Call, controller: AbortController): unknown {
    const complete = args.map((arg) =>
      name === "sequential" && Array.isArray(arg) ? described(arg) : withParts(arg),
    );
    if (data !== undefined) complete[0] = this.#held.get(data);
    if (apart !== undefined) {
      if (apart.aborted) controller.abort();
      const options = complete[1] as FitOptions | undefined;
      const specs = options?.callbacks ?? [];
      complete[1] = {
        ...options,
        signal: controller.signal,
        ...(apart.validation === undefined ? {} : { validation: this.#held.get(apart.validation) }),
        ...(apart.tell.length === 0 ? {} : { callbacks: [...specs, this.#callback(id, apart)] }),
      };
    }
    return ((this.#held.get(on) as Methods)[name] as Methods[string])(...complete);
  }

  /** Stands for all callbacks of the caller. */
  #callback(id: number, { tell }: Apart): Callback {
    const onward =
      (name: keyof Callback) =>
      async (event: unknown): Promise<void> => {
        this.#post({ id, tell: name, event: event as never }, []);
        if (name !== "onEpochEnd") return;
        // a run that is stopped or held up there ends or waits with this epoch, as it does where nothing lies between
        const verdict = await new Promise<Verdict>((settle) => {
          this.#verdicts.set(id, settle);
        });
        if (verdict === "thrown") throw thrown;
      };
    return Object.fromEntries(tell.map((name) => [name, onward(name)]));
  }

  /** What the model that a call was to knows of its data, as far as that was not said before. */
  #facts({ on }: Call): Facts {
    const model = (this.#models.get(on) ?? this.#held.get(on)) as Sequential | undefined;
    if (model === undefined) return {};
    const classes = model.classes ?? null;
    const preprocessing = model.preprocessing?.spec ?? null;
    const told = this.#named.get(model);
    this.#named.set(model, { classes, preprocessing });
    return {
      classes: told?.classes === classes ? undefined : classes,
      preprocessing: told?.preprocessing === preprocessing ? undefined : preprocessing,
    };
  }

  /** What is to be said of the runtime, if it is not what was said last. */
  #news() {
    const { info } = this.#held.get(RUNTIME) as Partial<Xent>;
    const text = JSON.stringify(info);
    if (text === this.#told) return undefined;
    this.#told = text;
    return info;
  }
}

/** What was cloned on its way has lost what its descriptions are made of. Data, which may be large, are not looked through. */
function withParts(options: unknown): unknown {
  if (typeof options !== "object" || options === null) return options;
  const found = ["loss", "optimizer", "callbacks"].filter((name) => Object.hasOwn(options, name));
  if (found.length === 0) return options;
  const own = found.map((name) => [name, described((options as Record<string, unknown>)[name])] as const);
  return { ...options, ...Object.fromEntries(own) };
}

/** What the caller has to know of something that stays here. */
function properties(held: unknown): Partial<Pick<Sequential, "input" | "outputs">> & Facts {
  const { input, outputs, classes, preprocessing } = held as Partial<Sequential>;
  if (input === undefined || outputs === undefined) return {};
  return { input, outputs, classes, preprocessing: preprocessing?.spec };
}

/** Rows that were checked where they were made. */
function checked(rows: SentRows): CheckedRows {
  const { weight, scale, shift, classes, preprocessing } = rows;
  const again = preprocessing && preprocessingOf(preprocessing);
  return new CheckedRows(rows, rows, weight, scale, shift, classes, again);
}
