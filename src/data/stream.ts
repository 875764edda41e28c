// A data set that is larger than memory: chunks that come one after another, anew each epoch, and what is made of them to be
// trained on, blocks of one size.

import { XentError } from "../base/errors.ts";
import { checkNames, integer, show } from "../base/options.ts";
import { CheckedRows, type Dataset, isDataset } from "./dataset.ts";
import { COUNTED, count, toTargets } from "./targets.ts";

/** Data that `fit`, `steps` and `evaluate` read chunk by chunk. Made by {@link datasetStream}, or by a preprocessing. */
export interface DataStream {
  /** of an epoch; where it is left out, the first call reads the data once to count them */
  readonly rows?: number | undefined;
  /** rows that are in memory at once, and shuffled among each other */
  readonly blockRows?: number | undefined;
  /**
   * Reads the data once, from their beginning.
   * @example
   * ```ts
   * import { preprocess, streamCsv } from "xent/data";
   * const text = "size,price\n1,10\n2,20\n3,30";
   * const prepared = preprocess([{ size: 1, price: 10 }, { size: 3, price: 30 }], { target: "price" });
   * const stream = prepared.stream(() => streamCsv(text, { chunkRows: 2 }));
   * const rows: number[] = [];
   * for await (const chunk of stream.chunks()) rows.push(chunk.rows);
   * rows; // → [2, 1]
   * ```
   */
  chunks(): AsyncIterable<Dataset> | Iterable<Dataset>;
}

/** Options of {@link datasetStream}. */
export interface StreamOptions {
  /**
   * Gives the data from their beginning, each time that it is called: once an epoch. Chunks may be of any size and are not kept. Bytes
   * stay bytes.
   */
  chunks: () => AsyncIterable<Dataset> | Iterable<Dataset>;
  /** of an epoch; where it is left out, the first call, in a hosted runtime each, reads the data once to count them */
  rows?: number | undefined;
  /**
   * Rows that are in memory at once: rows are shuffled within such a block, so that more of them shuffle better. Rounded to whole
   * steps. Default 65,536, less where these would take more than 64 MiB.
   */
  blockRows?: number | undefined;
}

const BLOCK_ROWS = 65_536;
const BLOCK_BYTES = 64 * 2 ** 20;
/** Of a WebAssembly memory. */
const MOST_BYTES = 2 ** 32;

/**
 * Data that are larger than memory, for `fit`, `steps` and `evaluate`. Training takes them in blocks, in their order, and shuffles
 * the rows of a block; the same seed, chunks or not, gives the same bits, and a stream of one block those of a data set in memory.
 *
 * @throws {XentError} `OPTION` a name or a value. Later: `SHAPE` not as many rows as it says, or chunks of other features; `EMPTY`
 * @category Streams
 * @example
 * ```ts
 * import { dataset, dense, init, mse, sgd } from "xent";
 * import { datasetStream } from "xent/data";
 * const days = datasetStream({
 *   *chunks() {
 *     for (const day of [1, 2, 3]) yield dataset({ x: [[day], [-day]], y: [day + 0.5, 0.5 - day] });
 *   },
 * });
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: mse() }, [dense(1)]);
 * (await model.fit(days, { epochs: 3, optimizer: sgd({ lr: 0.1 }) })).steps; // → 3
 * ```
 */
export function datasetStream(options: StreamOptions): DataStream {
  checkNames("datasetStream", options, ["chunks", "rows", "blockRows"]);
  const { chunks, rows, blockRows } = options;
  if (typeof chunks !== "function") {
    throw new XentError(
      "OPTION",
      `datasetStream: chunks is ${show(chunks)}, expected a function`,
      "Pass one that opens the data anew: epochs read them from the beginning.",
    );
  }
  if (rows !== undefined) integer("datasetStream: rows", rows, 1);
  if (blockRows !== undefined) integer("datasetStream: blockRows", blockRows, 1);
  return Object.freeze({ chunks, rows, blockRows });
}

/** Rows of streams that do not say how many they have. */
const counted = new WeakMap<DataStream, number>();

/** A stream that is being read. */
export class OpenStream {
  readonly #where: string;
  readonly #stream: DataStream;
  readonly #blockRows: number;
  /** the first pass, of which the head was taken */
  #begun: AsyncGenerator<CheckedRows> | undefined;
  /** of an epoch */
  readonly rows: number;
  /** the first block; later ones are like it */
  readonly head: CheckedRows;

