// The one source of chance: Threefry-2x32 with 20 rounds, a counter-based generator from additions, rotations
// and exclusive ors of 32-bit words. Value i of a stream needs no value before it.
// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

/** Streams of one seed. Numbers are part of what "the same seed" means: never renumber. */
export const STREAM_INIT = 1;
/** of a data set, and of the first block of a stream: 256 times the number of a later one is added to it */
export const STREAM_SHUFFLE = 2;
export const STREAM_CHECK = 3;
export const STREAM_SPLIT = 4;
/** of dropout, whose kernel draws by itself: 256 times the layer's number is added to it */
export const STREAM_DROPOUT = 5;

const PARITY = 0x1bd11bda;
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** The generator's block function: two words of counter under two words of key; the result goes to `out`. */
export function threefry(k0: number, k1: number, c0: number, c1: number, out: Uint32Array): void {
  const keys = [k0 | 0, k1 | 0, PARITY ^ k0 ^ k1];
  let x = (c0 + k0) | 0;
  let y = (c1 + k1) | 0;
  for (let round = 0; round < 20; round++) {
    const r = ROTATIONS[round & 7] as number;
    x = (x + y) | 0;
    y = (y << r) | (y >>> (32 - r));
    y ^= x;
    if ((round & 3) === 3) {
      const s = (round >> 2) + 1;
      x = (x + (keys[s % 3] as number)) | 0;
      y = (y + (keys[(s + 1) % 3] as number) + s) | 0;
    }
  }
  out[0] = x;
  out[1] = y;
}

/** A sequence of words: the key is (seed, stream), the counter (position, substream). */
export class Random {
  readonly #seed: number;
  readonly #stream: number;
  readonly #substream: number;
  readonly #words = new Uint32Array(2);
  #position = 0;

  constructor(seed: number, stream: number, substream: number) {
    this.#seed = seed;
    this.#stream = stream;
    this.#substream = substream;
  }

  /** The next 32 random bits as a number from 0 to 2³² − 1. */
  word(): number {
    const half = this.#position & 1;
    if (half === 0) threefry(this.#seed, this.#stream, this.#position >>> 1, this.#substream, this.#words);
    this.#position++;
    return this.#words[half] as number;
  }

  /** A number in [0, 1): 24 random bits over 2²⁴, exact in f32. */
  uniform(): number {
    return (this.word() >>> 8) / 16777216;
  }

  /** An integer in [0, n), n ≤ 2³²: the word scaled down; no value is favoured by more than n / 2³². */
  below(n: number): number {
    return Math.floor((this.word() / 4294967296) * n);
  }
}

/** Puts the numbers 0 … order.length − 1 into random order (Fisher and Yates, from the end). */
export function shuffle(order: Uint32Array, random: Random): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const swap = order[i] as number;
    order[i] = order[j] as number;
    order[j] = swap;
  }
}
