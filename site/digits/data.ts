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

async function download(
  url: string,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<Uint8Array> {
  const response = await fetch(url, { signal }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new Error("The digits could not be fetched: the server did not answer.", { cause });
  });
  if (!response.ok || response.body === null)
    throw new Error(`The digits could not be fetched: the server answered ${response.status}.`);
  // of a body that the browser inflates the length is another
  const inflated = response.headers.has("Content-Encoding");
  const total = inflated ? Number.NaN : Number(response.headers.get("Content-Length") ?? Number.NaN);
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let got = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    got += next.value.length;
    if (total > 0) onShare(Math.min(1, got / total));
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
