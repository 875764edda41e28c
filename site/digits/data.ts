// Fetches the page's digits and checks them. Where they come from is site/build/digits.ts.

import { type Dataset, dataset } from "xent";
import { readIdx } from "xent/data";
import testImages from "../../build/digits/test-images.idx.gz?url";
import testLabels from "../../build/digits/test-labels.idx.gz?url";
import trainImages from "../../build/digits/train-images.idx.gz?url";
import trainLabels from "../../build/digits/train-labels.idx.gz?url";
import { PIXELS } from "./subset.ts";

export interface Half {
  readonly dataset: Dataset;
  /** `[rows · 784]` grey levels, 0 paper to 255 ink */
  readonly images: Uint8Array;
  /** `[rows]` what is true */
  readonly labels: Uint8Array;
}

/** The test digits, which the page shows first. */
export function loadTest(signal: AbortSignal): Promise<Half> {
  return half(testImages, testLabels, signal, () => {});
}

/** @param onShare  told how much of the download is there, from 0 to 1; not at all where the server does not say its size */
export function loadTrain(signal: AbortSignal, onShare: (share: number) => void): Promise<Half> {
  return half(trainImages, trainLabels, signal, onShare);
}

async function half(
  images: string,
  labels: string,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<Half> {
  const [x, y] = await Promise.all([
    download(images, signal, onShare).then(bytesOf),
    download(labels, signal, () => {}).then(bytesOf),
  ]);
  return { images: x, labels: y, dataset: dataset({ x, y, features: PIXELS }) };
}

async function bytesOf(file: Uint8Array): Promise<Uint8Array> {
  const { data } = await readIdx(file);
  if (data instanceof Uint8Array) return data;
  throw new Error("The file of digits holds no bytes.");
}

/** Inflated while it comes: at once, it would hold the page up for a tenth of a second. */
async function download(
  url: string,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || response.body === null) throw new Refused(response.status);
    const whole = packedSize(response);
    let loaded = 0;
    const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(piece, out) {
        loaded += piece.length;
        if (whole > 0) onShare(loaded / whole);
        out.enqueue(piece);
      },
    });
    const file = await unpacked(response.body.pipeThrough(counted));
    return new Uint8Array(await new Response(file).arrayBuffer());
  } catch (error) {
    if (signal.aborted || error instanceof Refused) throw error;
    throw new Error("The digits could not be fetched: the connection failed, or what came is damaged.");
  }
}

class Refused extends Error {
  constructor(status: number) {
    super(`The digits could not be fetched: the server answered ${status}.`);
  }
}

/** 0 where the server does not say it, or speaks of bytes that the browser has unpacked already. */
function packedSize({ headers }: Response): number {
  return headers.has("content-encoding") ? 0 : Number(headers.get("content-length"));
}

/** Some servers declare a file that is packed as one to be unpacked on the way: then an IDX file, which begins with 0, is here. */
async function unpacked(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const [ahead, file] = body.tee();
  const reader = ahead.getReader();
  const { value } = await reader.read();
  void reader.cancel();
  return value?.[0] === 0 ? file : file.pipeThrough(new DecompressionStream("gzip"));
}
