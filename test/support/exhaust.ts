// A host that runs out of memory at a chosen moment: memories, instances, workers and arrays are counted as they are asked for, and one
// of them, or all from there on, is refused as engines refuse it. Node only; a worker that is started with `workerFile` counts along.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setEnvironmentData } from "node:worker_threads";

/** What is counted: which request is refused (0: none), whether all behind it are, and how many there were. */
const words = new Int32Array(new SharedArrayBuffer(12));
const KEY = "xent.exhaust";

/**
 * Runs in this thread and, as text, in a worker: it may use nothing from outside.
 *
 * @param asked  shared by all threads
 * @param least  bytes from which an array counts
 */
function watchRequests(asked: Int32Array, least: number): void {
  const ask = (refusal: () => Error): void => {
    const at = Atomics.load(asked, 0);
    if (at === 0) return;
    const count = Atomics.add(asked, 2, 1) + 1;
    if (count === at || (count > at && Atomics.load(asked, 1) === 1)) throw refusal();
  };
  const sizeOf = (first: unknown): number => {
    if (typeof first === "number") return first;
    if (first instanceof ArrayBuffer || first instanceof SharedArrayBuffer) return 0;
    return Number(Object(first).length ?? 0);
  };
  type Maker = new (...args: unknown[]) => object;
  const watch = (at: object, name: string, before: (args: readonly unknown[]) => void): void => {
    const real = (at as Record<string, Maker>)[name] as Maker;
    const watched: Maker = new Proxy(real, {
      construct(target, args: unknown[], made) {
        before(args);
        return Reflect.construct(target, args, made === watched ? target : made) as object;
      },
    });
    Object.defineProperty(at, name, { value: watched, writable: true, configurable: true });
    // what makes another of its kind, as slice does, asks here too
    Object.defineProperty(real.prototype, "constructor", {
      value: watched,
      writable: true,
      configurable: true,
    });
  };
  const arrays = ["Int8", "Uint8", "Uint8Clamped", "Int16", "Uint16", "Int32", "Uint32", "Float32", "Float64"]
    .concat("BigInt64", "BigUint64")
    .map((kind) => `${kind}Array`);
  for (const name of [...arrays, "ArrayBuffer", "SharedArrayBuffer"]) {
    const { BYTES_PER_ELEMENT: width = 1 } = (globalThis as Record<string, unknown>)[name] as {
      BYTES_PER_ELEMENT?: number;
    };
    watch(globalThis, name, ([first]) => {
      if (sizeOf(first) * width >= least) ask(() => new RangeError("Array buffer allocation failed"));
    });
  }
  watch(WebAssembly, "Memory", () =>
    ask(() => new RangeError("WebAssembly.Memory(): could not allocate memory")),
  );
  watch(WebAssembly, "Instance", () =>
    ask(() => new RangeError("WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory")),
  );
  watch(process.getBuiltinModule("node:worker_threads"), "Worker", () =>
    ask(() => Object.assign(new Error("Worker initialization failure"), { code: "ERR_WORKER_INIT_FAILED" })),
  );
}

/** Bytes from which an array counts as one that may be refused. */
const LEAST = 1024;

/** Begins to watch this process; for the whole of a test file, as what was made before is of another kind than what comes. */
export function watch(): void {
  watchRequests(words, LEAST);
  setEnvironmentData(KEY, words);
}

/** The file of a worker that counts along; `worker.js` of the package does the rest. */
export function workerFile(folder: string, worker: URL): string {
  const file = join(folder, "exhausted.mjs");
  const text = `import { getEnvironmentData } from "node:worker_threads";
(${watchRequests})(getEnvironmentData(${JSON.stringify(KEY)}), ${LEAST});
await import(${JSON.stringify(worker.href)});
`;
  writeFileSync(file, text);
  return file;
}

/** Runs something while the host refuses the `at`-th request, or with `on` all from that on. */
export async function refusing<T>(
  at: number,
  on: boolean,
  work: () => T | Promise<T>,
): Promise<{ value?: T; error?: unknown; asked: number }> {
  words.set([at, on ? 1 : 0, 0]);
  try {
    return { value: await work(), asked: asked() };
  } catch (error) {
    return { error, asked: asked() };
  } finally {
    words.fill(0);
  }
}

const asked = (): number => Atomics.load(words, 2);
