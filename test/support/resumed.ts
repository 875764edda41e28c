// Runs of fit that are stopped, saved, loaded and gone on with, and the same runs in one go.

import { expect } from "vitest";
import type { LayerSpec, LossSpec } from "../../src/base/spec.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import type { FitOptions } from "../../src/model/options.ts";
import type { Xent } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import type { History } from "../../src/train/fit.ts";

/** A run: what is trained, on what, and how. */
export interface Course {
  readonly layers: readonly LayerSpec[];
  readonly loss: LossSpec;
  readonly data: Dataset;
  /** made anew for every call */
  readonly options: () => FitOptions;
}

export interface End {
  readonly file: Uint8Array;
  readonly history: History;
}

export function modelOf(xent: Xent, { layers, data }: Course): Sequential {
  return xent.sequential({ input: data.features, seed: 11 }, layers);
}

/** The run in one go. */
export async function inOneGo(xent: Xent, course: Course): Promise<End> {
  const model = modelOf(xent, course);
  const history = await model.fit(course.data, { loss: course.loss, ...course.options() });
  return { file: model.save(), history };
}

/**
 * The run, ended by its signal at every `looks`-th look at it, each time saved and gone on with by a model that knows nothing
 * but the file.
 *
 * @returns undefined where the first part was not stopped
 */
export async function inParts(
  xent: Xent,
  course: Course,
  looks: readonly number[],
): Promise<(End & { parts: number }) | undefined> {
  let model = modelOf(xent, course);
  for (let parts = 0; ; parts++) {
    const look = looks[parts];
    const history = await model.fit(course.data, {
      loss: course.loss,
      ...course.options(),
      ...(parts > 0 && { resume: true }),
      ...(look !== undefined && { signal: abortingAt(look) }),
    });
    if (history.stopped !== "signal") {
      return parts === 0 ? undefined : { file: model.save(), history, parts };
    }
    model = await xent.load(model.save());
  }
}

/** A signal that is found aborted when it is looked at for the `look`-th time, and from then on. */
export function abortingAt(look: number): AbortSignal {
  let looks = 0;
  const aborted = (): boolean => ++looks >= look;
  const signal = {
    get aborted() {
      return aborted();
    },
    throwIfAborted() {
      if (aborted()) throw new DOMException("stopped", "AbortError");
    },
  };
  return signal as AbortSignal;
}

/** Byte for byte, and figure for figure. */
export function expectSame(got: End, expected: End, what = ""): void {
  expect(got.history, what).toEqual(expected.history);
  expectBytes(got.file, expected.file, what);
}

export function expectBytes(got: Uint8Array, expected: Uint8Array, what = ""): void {
  if (Buffer.compare(got, expected) === 0) return;
  const text = (file: Uint8Array): string => {
    const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
    return new TextDecoder().decode(file.subarray(8, 8 + length));
  };
  // the header tells more than bytes do
  expect(text(got), what).toBe(text(expected));
  expect.fail(`${what}: the tensors differ`);
}
