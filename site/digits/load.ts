// The digits as the page has them: test digits first, then those to train on, with how far the download is.

import { useEffect, useState } from "preact/hooks";
import { type Half, loadTest, loadTrain } from "./data.ts";

export interface Digits {
  readonly test: Half | undefined;
  readonly train: Half | undefined;
  /** of the training digits, from 0 to 1 */
  readonly share: number;
  readonly error: unknown;
  readonly again: () => void;
}

export function useDigits(): Digits {
  const [tries, setTries] = useState(0);
  const [got, setGot] = useState<Omit<Digits, "again">>(NOTHING);
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const add = (some: Partial<Digits>) => {
      if (!signal.aborted) setGot((before) => ({ ...before, ...some }));
    };
    add({ error: undefined });
    let frame = 0;
    const onShare = (share: number) => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => add({ share }));
    };
    loadTest(signal)
      .then((test) => {
        add({ test });
        return loadTrain(signal, onShare);
      })
      .then((train) => add({ train }))
      .catch((error: unknown) => add({ error }));
    return () => leaving.abort();
  }, [tries]);
  return { ...got, again: () => setTries(tries + 1) };
}

const NOTHING = { test: undefined, train: undefined, share: 0, error: undefined };
