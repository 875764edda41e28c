// The caller's end of a hosted runtime: calls and their answers, what is known over there, and the worker's end. What the
// calls mean is not known here.

import { XentError } from "../base/errors.ts";
import type { AbortSignalLike } from "../base/platform.ts";
import type { CheckedRows, Dataset } from "../data/dataset.ts";
import type { Preprocessing } from "../data/prepared.ts";
import type { DataStream } from "../data/stream.ts";
import type { Callback } from "../train/fit.ts";
import { type BuildName, compileBuild } from "../wasm/builds.ts";
import type { Info } from "./choose.ts";
import { more } from "./extras.ts";
import {
  type Answer,
  type Call,
  errorOf,
  type Failure,
  failureOf,
  type Order,
  packed,
  type Report,
  RUNTIME,
  type SentRows,
  unsendable,
} from "./messages.ts";
import { checkData } from "./options.ts";

/** A started worker. */
interface Far {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  hold(held: boolean): void;
  end(): void;
}

/** Starts one. */
export type Start = (listener: { message(data: unknown): void; lost(reason: string): void }) => Far;

/** A call that is under way. */
interface Pending {
  readonly where: string;
  settle(answer: Answer): void;
  tell(name: keyof Callback, event: never): void;
}

/** A call as it is asked for; `where` names it in messages, `names` its parameters. */
export interface Request extends Omit<Call, "id"> {
  readonly where?: string;
  readonly names?: readonly string[];
}

/** What stays on this side. */
export interface Near {
  readonly signal?: AbortSignalLike | undefined;
  readonly callbacks?: readonly Callback[];
  /** of the model that the call is to */
  readonly facts?: Facts | undefined;
  /** those that the far side pulls rows of, by the numbers under which it knows them */
  readonly streams?: ReadonlyMap<number, DataStream> | undefined;
}

/** What the caller knows of a model over there. */
export interface Facts {
  classes: readonly string[] | undefined;
  preprocessing: Preprocessing | undefined;
}

/** Why there is no worker any more, for a call to say. */
type Over = (where: string) => Failure;

const HINT = "Make a new one: await hosted().";

const disposed: Over = (where) => ({
  kind: "xent",
  code: "DISPOSED",
  problem: `${where}: the hosted runtime was disposed`,
  hint: HINT,
});

const lost =
  (reason: string): Over =>
  (where) => ({
    kind: "xent",
    code: "WORKER_LOST",
    problem: `${where}: the worker of the hosted runtime ended before its work: ${reason}`,
    hint: HINT,
  });

/** A worker that could not be started, and what to do about it. */
function unstarted(where: string, error: XentError): Failure {
  const failure = failureOf(error) as Failure & { kind: "xent" };
  return { ...failure, problem: `${where}: ${failure.problem}` };
}

/**
 * Held by all that a caller can get at, the runtime and its models, and by calls under way. The worker itself holds the
 * wire alone: when the last of the others is gone, it is ended.
 */
export class Line {
  readonly #wire: Wire;
  readonly #sent = new WeakMap<Dataset, number>();

  constructor(start: Start) {
    this.#wire = new Wire(start);
    this.watch(this, RUNTIME);
  }

  /** as the last answer had it */
  get info(): Info {
    return this.#wire.info as Info;
  }

  get over(): boolean {
    return this.#wire.over !== undefined;
  }

  /** A number for something that the far side is to hold. */
  key(): number {
    return this.#wire.count();
  }

  /** Has the far side let go of what it holds under this number when the owner is gone. */
  watch(owner: object, key: number): void {
    this.#wire.gone.register(owner, key);
  }

  /** @throws {XentError} `DISPOSED`, `WORKER_LOST` */
  check(where: string): void {
    const { over } = this.#wire;
    if (over !== undefined) throw errorOf(over(where), undefined);
  }