  private constructor(
    where: string,
    stream: DataStream,
    rows: number,
    blockRows: number,
    begun: AsyncGenerator<CheckedRows>,
    head: CheckedRows,
  ) {
    this.#where = where;
    this.#stream = stream;
    this.#blockRows = blockRows;
    this.#begun = begun;
    this.rows = rows;
    this.head = head;
  }

  /**
   * Reads the first block.
   *
   * @param step  rows of a training step: blocks are so many times some number
   * @throws {XentError} `EMPTY`, `OPTION` a chunk that is no data set; `TOO_LARGE`; what the stream throws
   */
  static async open(where: string, stream: DataStream, step: number): Promise<OpenStream> {
    let rows = stream.rows ?? counted.get(stream) ?? 0;
    if (rows === 0) {
      for await (const chunk of chunksOf(where, stream)) rows += chunk.rows;
      counted.set(stream, rows);
    }
    // what a row takes is known by the first chunk
    const sized = (chunk: CheckedRows): number => {
      const rowBytes = chunk.features * chunk.x.BYTES_PER_ELEMENT;
      const most = stream.blockRows ?? Math.min(BLOCK_ROWS, BLOCK_BYTES / rowBytes);
      const block = Math.min(Math.max(1, Math.floor(most / step)) * step, rows);
      if (block * rowBytes <= MOST_BYTES) return block;
      throw new XentError(
        "TOO_LARGE",
        `${where}: a block of ${count(block, "row")} of the stream takes ${block * rowBytes} bytes, more than a WebAssembly memory can have`,
        "Use a smaller batchSize, accumulate or blockRows: a block has a step's rows at least.",
      );
    };
    let blockRows = 0;
    const begun = inBlocks(where, stream, (chunk) => {
      blockRows = sized(chunk);
      return blockRows;
    });
    const first = await begun.next();
    if (first.done) {
      throw new XentError("EMPTY", `${where}: the stream gave no rows`, "Check what its chunks() opens.");
    }
    return new OpenStream(where, stream, rows, blockRows, begun, first.value);
  }

  /**
   * The blocks of an epoch. One is good until the next is asked for.
   *
   * @throws {XentError} `SHAPE`, `OPTION`
   */
  async *blocks(): AsyncGenerator<CheckedRows, void> {
    const begun = this.#begun;
    this.#begun = undefined;
    const blocks = begun ?? inBlocks(this.#where, this.#stream, () => this.#blockRows, this.head);
    let rows = 0;
    try {
      if (begun !== undefined) {
        rows += this.head.rows;
        yield this.head;
      }
      for await (const block of blocks) {
        rows += block.rows;
        if (rows > this.rows) break;
        yield block;
      }
    } finally {
      await blocks.return(undefined);
    }
    if (rows === this.rows) return;
    // the next call counts anew
    counted.delete(this.#stream);
    throw new XentError(
      "SHAPE",
      `${this.#where}: the stream gave ${rows > this.rows ? "more than" : "only"} ${count(Math.min(rows, this.rows), "row")} of ${this.rows}`,
      this.#stream.rows === undefined
        ? "An epoch has to have the same rows each time, as many as were counted; the next call counts anew."
        : "An epoch has to have the same rows each time: give rows as there are, or leave it out.",
    );
  }

  /** Lets go of what it reads from. */
  async close(): Promise<void> {
    await this.#begun?.return(undefined);
    this.#begun = undefined;
  }
}

/** A pass over the data. */
async function* chunksOf(where: string, stream: DataStream): AsyncGenerator<CheckedRows, void> {
  const chunks: unknown = stream.chunks();
  if (!isIterable(chunks)) {
    throw new XentError(
      "OPTION",
      `${where}: chunks() of the stream gave ${show(chunks)}, expected data sets one after another`,
      "Make it a generator, async *chunks() { … }, or have it return an array of data sets.",
    );
  }
  for await (const chunk of chunks) {
    if (!isDataset(chunk)) {
      throw new XentError(
        "OPTION",
        `${where}: a chunk of the stream is ${show(chunk)}`,
        "Yield what dataset({ x, y, features }) returns.",
      );
    }
    yield chunk;
  }
}

/** Whether `for await` takes it. */
export function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value)
  );
}

