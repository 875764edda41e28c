// What is taken from a platform, by its shape: so the published types need neither the DOM's nor Node's, and fit both.

/** An `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A `URL`. */
export interface UrlLike {
  readonly href: string;
}

/** A `Response`, as `fetch` gives it. */
export interface ResponseLike {
  readonly url: string;
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** A `ReadableStream`, of the web's kind. */
export interface ReadableStreamLike {
  getReader(): ReaderLike;
}

/** A `ReadableStreamDefaultReader`. */
export interface ReaderLike {
  read(): Promise<{ readonly done: boolean; readonly value?: unknown }>;
  cancel(): Promise<void>;
  releaseLock(): void;
}

/** A `Blob`, such as a `File` that was chosen on a page. */
export interface BlobLike {
  stream(): ReadableStreamLike;
}

/** A `WebAssembly.Module`. Its own type has no members; the tag is what keeps other things out. */
export interface WasmModule {
  readonly [Symbol.toStringTag]?: "WebAssembly.Module";
}

/** A `WebAssembly.Memory`. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike;
}
