// What the engine at hand can do: whether it takes relaxed SIMD, and whether V8's revectorisation is to be had. Node's
// `process` is looked at as it stands: no import, and no type of Node's.

/** The parts of Node's, Deno's and Bun's `process` that are read here. */
interface ProcessLike {
  readonly versions?: Readonly<Record<string, string | undefined>>;
  readonly arch?: string;
  readonly platform?: string;
  readonly execArgv?: readonly string[];
  getBuiltinModule?(name: string): unknown;
  emitWarning?(text: string, name: string): void;
}

/** Node's module `v8`. */
interface V8Module {
  setFlagsFromString(flags: string): void;
}

/** Node's module `os`. */
interface OsModule {
  availableParallelism?(): number;
}

/** Node's module `fs/promises`. */
interface FilesModule {
  readFile(url: URL): Promise<Uint8Array<ArrayBuffer>>;
}

/** Node's module `zlib`. */
interface ZlibModule {
  inflateRawSync(bytes: Uint8Array): Uint8Array<ArrayBuffer>;
}

const host = (): ProcessLike | undefined => (globalThis as { process?: ProcessLike }).process;

/** `Node 24.21.0`, `Bun 1.4.5`, `Deno 2.9.5`, or undefined on a page. */
export function engineName(): string | undefined {
  const versions = host()?.versions;
  if (versions?.bun !== undefined) return `Bun ${versions.bun}`;
  if (versions?.deno !== undefined) return `Deno ${versions.deno}`;
  return versions?.node === undefined ? undefined : `Node ${versions.node}`;
}

/** Node's version, `[24, 21]`, or undefined on another engine. */
export function nodeVersion(): readonly [major: number, minor: number] | undefined {
  if (!engineName()?.startsWith("Node ")) return undefined;
  const [major = 0, minor = 0] = (host()?.versions?.node ?? "").split(".").map(Number);
  return [major, minor];
}

/** Cores that this process may use. */
export function cores(): number {
  const os = host()?.getBuiltinModule?.("node:os") as OsModule | undefined;
  return os?.availableParallelism?.() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Why this thread cannot work together with others, or undefined. */
export function alone(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined") {
    return "there is no SharedArrayBuffer: a page has it when it is served with the headers COOP and COEP";
  }
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return undefined;
  } catch {
    return "a page's own thread may not wait for others; xent.hosted() has threads";
  }
}

/** Whether this is a page's own thread, which draws and answers between two turns of its event loop. */
export const page = typeof document !== "undefined";

/** Says something that is wrong, and yet works, where developers look. */
export function warn(text: string): void {
  const process = host();
  if (process?.emitWarning !== undefined) process.emitWarning(text, "XentWarning");
  else console.warn(text);
}

/** What relative addresses are relative to, on a page and in its workers. */
export function base(): string | undefined {
  return globalThis.document?.baseURI ?? globalThis.location?.href;
}

/** @internal Reads a file of this machine, where there are some: Node's `fetch` does not. */
export function readLocal(url: URL): Promise<Uint8Array<ArrayBuffer>> | undefined {
  const files = host()?.getBuiltinModule?.("node:fs/promises") as FilesModule | undefined;
  return files?.readFile(url);
}

/** Inflates deflated bytes at once where Node's zlib is at hand, as streams take 15 ms to load there; else undefined. */
export function inflateNow(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const zlib = host()?.getBuiltinModule?.("node:zlib") as ZlibModule | undefined;
  return zlib?.inflateRawSync(bytes);
}

/** A module with one relaxed multiply-add, which an engine without relaxed SIMD refuses whole. */
const RELAXED = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // magic, version
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b], // type 0: () → v128
  ...[0x03, 0x02, 0x01, 0x00], // function 0 of type 0
  ...[0x0a, 0x13, 0x01, 0x11, 0x00], // its code
  ...[0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f, 0x41, 0x00, 0xfd, 0x0f], // three times i8x16.splat(0)
  ...[0xfd, 0x85, 0x02, 0x0b], // f32x4.relaxed_madd, end
);

/** Whether the engine compiles relaxed SIMD. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(RELAXED);
}

const FLAG = "--experimental-wasm-revectorize";

/** Whether the flag was given on Node's command line. */
export function startedWide(): boolean {
  return host()?.execArgv?.includes(FLAG) ?? false;
}

/**
 * Lets V8 join pairs of 128-bit instructions of all code that is compiled from now on. Node has it from 23.5 on, on
 * x86-64 under Linux and Windows.
 *
 * @returns why it cannot be had, or undefined
 */
export function setWide(): string | undefined {
  const name = engineName() ?? "a page";
  const { arch, platform, getBuiltinModule } = host() ?? {};
  const [major, minor] = nodeVersion() ?? [0, 0];
  if (major < 23 || (major === 23 && minor < 5)) {
    return `it needs V8's revectorisation, of Node ≥ 23.5; this is ${name}`;
  }
  if (arch !== "x64" || (platform !== "linux" && platform !== "win32")) {
    return `Node has V8's revectorisation on x64 under Linux and Windows; this is ${arch} under ${platform}`;
  }
  const v8 = getBuiltinModule?.("node:v8") as V8Module | undefined;
  if (v8 === undefined) return `process.getBuiltinModule is not there in ${name}`;
  v8.setFlagsFromString(FLAG);
  return undefined;
}
