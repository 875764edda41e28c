/**
 * Files in Node, Deno and Bun: models saved so that a file is whole at any moment, and callbacks that save while training.
 *
 * @module xent/node
 */

// The only file outside cli/ that imports Node's modules. What a saved model consists of is not known here.

import { randomBytes } from "node:crypto";
import { open, readdir, readFile, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { XentError } from "./base/errors.ts";
import { checkNames, integer, positive, show } from "./base/options.ts";
import type { UrlLike } from "./base/platform.ts";
import { csvTables, wholeTable } from "./data/csv.ts";
import { type CsvOptions, checkCsv, type StreamCsvOptions } from "./data/csv-options.ts";
import type { Table } from "./data/table.ts";
import type { Callback, EpochEnd, Progress } from "./train/fit.ts";

/** What can be saved: a model, of `init` or of `hosted`. */
export interface Saveable {
  save(): Uint8Array | Promise<Uint8Array>;
}

/**
 * Writes a file in one move: into a new file in the same folder, which takes the name when all of it is on the disk. Whatever
 * happens in between (an error, a kill, a power cut), the name stands for the old file or for the new one, whole. A symbolic
 * link is followed; the permissions of the old file are kept. What a process that was killed has left of an earlier write of this file is
 * removed.
 *
 * @param path   the file; its folder must exist and be writable
 * @param bytes  what it is to hold; not to be changed before the promise resolves
 * @throws {XentError} `FILE` the file system refuses, and the file is as it was, or the new one where its folder alone could not be put on
 *   the disk; `OPTION` no path, no bytes
 * @category Models as files
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { writeFileAtomic } from "xent/node";
 * const file = new URL(`file://${process.cwd()}/notes.txt`);
 * await writeFileAtomic(file, new TextEncoder().encode("run 7"));
 * await readFile("notes.txt", "utf8"); // → "run 7"
 * ```
 */
export async function writeFileAtomic(path: string | UrlLike, bytes: Uint8Array): Promise<void> {
  const file = pathOf("writeFileAtomic", path);
  await removeLeftOver(file);
  await write("writeFileAtomic", file, bytes);
}

/**
 * Saves a model to a file, as {@link writeFileAtomic} writes.
 *
 * @throws {XentError} `FILE`, `OPTION` as there, and what `model.save()` throws
 * @category Models as files
 * @example
 * ```ts
 * import { dense, init } from "xent";
 * import { loadModel, saveModel } from "xent/node";
 * const xent = await init();
 * await saveModel(xent.sequential({ input: 4 }, [dense(3)]), "iris.safetensors");
 * (await loadModel(xent, "iris.safetensors")).outputs; // → 3
 * ```
 */
export async function saveModel(model: Saveable, path: string | UrlLike): Promise<void> {
  const file = pathOf("saveModel", path);
  const bytes = await saveable("saveModel", model).save();
  await removeLeftOver(file);
  await write("saveModel", file, bytes);
}

/**
 * Loads a model from a file that {@link saveModel} or {@link checkpoint} wrote, perhaps gzipped since.
 *
 * @param xent  the runtime that is to have the model
 * @returns what `xent.load` gives for the bytes
 * @throws {XentError} `FILE` the file cannot be read; and what `xent.load` throws
 * @category Models as files
 * @example
 * ```ts
 * import { dense, hosted, init, ones } from "xent";
 * import { loadModel, saveModel } from "xent/node";
 * const near = await init();
 * await saveModel(near.sequential({ input: 2 }, [dense(1, { init: ones() })]), "sum.safetensors");
 * const far = await hosted();
 * const model = await loadModel(far, "sum.safetensors"); // in the worker
 * await model.logits([[3, 4]]); // → [7]
 * await far.dispose();
 * ```
 */
export async function loadModel<Model>(
  xent: { load(bytes: Uint8Array): Model | Promise<Model> },
  path: string | UrlLike,
): Promise<Model> {
  const file = pathOf("loadModel", path);
  const bytes = await readFile(file).catch((error: unknown) => {
    throw refused("loadModel", "read", file, error);
  });
  return xent.load(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}

/** Bytes that are read at once. */
const BLOCK = 2 ** 20;

/** How far the reading of a file is. */
export interface FileProgress {
  /** of the file, read so far */
  readonly bytes: number;
  /** of the whole file, as it was at the beginning */
  readonly total: number;
  /** in the tables so far */
  readonly rows: number;
}

/** What readers of files are told beside how they read. */
export interface FileOptions {
  /** Is called for every MiB that has been read. */
  onProgress?: ((progress: FileProgress) => void) | undefined;
}

/**
 * Reads a CSV file into a table, as `readCsv` of `xent/data` reads its text. The file is read piece by piece: there is never more
 * of it in memory than its table.
 *
 * @throws {XentError} `FILE` the file cannot be read; and what `readCsv` throws
 * @category Tables from files
 * @example
 * ```ts
 * import { readCsvFile } from "xent/node";
 * const penguins = await readCsvFile("penguins.csv", { select: ["species", "body_mass_g"] });
 * penguins.columns.map(({ name, type }) => [name, type]); // → [["species", "category"], ["body_mass_g", "number"]]
 * ```
 */
export async function readCsvFile(
  path: string | UrlLike,
  options: CsvOptions & FileOptions = {},
): Promise<Table> {
  return wholeTable(csvFile("readCsvFile", path, options));
}

/**
 * Reads a CSV file table by table, as `streamCsv` of `xent/data` reads its text.
 *
 * @throws {XentError} `FILE` the file cannot be read; and what `streamCsv` throws
 * @category Tables from files
 * @example
 * ```ts
 * import { streamCsvFile } from "xent/node";
 * let rows = 0;
 * for await (const part of streamCsvFile("penguins.csv", { chunkRows: 100 })) rows += part.rows;
 * rows; // → 344
 * ```
 */
export function streamCsvFile(
  path: string | UrlLike,
  options: StreamCsvOptions & FileOptions = {},
): AsyncGenerator<Table> {
  return csvFile("streamCsvFile", path, options, ["chunkRows"]);
}

/** Checks the options at once, and reads when tables are asked for. */
function csvFile(
  where: string,
  path: string | UrlLike,
  options: StreamCsvOptions & FileOptions,
  more: readonly string[] = [],
): AsyncGenerator<Table> {
  const file = pathOf(where, path);
  const checked = checkCsv(where, options, [...more, "onProgress"]);
  const { onProgress } = options;
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new XentError("OPTION", `${where}: onProgress is ${show(onProgress)}`, "Pass a function.");
  }
  let rows = 0;
  const bytes = bytesOf(where, file, (bytes, total) => onProgress?.({ bytes, total, rows }));
  return (async function* () {
    for await (const table of csvTables(`${where}(${JSON.stringify(file)})`, bytes, checked)) {
      rows += table.rows;
      yield table;
    }
  })();
}

/** The bytes of a file, in blocks that are good until the next is asked for. */
async function* bytesOf(
  where: string,
  file: string,
  tell: (bytes: number, total: number) => void,
): AsyncGenerator<Uint8Array> {
  const reading = <T>(result: Promise<T>): Promise<T> =>
    result.catch((error: unknown) => {
      throw refused(where, "read", file, error);
    });
  const handle = await reading(open(file, "r"));
  try {
    const { size } = await reading(handle.stat());
    const block = new Uint8Array(BLOCK);
    for (let all = 0; ; ) {
      const { bytesRead } = await reading(handle.read(block, 0, BLOCK, null));
      if (bytesRead === 0) return;
      all += bytesRead;
      yield block.subarray(0, bytesRead);
      tell(all, size);
    }
  } finally {
    await handle.close();
  }
}

/** When {@link checkpoint} saves: whichever comes first. */
export interface CheckpointEvery {
  /** so many epochs, at the end of the last of them */
  epochs?: number;
  /** so many steps, at the next turn of the event loop */
  steps?: number;
  /** so much time, at the next turn of the event loop */
  seconds?: number;
}

/** Options of {@link checkpoint}. */
export interface CheckpointOptions {
  /** the file; each save takes the place of the one before */
  path: string | UrlLike;
  model: Saveable;
  /** default: `{ epochs: 1 }`. The last epoch of a run is always saved. */
  every?: CheckpointEvery;
}

/** A callback that saves, and `flush`. */
export interface Checkpoint extends Callback {
  onProgress(progress: Progress): void;
  onEpochEnd(epoch: EpochEnd): void;
  /**
   * Waits until the last save is on the disk.
   *
   * @throws {XentError} what a save failed with, if nobody was told yet
   * @example
   * ```ts
   * import { dense, init } from "xent";
   * import { checkpoint } from "xent/node";
   * const xent = await init();
   * const model = xent.sequential({ input: 1 }, [dense(1)]);
   * const saving = checkpoint({ path: "no-such-folder/model.safetensors", model });
   * saving.onEpochEnd({ epoch: 0, epochs: 1, loss: 1, lr: 0.1, seconds: 1 }); // as fit calls it
   * await saving.flush().catch(({ code }) => code); // → "FILE"
   * ```
   */
  flush(): Promise<void>;
}

/**
 * A callback for `fit` that saves the model to a file while it trains, as {@link writeFileAtomic} writes. The weights are
 * taken at once (those of a hosted model when its thread comes to it) and written while training goes on; one save is being
 * written at most, and of those that come meanwhile the last is kept.
 *
 * A save that fails ends `fit` with its error at the next occasion, or the next `flush`, or, if neither comes, the process. What
 * a process that was killed has left of an unfinished save is removed before the first one.
 *
 * @throws {XentError} `OPTION` an option's name or value
 * @category Models as files
 * @example
 * ```ts
 * import { dataset, dense, init, mse, sgd } from "xent";
 * import { checkpoint, loadModel } from "xent/node";
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse(), optimizer: sgd({ lr: 0.1 }) }, [dense(1)]);
 * const train = dataset({ x: [[-1], [0], [1]], y: [-1.5, 0.5, 2.5] });
 * const saving = checkpoint({ path: "run.safetensors", model, every: { epochs: 10, seconds: 60 } });
 * await model.fit(train, { epochs: 100, callbacks: [saving], stopAfterEpoch: 20 });
 * await saving.flush();
 * const later = await loadModel(xent, "run.safetensors");
 * (await later.fit(train, { epochs: 100, resume: true })).epochs; // → 100
 * ```
 */
export function checkpoint(options: CheckpointOptions): Checkpoint {
  checkNames("checkpoint", options, ["path", "model", "every"]);
  const path = pathOf("checkpoint", options.path);
  const model = saveable("checkpoint", options.model);
  const every = checkEvery(options.every ?? { epochs: 1 });
  const saves = new Saves(path);
  // where the run stands, and stood when the model was saved
  let step = 0;
  let savedStep = 0;
  let epochs = 0;
  let savedTime = performance.now();

  const save = (): void => {
    saves.add(model.save());
    savedStep = step;
    savedTime = performance.now();
  };
  return {
    onProgress(progress) {
      saves.tell();
      // steps only rise, but in another run
      if (progress.step <= step) savedStep = 0;
      step = progress.step;
      const late = (performance.now() - savedTime) / 1000 >= every.seconds;
      if (late || step - savedStep >= every.steps) save();
    },
    onEpochEnd({ epoch, epochs: all }) {
      saves.tell();
      epochs++;
      const last = epoch === all - 1;
      // onProgress has just been told of the same step
      if ((last || epochs % every.epochs === 0) && (step === 0 || step !== savedStep)) save();
    },
    async flush() {
      await saves.done();
      saves.tell();
    },
  };
}

/** Saves of one file: one is being written, one may wait. */
class Saves {
  readonly #path: string;
  #waiting: Uint8Array | Promise<Uint8Array> | undefined;
  #running: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  add(bytes: Uint8Array | Promise<Uint8Array>): void {
    // one that fails while it waits is looked at later, or replaced
    if (bytes instanceof Promise) bytes.catch(() => {});
    const first = this.#running === undefined;
    this.#waiting = bytes;
    if (first) this.#running = this.#run();
  }

  /** Resolves when nothing is being written; never rejects. */
  async done(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Throws what a save has failed with, once. */
  readonly tell = (): void => {
    process.off("beforeExit", this.tell);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  };

  async #run(): Promise<void> {
    try {
      await removeLeftOver(this.#path);
      while (this.#waiting !== undefined) {
        const bytes = this.#waiting;
        this.#waiting = undefined;
        await write("checkpoint", this.#path, await bytes);
      }
    } catch (error) {
      this.#waiting = undefined;
      this.#failure = { error };
      process.once("beforeExit", this.tell);
    } finally {
      this.#running = undefined;
    }
  }
}

/** Infinity for what was not asked for. */
function checkEvery(every: CheckpointEvery): Required<CheckpointEvery> {
  checkNames("checkpoint: every", every, ["epochs", "steps", "seconds"]);
  const { epochs, steps, seconds } = every;
  if (epochs === undefined && steps === undefined && seconds === undefined) {
    throw new XentError(
      "OPTION",
      "checkpoint: every says nothing, expected epochs, steps or seconds",
      "Leave it out to save at the end of every epoch.",
    );
  }
  return {
    epochs: epochs === undefined ? Number.POSITIVE_INFINITY : integer("checkpoint: every.epochs", epochs, 1),
    steps: steps === undefined ? Number.POSITIVE_INFINITY : integer("checkpoint: every.steps", steps, 1),
    seconds:
      seconds === undefined ? Number.POSITIVE_INFINITY : positive("checkpoint: every.seconds", seconds),
  };
}

async function write(where: string, path: string, bytes: Uint8Array): Promise<void> {
  if (!(bytes instanceof Uint8Array)) {
    throw new XentError(
      "OPTION",
      `${where}: got ${show(bytes)} to write, expected a Uint8Array`,
      "Pass bytes.",
    );
  }
  try {
    const { target, mode } = await destination(path);
    const folder = dirname(target);
    const temporary = join(folder, temporaryName(target));
    const file = await open(temporary, "wx", mode);
    try {
      try {
        await file.writeFile(bytes);
        // what the process leaves out of new files' permissions, the old one may have had
        if (mode !== undefined) await file.chmod(mode);
        // or the name could reach the disk before the bytes
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, target);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {});
      throw error;
    }
    await syncFolder(folder);
  } catch (error) {
    throw refused(where, "write", path, error);
  }
}

/** The file that a path stands for, and its permissions if it is there. */
async function destination(path: string): Promise<{ target: string; mode: number | undefined }> {
  const target = await realpath(path).catch(() => path);
  const there = await stat(target).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  // a new file would take the place of a pipe or a device just so
  if (there?.isDirectory() || (there === undefined && (path.endsWith("/") || path.endsWith(sep)))) {
    throw Object.assign(new Error("EISDIR: it is a folder"), { code: "EISDIR" });
  }
  if (there !== undefined && !there.isFile()) throw new Error("it is not a file but a device or a pipe");
  return { target, mode: there && there.mode & 0o777 };
}

/** So that another process can see whose it is. */
function temporaryName(target: string): string {
  return `${temporaryPrefix(target)}${process.pid}.${randomBytes(8).toString("hex")}.tmp`;
}

function temporaryPrefix(target: string): string {
  return `.${basename(target)}.`;
}

/** Removes the temporary files of a target whose processes are no more. What cannot be removed stays. */
async function removeLeftOver(path: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const [folder, prefix] = [dirname(target), temporaryPrefix(target)];
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)\.[0-9a-f]{16}\.tmp$/.exec(name.slice(prefix.length))?.[1];
    if (pid === undefined || (await isBeingWritten(join(folder, name), Number(pid)))) continue;
    await rm(join(folder, name), { force: true }).catch(() => {});
  }
}