  /** The number of a data set, which is sent at its first use. */
  share(data: CheckedRows): number {
    let key = this.#sent.get(data);
    if (key !== undefined) return key;
    key = this.key();
    const transfer: ArrayBuffer[] = [];
    this.#wire.post({ what: "data", key, rows: sent(data, transfer) }, transfer);
    this.#sent.set(data, key);
    this.watch(data, key);
    return key;
  }

  /** Has the far side pull rows of streams, until the result is called. */
  open(streams: ReadonlyMap<number, DataStream>): () => void {
    for (const [key, stream] of streams) {
      const { rows, blockRows } = stream;
      this.#wire.streams.set(key, { stream, passes: new Map() });
      this.#wire.post({ what: "stream", key, rows, blockRows });
    }
    return () => {
      for (const key of streams.keys()) {
        this.#wire.letGo(key);
        this.drop(key);
      }
    };
  }

  drop(key: number): void {
    this.#wire.post({ what: "drop", key });
  }

  abort(key: number): void {
    this.#wire.post({ what: "abort", key });
  }

  /**
   * Makes a call, and runs the callbacks on its way.
   *
   * @param transfer  buffers that move
   * @throws what the call throws over there; what a callback throws here; the signal's reason;
   *         {XentError} `HOSTED_FUNCTION`, `OPTION` an argument that cannot be sent; `DISPOSED`, `WORKER_LOST`
   */
  async call(
    request: Request,
    { signal, callbacks = [], facts, streams = new Map() }: Near = {},
    transfer: ArrayBuffer[] = [],
  ): Promise<unknown> {
    const { where = request.name, names = [], ...rest } = request;
    this.check(where);
    const id = this.key();
    // callbacks run one after the other, as they do where nothing lies between
    let told = Promise.resolve();
    let thrown: { readonly error: unknown } | undefined;
    const tell: Pending["tell"] = (name, event) => {
      told = told.then(async () => {
        try {
          if (thrown === undefined) for (const callback of callbacks) await callback[name]?.(event);
        } catch (error) {
          thrown = { error };
          this.abort(id);
        }
        if (name !== "onEpochEnd") return;
        this.#wire.post({ what: "verdict", id, verdict: thrown === undefined ? "goOn" : "thrown" });
      });
    };
    const abort = (): void => this.abort(id);
    signal?.addEventListener("abort", abort);
    const close = this.open(streams);
    try {
      const answer = await new Promise<Answer>((settle) => {
        const args = rest.args.map((arg) => packed(arg, transfer));
        try {
          this.#wire.ask({ ...rest, id, args }, transfer, { where, settle, tell });
        } catch (error) {
          if ((error as Error).name !== "DataCloneError") throw error;
          throw unsendable(where, names, rest.args, error as Error);
        }
      });
      if (facts !== undefined) await learn(facts, answer);
      await told;
      if (thrown !== undefined) throw (thrown as { readonly error: unknown }).error;
      if (answer.failure !== undefined) throw errorOf(answer.failure, signal?.reason);
      return answer.value;
    } finally {
      close();
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends the worker; calls under way reject with `DISPOSED`. */
  end(): void {
    this.#wire.end(disposed);
  }
}

/** Takes over what an answer tells of a model. */
export async function learn(
  facts: Facts,
  { classes, preprocessing }: Pick<Answer, "classes" | "preprocessing">,
): Promise<void> {
  if (classes !== undefined) facts.classes = classes ?? undefined;
  if (preprocessing === undefined) return;
  facts.preprocessing = preprocessing ? (await more()).preprocessingOf(preprocessing) : undefined;
}

function sent(data: CheckedRows, transfer: ArrayBuffer[]): SentRows {
  return packed({ ...data, preprocessing: data.preprocessing?.spec }, transfer);
}

/** What the worker's listener holds. */
class Wire {
  info: Info | undefined;
  over: Over | undefined;
  /** owners of what the far side holds, by its numbers; of the runtime it is the line */
  readonly gone = new FinalizationRegistry<number>((key) => {
    if (key === RUNTIME) this.end(disposed);
    else this.post({ what: "drop", key });
  });
  /** of calls under way, with where each pass stands */
  readonly streams = new Map<number, { stream: DataStream; passes: Map<number, AsyncIterator<Dataset>> }>();
  readonly #pending = new Map<number, Pending>();
  readonly #far: Far | undefined;
  #last = RUNTIME;

  constructor(start: Start) {
    try {
      this.#far = start({
        message: (report) => this.#receive(report as Report),
        lost: (reason) => this.end(lost(reason)),
      });
    } catch (error) {
      this.over = error instanceof XentError ? (where) => unstarted(where, error) : lost(String(error));
    }
  }