/**
 * Chunks of any size as blocks of one, the last one smaller. All are in the same memory.
 *
 * @param sized  rows of a block, by the first chunk
 * @param like   what all chunks have to be like; else the first
 */
async function* inBlocks(
  where: string,
  stream: DataStream,
  sized: (chunk: CheckedRows) => number,
  like?: CheckedRows,
): AsyncGenerator<CheckedRows, void> {
  let filling: Filling | undefined;
  let seen = 0;
  for await (const chunk of chunksOf(where, stream)) {
    filling ??= new Filling(like ?? chunk, sized(chunk));
    checkAlike(where, filling.like, chunk, seen);
    for (let from = 0; from < chunk.rows; ) {
      from += filling.take(chunk, from);
      if (filling.full) yield filling.block(where);
    }
    seen += chunk.rows;
  }
  if (filling !== undefined && filling.rows > 0) yield filling.block(where);
}

/** A block that is being filled. */
class Filling {
  readonly like: CheckedRows;
  readonly #most: number;
  readonly #x: Float32Array | Uint8Array;
  readonly #y: Int32Array | Float32Array;
  readonly #weight: Float32Array;
  rows = 0;

  constructor(like: CheckedRows, most: number) {
    const { features, targets } = like;
    this.like = like;
    this.#most = most;
    this.#x =
      like.x instanceof Uint8Array ? new Uint8Array(most * features) : new Float32Array(most * features);
    this.#y = like.y instanceof Int32Array ? new Int32Array(most) : new Float32Array(most * targets);
    this.#weight = new Float32Array(most);
  }

  get full(): boolean {
    return this.rows === this.#most;
  }

  /** Copies rows of a chunk from `from` on; returns how many there was room for. */
  take({ x, y, weight, rows, features, targets }: CheckedRows, from: number): number {
    const at = this.rows;
    const some = Math.min(rows - from, this.#most - at);
    this.#x.set(x.subarray(from * features, (from + some) * features), at * features);
    this.#y.set(y.subarray(from * targets, (from + some) * targets), at * targets);
    if (weight === undefined) this.#weight.fill(1, at, at + some);
    else this.#weight.set(weight.subarray(from, from + some), at);
    this.rows += some;
    return some;
  }

  /** What it holds; then it is empty. */
  block(where: string): CheckedRows {
    const { rows } = this;
    const { features, targets, scale, shift, classes, preprocessing } = this.like;
    this.rows = 0;
    const y = this.#y.subarray(0, rows * targets);
    return new CheckedRows(
      { x: this.#x.subarray(0, rows * features), rows, features },
      y instanceof Int32Array ? { y, targets, stats: undefined } : toTargets(where, y, rows),
      this.#weight.subarray(0, rows),
      scale,
      shift,
      classes,
      preprocessing,
    );
  }
}

/** Says the first thing in which a chunk is unlike the first. */
function checkAlike(where: string, first: CheckedRows, chunk: CheckedRows, row: number): void {
  const kind = (data: CheckedRows): string => (data.x instanceof Uint8Array ? "bytes" : "f32");
  const aims = (data: CheckedRows): string => (data.y instanceof Int32Array ? "class ids" : "numbers");
  const names = ({ classes }: CheckedRows): string => classes?.join(", ") ?? "none";
  const spec = ({ preprocessing: p }: CheckedRows): string =>
    p === undefined ? "none" : JSON.stringify(p.spec);
  const differs = (what: string, a: number | string, b: number | string): void => {
    if (a === b) return;
    throw new XentError(
      "SHAPE",
      `${where}: ${what} of the chunk that begins at row ${row} ${COUNTED} of the stream: ${b}, of the first chunk: ${a}`,
      "Make all chunks of a stream alike.",
    );
  };
  differs("features", first.features, chunk.features);
  differs("type of x", kind(first), kind(chunk));
  differs("scale", first.scale, chunk.scale);
  differs("shift", first.shift, chunk.shift);
  differs("type of y", aims(first), aims(chunk));
  differs("targets", first.targets, chunk.targets);
  if (first.classes !== chunk.classes) differs("classes", names(first), names(chunk));
  if (first.preprocessing !== chunk.preprocessing) differs("preprocessing", spec(first), spec(chunk));
}
