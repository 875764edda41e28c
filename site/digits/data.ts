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

async function bytesOf(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const { data } = await readIdx(await inflated(file));
  if (data instanceof Uint8Array) return data;
  throw new Error("The file of digits holds no bytes.");
}

/** Compressed bytes that are inflated at a time: some 5 ms. */
const PIECE = 128 * 1024;

/** With the page's turn between its pieces: in one, the training digits hold the page up for a tenth of a second. */
function inflated(file: Uint8Array<ArrayBuffer>): Promise<Uint8Array> | Uint8Array {
  // some servers declare a packed file as one to be unpacked on the way
  if (file[0] === 0) return file;
  let at = 0;
  const pieces = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(out) {
      if (at >= file.length) return out.close();
      await new Promise((done) => setTimeout(done));
      out.enqueue(file.subarray(at, at + PIECE));
      at += PIECE;
    },
  });
  const whole = new Response(pieces.pipeThrough(new DecompressionStream("gzip")));
  return whole.arrayBuffer().then(
    (buffer) => new Uint8Array(buffer),
    () => Promise.reject(new Error("The digits came damaged.")),
  );
}

/** By XMLHttpRequest, which tells how much is there. */
function download(
  url: string,
  signal: AbortSignal,
  onShare: (share: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.responseType = "arraybuffer";
    request.onprogress = ({ lengthComputable, loaded, total }) => {
      if (lengthComputable) onShare(loaded / total);
    };
    request.onload = () => {
      if (request.status === 200) resolve(new Uint8Array(request.response as ArrayBuffer));
      else reject(new Error(`The digits could not be fetched: the server answered ${request.status}.`));
    };
    request.onerror = () =>
      reject(
        new Error("The digits could not be fetched: the server did not answer, or the network is away."),
      );
    request.onabort = () => reject(signal.reason);
    signal.addEventListener("abort", () => request.abort());
    request.open("GET", url);
    request.send();
  });
}
