// Forward passes over any number of rows, a chunk at a time: predictions, loss and accuracy, confusion matrix.

import type { Dataset } from "../data/dataset.ts";
import { CHUNK_ROWS } from "../nn/layout.ts";
import type { ChunkSession, Network } from "../nn/network.ts";
import { SLICE_MS, turn } from "./turn.ts";

type Features = Float32Array | Uint8Array;

/** What an evaluation measured. */
export interface Evaluation {
  /** mean over all rows */
  readonly loss: number;
  /** share of rows whose largest logit is the target's */
  readonly accuracy: number;
}

/** A chunk whose records up to the wanted part have run. */
interface Chunk {
  readonly session: ChunkSession;
  readonly first: number;
  readonly count: number;
}

/** Weights are packed once and used by all chunks, until somebody else may have run: then set `fresh` to false. */
interface PackedWeights {
  fresh: boolean;
}

/** Runs the network over `rows` rows, a chunk at a time. */
function* chunks(
  network: Network,
  x: Features,
  rows: number,
  end: "forward" | "link" | "loss",
  y?: Int32Array,
  packed: PackedWeights = { fresh: false },
): Generator<Chunk, void> {
  const features = network.input;
  for (let first = 0; first < rows; first += CHUNK_ROWS) {
    const session = network.chunk();
    const { program, parts } = session;
    const count = Math.min(CHUNK_ROWS, rows - first);
    const part = x.subarray(first * features, (first + count) * features);
    const bytes = part instanceof Uint8Array;
    if (bytes) session.xU8.set(part);
    else session.xF32.set(part);
    if (y !== undefined) session.labels.set(y.subarray(first, first + count));
    program.set(count, 0, 0);
    program.run(bytes ? 1 : 0, bytes ? 2 : 1);
    program.run(packed.fresh ? parts.packed : 2, parts.forward);
    if (end === "link") program.run(parts.forward, parts.link);
    if (end === "loss") program.run(parts.link, parts.loss);
    packed.fresh = true;
    yield { session, first, count };
  }
}

/** `[rows, outputs]` logits, or the probabilities that the loss implies. */
export function outputs(
  network: Network,
  x: Features,
  rows: number,
  kind: "logits" | "probabilities",
): Float32Array {
  const width = network.outputs;
  const out = new Float32Array(rows * width);
  for (const { session, first, count } of chunks(network, x, rows, kind === "logits" ? "forward" : "link")) {
    const from = session[kind];
    const stride = session[`${kind}Stride`];
    for (let i = 0; i < count; i++)
      out.set(from.subarray(i * stride, i * stride + width), (first + i) * width);
  }
  return out;
}

/** The class of each row: the first largest logit; with a single output, 1 where its logit is above 0. */
export function classes(network: Network, x: Features, rows: number): Int32Array {
  const out = new Int32Array(rows);
  for (const chunk of chunks(network, x, rows, "forward")) {
    for (let i = 0; i < chunk.count; i++) out[chunk.first + i] = classOf(network, chunk.session, i);
  }
  return out;
}

function classOf(network: Network, { logits, logitsStride }: ChunkSession, row: number): number {
  const start = row * logitsStride;
  if (network.outputs === 1) return Number((logits[start] as number) > 0);
  let best = 0;
  for (let j = 1; j < network.outputs; j++) {
    if ((logits[start + j] as number) > (logits[start + best] as number)) best = j;
  }
  return best;
}

/** Mean loss and accuracy over a data set. */
export async function evaluate(
  network: Network,
  data: Dataset,
  signal: AbortSignal | undefined,
): Promise<Evaluation> {
  let lossSum = 0;
  let hits = 0;
  await inSlices(network, data, "loss", signal, ({ session }) => {
    lossSum += session.program.lossSum;
    hits += session.program.hits;
  });
  return { loss: lossSum / data.rows, accuracy: hits / data.rows };
}

/** counts[truth][predicted] over a data set. */
export async function confusion(
  network: Network,
  data: Dataset,
  signal: AbortSignal | undefined,
): Promise<number[][]> {
  // one output tells two classes apart
  const size = Math.max(network.outputs, 2);
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  await inSlices(network, data, "forward", signal, ({ session, first, count }) => {
    for (let i = 0; i < count; i++) {
      const row = counts[data.y[first + i] as number] as number[];
      const predicted = classOf(network, session, i);
      row[predicted] = (row[predicted] as number) + 1;
    }
  });
  return counts;
}

/** Runs all chunks of a data set; the event loop gets its turn between them. */
async function inSlices(
  network: Network,
  data: Dataset,
  end: "forward" | "loss",
  signal: AbortSignal | undefined,
  each: (chunk: Chunk) => void,
): Promise<void> {
  let sliceEnd = performance.now() + SLICE_MS;
  const packed = { fresh: false };
  signal?.throwIfAborted();
  for (const chunk of chunks(network, data.x, data.rows, end, data.y, packed)) {
    each(chunk);
    if (performance.now() < sliceEnd) continue;
    await turn();
    signal?.throwIfAborted();
    network.check();
    // others may have run meanwhile: pack the weights as they are now
    packed.fresh = false;
    sliceEnd = performance.now() + SLICE_MS;
  }
}
