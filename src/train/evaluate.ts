// Forward passes over any number of rows, a chunk at a time: predictions, loss and accuracy, confusion matrix.

import type { AbortSignalLike } from "../base/platform.ts";
import { cut } from "../nn/criterion.ts";
import { CHUNK_ROWS } from "../nn/layout.ts";
import type { Network } from "../nn/network.ts";
import { lastLayer } from "../nn/params.ts";
import type { Block, ChunkSession } from "../nn/session.ts";
import type { Meters, MetricValues } from "./metrics.ts";
import { hitRate, meanLoss, type Scoring, tally } from "./scoring.ts";
import { late, Slice } from "./turn.ts";

type Features = Float32Array | Uint8Array;

/** What an evaluation measured: loss, accuracy, and each metric that was asked for, by its name. */
export interface Evaluation extends MetricValues {
  /** over all rows, by the loss's reduction; with `none`, the mean of the row losses */
  readonly loss: number;
  /**
   * share of rows whose class is right, of those that have a weight: the largest output is the target's, or each output
   * is on its target's side. NaN for a regression, where rows have no class.
   */
  readonly accuracy: number;
  /** with the reduction `none`: the loss of each row, summed over its outputs */
  readonly rowLosses?: Float32Array;
}

/** A chunk whose records up to the wanted part have run. */
interface Chunk {
  readonly session: ChunkSession;
  readonly first: number;
  readonly count: number;
}

/** Runs the network over `rows` rows, a chunk at a time. */
function* chunks(
  take: () => ChunkSession,
  x: Features,
  rows: number,
  features: number,
  end: "forward" | "link",
): Generator<Chunk, void> {
  for (let first = 0; first < rows; first += CHUNK_ROWS) {
    const chunk = fill(take(), x, rows, features, first);
    for (const [from, to] of forward(chunk, x, end)) chunk.session.program.run(from, to);
    yield chunk;
  }
}

/** The same, scored if it is asked for; yields undefined where it pauses, or another thread is late, and the event loop should turn. */
function* patientChunks(
  network: Network,
  x: Features,
  rows: number,
  scoring: Scoring | undefined,
  slice: Slice,
): Generator<Chunk | undefined, void> {
  for (let first = 0; first < rows; first += CHUNK_ROWS) {
    for (let whole = false; !whole; ) {
      const chunk = fill(network.chunk(), x, rows, network.input, first);
      const { program } = chunk.session;
      const scored = scoring === undefined ? [] : score(chunk, scoring);
      const { uses } = network;
      for (const [from, to] of [...forward(chunk, x, "forward"), ...scored]) {
        if (!program.begin(from, to, slice.inside)) yield* late(network, program, slice);
        // while it waited another call has had the chunk: it is run anew
        whole = network.uses === uses;
        if (!whole) break;
      }
      if (whole) yield chunk;
    }
  }
}

/** Records from the first of a pair to before the second. */
type Records = readonly [from: number, to: number];

/** Copies the rows of the chunk that begins at row `first`. */
function fill(session: ChunkSession, x: Features, rows: number, features: number, first: number): Chunk {
  const count = Math.min(CHUNK_ROWS, rows - first);
  const part = x.subarray(first * features, (first + count) * features);
  if (part instanceof Uint8Array) session.xU8.set(part);
  else session.xF32.set(part);
  session.program.set(count, 0, 0, 1);
  return { session, first, count };
}

function forward({ session }: Chunk, x: Features, end: "forward" | "link"): Records[] {
  const last = session.parts[end];
  // record 0 gathers f32, record 1 u8
  return x instanceof Uint8Array
    ? [[1, last]]
    : [
        [0, 1],
        [2, last],
      ];
}

/** Copies targets and weights; the records that score the chunk behind its forward pass. */
function score({ session, first, count }: Chunk, scoring: Scoring): Records[] {
  const { parts } = session;
  const { kind, hits, targets, width, weight } = scoring;
  session[kind].set(targets.subarray(first * width, (first + count) * width));
  if (weight === undefined) session.weights.fill(1, 0, count);
  else session.weights.set(weight.subarray(first, first + count));
  const records = [parts.score[kind], hits === "largest" || hits === "each" ? parts.score[hits] : undefined];
  return [...records, parts.score.sum].flatMap((record) =>
    record === undefined ? [] : [[record, record + 1] as const],
  );
}

