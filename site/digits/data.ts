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

/** By XMLHttpRequest, which tells how much is there. */
function download(url: string, signal: AbortSignal, onShare: (share: number) => void): Promise<Uint8Array> {
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
