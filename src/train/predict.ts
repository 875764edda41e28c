// Forward passes over any number of rows, a chunk at a time: what the net gives.

import { cut } from "../nn/criterion.ts";
import { CHUNK_ROWS } from "../nn/layout.ts";
import type { Network } from "../nn/network.ts";
import { lastLayer } from "../nn/params.ts";
import type { ChunkSession, Strided } from "../nn/session.ts";

export type Features = Float32Array | Uint8Array;

/** A chunk whose records up to the wanted part have run. */
export interface Chunk {
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

/** Records from the first of a pair to before the second. */
export type Records = readonly [from: number, to: number];

/** Copies the rows of the chunk that begins at row `first`. */
export function fill(
  session: ChunkSession,
  x: Features,
  rows: number,
  features: number,
  first: number,
): Chunk {
  const count = Math.min(CHUNK_ROWS, rows - first);
  const part = x.subarray(first * features, (first + count) * features);
  if (part instanceof Uint8Array) session.xU8.set(part);
  else session.xF32.set(part);
  session.program.set(count, 0, 0, 1);
  return { session, first, count };
}

export function forward({ session }: Chunk, x: Features, end: "forward" | "link"): Records[] {
  const last = session.parts[end];
  // record 0 gathers f32, record 1 u8
  return x instanceof Uint8Array
    ? [[1, last]]
    : [
        [0, 1],
        [2, last],
      ];
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

function copyRows({ first, count }: Chunk, { data, width, stride }: Strided, out: Float32Array): void {
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

export function classOf(network: Network, { logits: { data, stride } }: ChunkSession, row: number): number {
  const start = row * stride;
  if (network.outputs === 1) return Number((data[start] as number) > cut(lastLayer(network.layers)));
  let best = 0;
  for (let j = 1; j < network.outputs; j++) {
    if ((data[start + j] as number) > (data[start + best] as number)) best = j;
  }
  return best;
}