/** `[rows, outputs]` logits, or what `predict` makes of them. */
export function outputs(
  network: Network,
  x: Features,
  rows: number,
  kind: "logits" | "probabilities",
): Float32Array {
  const out = new Float32Array(rows * network.outputs);
  const end = kind === "logits" ? "forward" : "link";
  void network.want(network.chunk(), rows, CHUNK_ROWS);
  for (const chunk of chunks(() => network.chunk(), x, rows, network.input, end)) {
    copyRows(chunk, chunk.session[kind], out);
  }
  network.settle();
  return out;
}

/** What every layer gives: `[rows, width]` each. */
export function layerOutputs(network: Network, x: Features, rows: number): Float32Array[] {
  const session = network.inspection();
  const out = session.outputs.map(({ width }) => new Float32Array(rows * width));
  for (const chunk of chunks(() => session, x, rows, network.input, "forward")) {
    for (const [i, block] of session.outputs.entries()) copyRows(chunk, block, out[i] as Float32Array);
  }
  return out;
}

function copyRows({ first, count }: Chunk, { data, width, stride }: Block, out: Float32Array): void {
  for (let i = 0; i < count; i++) {
    out.set(data.subarray(i * stride, i * stride + width), (first + i) * width);
  }
}

/** The class of each row: the first largest output; of a single one, 1 where it says yes. */
export function classes(network: Network, x: Features, rows: number): Int32Array {
  const out = new Int32Array(rows);
  void network.want(network.chunk(), rows, CHUNK_ROWS);
  for (const chunk of chunks(() => network.chunk(), x, rows, network.input, "forward")) {
    for (let i = 0; i < chunk.count; i++) out[chunk.first + i] = classOf(network, chunk.session, i);
  }
  network.settle();
  return out;
}

function classOf(network: Network, { logits: { data, stride } }: ChunkSession, row: number): number {
  const start = row * stride;
  if (network.outputs === 1) return Number((data[start] as number) > cut(lastLayer(network.layers)));
  let best = 0;
  for (let j = 1; j < network.outputs; j++) {
    if ((data[start + j] as number) > (data[start + best] as number)) best = j;
  }
  return best;
}

/** Loss and accuracy over a data set. */
export async function evaluate(
  network: Network,
  x: Features,
  scoring: Scoring,
  signal: AbortSignalLike | undefined,
  meters?: Meters,
): Promise<Evaluation> {
  const rows = scoring.targets.length / scoring.width;
  const each = scoring.loss.reduction === "none";
  const rowLosses = new Float32Array(each ? rows : 0);
  let lossSum = 0;
  let hits = 0;
  meters?.reset();
  await inSlices(network, x, rows, scoring, signal, (chunk) => {
    const { program, rowLoss } = chunk.session;
    lossSum += program.lossSum;
    hits += program.hits;
    meters?.add(chunk.session.logits, chunk.first, chunk.count);
    if (each) rowLosses.set(rowLoss.subarray(0, chunk.count), chunk.first);
  });
  const { share, counted } = tally(scoring, 0, rows);
  return {
    loss: meanLoss(scoring, lossSum, share, network.outputs),
    accuracy: hitRate(scoring, hits, counted),
    ...meters?.values(),
    ...(each ? { rowLosses } : {}),
  };
}

/** counts[truth][predicted] over the rows whose class id is not `ignored`. */
export async function confusion(
  network: Network,
  x: Features,
  ids: Int32Array,
  ignored: number | undefined,
  signal: AbortSignalLike | undefined,
): Promise<number[][]> {
  // one output tells two classes apart
  const size = Math.max(network.outputs, 2);
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  await inSlices(network, x, ids.length, undefined, signal, ({ session, first, count }) => {
    for (let i = 0; i < count; i++) {
      const truth = ids[first + i] as number;
      if (truth === ignored) continue;
      const row = counts[truth] as number[];
      const predicted = classOf(network, session, i);
      row[predicted] = (row[predicted] as number) + 1;
    }
  });
  return counts;
}

/** Runs all chunks of a data set; the event loop gets its turn between them. */
async function inSlices(
  network: Network,
  x: Features,
  rows: number,
  scoring: Scoring | undefined,
  signal: AbortSignalLike | undefined,
  each: (chunk: Chunk) => void,
): Promise<void> {
  signal?.throwIfAborted();
  await network.want(network.chunk(), rows, CHUNK_ROWS);
  signal?.throwIfAborted();
  network.check();
  const slice = new Slice();
  for (const chunk of patientChunks(network, x, rows, scoring, slice)) {
    if (chunk !== undefined) {
      each(chunk);
      if (!slice.over()) continue;
    }
    await slice.turn();
    signal?.throwIfAborted();
    network.check();
  }
  network.settle();
}