  count(): number {
    return ++this.#last;
  }

  post(order: Order, transfer?: readonly ArrayBuffer[]): void {
    if (this.over === undefined) this.#far?.post(order, transfer);
  }

  ask(call: Call, transfer: readonly ArrayBuffer[], pending: Pending): void {
    this.post({ what: "call", call }, transfer);
    this.#pending.set(call.id, pending);
    // a process lives as long as there is something to wait for
    if (this.#pending.size === 1) this.#far?.hold(true);
  }

  end(over: Over): void {
    if (this.over !== undefined) return;
    this.over = over;
    this.#far?.end();
    for (const [id, { where, settle }] of this.#pending) settle({ id, failure: over(where) });
    this.#pending.clear();
  }

  /** A worker's file holds no build: it is compiled on this side, and shared. */
  async #send(name: BuildName): Promise<void> {
    try {
      this.post({ what: "build", name, module: await compileBuild(name) });
    } catch (error) {
      this.post({ what: "build", name, failure: failureOf(error) });
    }
  }

  /** Ends the passes of a stream that the far side has not: it is gone, or was in the middle of one. */
  letGo(key: number): void {
    const { passes } = this.streams.get(key) ?? {};
    this.streams.delete(key);
    // nobody is left to hear what its end throws
    for (const rows of passes?.values() ?? []) void rows.return?.().catch(() => undefined);
  }

  /** Answers with the next rows of a stream, or lets a pass go. */
  async #pulled(key: number, pass: number, over: boolean): Promise<void> {
    const { stream, passes } = this.streams.get(key) ?? {};
    if (stream === undefined || passes === undefined) return;
    try {
      if (over) {
        const begun = passes.get(pass);
        passes.delete(pass);
        await begun?.return?.();
        return;
      }
      const rows = passes.get(pass) ?? iterate(stream);
      passes.set(pass, rows);
      const { done, value } = await rows.next();
      if (done) {
        this.post({ what: "chunk", pass });
        return;
      }
      const transfer: ArrayBuffer[] = [];
      const chunk = sent(checkData("stream", value), transfer);
      this.post({ what: "chunk", pass, rows: chunk }, transfer);
    } catch (error) {
      this.post({ what: "chunk", pass, failure: failureOf(error) });
    }
  }

  #receive(report: Report): void {
    if ("build" in report) {
      void this.#send(report.build);
      return;
    }
    if ("pull" in report) {
      void this.#pulled(report.pull, report.pass, report.over);
      return;
    }
    this.info = report.info ?? this.info;
    const pending = this.#pending.get(report.id);
    if (pending === undefined) return;
    if ("tell" in report) {
      pending.tell(report.tell, report.event);
      return;
    }
    this.#pending.delete(report.id);
    if (this.#pending.size === 0) this.#far?.hold(false);
    pending.settle(report);
  }
}

/** A pass over a stream. */
function iterate(stream: DataStream): AsyncIterator<Dataset> {
  const chunks = stream.chunks();
  return Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : asynchronous(chunks);
}

async function* asynchronous(chunks: Iterable<Dataset>): AsyncGenerator<Dataset, void> {
  yield* chunks;
}
