// Data sets through the net, a chunk at a time: loss, accuracy and metrics, confusion matrix. Loaded by calls that want these.

import type { AbortSignalLike } from "../base/platform.ts";
import { CHUNK_ROWS } from "../nn/layout.ts";
import type { Network } from "../nn/network.ts";
import type { Meters, MetricValues } from "./metrics.ts";
import { type Chunk, classOf, type Features, fill, forward, type Records } from "./predict.ts";
import { hitRate, meanLoss, type Scoring, tally } from "./scoring.ts";
import { late, Slice } from "./turn.ts";

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

/** Runs the network over `rows` rows, a chunk at a time, scored if it is asked for; yields undefined where it pauses, or another thread is late, and the event loop should turn. */
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

/** Rows with what a loss makes of them, and what measures them. */
export interface Part {
  readonly x: Features;
  readonly scoring: Scoring;
  readonly meters: Meters | undefined;
}

/** Data to evaluate: a data set in one part, or a stream's blocks; the meters of a later one hold what those before measured. */
export interface Scored {
  readonly rows: number;
  /** of the first part */
  readonly scoring: Scoring;
  readonly parts: Iterable<Part> | AsyncIterable<Part>;
}

/** Loss and accuracy over data. */
export async function evaluate(
  network: Network,
  { rows, scoring, parts }: Scored,
  signal: AbortSignalLike | undefined,
): Promise<Evaluation> {
  const each = scoring.loss.reduction === "none";
  const rowLosses = new Float32Array(each ? rows : 0);
  let [lossSum, hits, share, counted, done] = [0, 0, 0, 0, 0];
  let last: Meters | undefined;
  for await (const { x, scoring, meters } of parts) {
    if (done === 0) meters?.reset();
    last = meters;
    const some = scoring.targets.length / scoring.width;
    await inSlices(network, x, some, scoring, signal, (chunk) => {
      const { program, rowLoss } = chunk.session;
      lossSum += program.lossSum;
      hits += program.hits;
      meters?.add(chunk.session.logits, chunk.first, chunk.count);
      if (each) rowLosses.set(rowLoss.subarray(0, chunk.count), done + chunk.first);
    });
    const sums = tally(scoring, 0, some);
    share += sums.share;
    counted += sums.counted;
    done += some;
  }
  return {
    loss: meanLoss(scoring, lossSum, share, network.outputs),
    accuracy: hitRate(scoring, hits, counted),
    ...last?.values(),
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