async function isBeingWritten(temporary: string, pid: number): Promise<boolean> {
  if (pid !== process.pid) return isAlive(pid);
  // in a container every start of a program may have the same number
  const started = Date.now() - process.uptime() * 1000;
  return stat(temporary).then(
    ({ mtimeMs }) => mtimeMs >= started,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/** Codes of platforms and file systems on which a folder cannot be opened or synchronised. */
const NO_FOLDER_SYNC = ["EISDIR", "EPERM", "EACCES", "EINVAL", "ENOTSUP", "ENOSYS", "EBADF"];

/** Has the new name on the disk. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch (error) {
    if (!NO_FOLDER_SYNC.includes(codeOf(error) ?? "")) throw error;
  }
}

const WRITABLE = "The folder must be writable: a new file takes the place of the old one.";
const ROOM = "Make room; the file is whole.";
const QUOTA = "Your share of the disk is used up: make room; the file is whole.";
/** What to do, by the system's code and what was tried. */
const ADVICE: Readonly<Record<string, { read?: string; write?: string }>> = {
  ENOENT: { read: "Check the path.", write: "Make its folder first: mkdir(folder, { recursive: true })." },
  ENOTDIR: { write: "A part of the path is a file, not a folder." },
  EISDIR: { read: "Name a file in it.", write: "Name a file in it." },
  EACCES: { read: "Its permissions forbid it.", write: WRITABLE },
  EPERM: { write: WRITABLE },
  EROFS: { write: WRITABLE },
  ENOSPC: { write: ROOM },
  EDQUOT: { write: QUOTA },
  // the same, of which Node has no name on Linux
  "Unknown system error -122": { write: QUOTA },
  EFBIG: { write: "Raise the limit on the size of files (ulimit -f); the file is as it was." },
  EBUSY: { write: "Something holds the file, as a mount of it alone does: mount its folder." },
};

/** The error for what the file system refused; its `cause` is the system's. */
function refused(where: string, verb: "read" | "write", path: string, error: unknown): XentError {
  // "ENOSPC: no space left on device, write"
  const reason = error instanceof Error ? error.message.split(", ")[0] : String(error);
  const hint = ADVICE[codeOf(error) ?? ""]?.[verb] ?? "See the cause of this error.";
  const result = new XentError("FILE", `${where}: cannot ${verb} ${JSON.stringify(path)}: ${reason}`, hint);
  result.cause = error;
  return result;
}

function codeOf(error: unknown): string | undefined {
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

function pathOf(where: string, path: unknown): string {
  const href: unknown = Object(path).href;
  let text = path;
  try {
    if (typeof href === "string" && href.startsWith("file:")) text = fileURLToPath(href);
  } catch {
    // of another host, or no URL at all: refused below
  }
  if (typeof text === "string" && text !== "" && !text.includes("\0")) return text;
  const came = typeof href === "string" ? href : show(path);
  throw new XentError("OPTION", `${where}: the path is ${came}, expected a path or a file: URL`, "Pass one.");
}

function saveable(where: string, model: Saveable): Saveable {
  if (typeof model?.save === "function") return model;
  throw new XentError(
    "OPTION",
    `${where}: the model is ${show(model)}, expected one with save()`,
    "Pass a model.",
  );
}
