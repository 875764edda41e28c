// What the ops of optimisers mean, in f64: see meaning.ts. Averages are written as their papers have them, β·a + (1 − β)·x.

import * as abi from "../base/abi.ts";
import type { Args, Execute, Image } from "./meaning.ts";

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;

/** One element: given the image, a record's scalars and the word of each operand, NaN where it is left out. */
type Element = (m: Image, f: Args["f"], word: readonly number[]) => void;

const each =
  (element: Element): Execute =>
  (m, { p, d, f }) => {
    for (let i = 0; i < at(d, 0); i++) {
      const word = p.map((first) => (first === 0 ? Number.NaN : first + i));
      element(m, f, word);
    }
  };

const sgdStep = each((m, [scale = 1], [p = 0, g = 0]) => {
  m.f[p] = at(m.f, p) - m.lr * scale * at(m.f, g);
});

const momentumStep = each((m, [scale = 1, mu = 0, ahead = 0], [p = 0, g = 0, b = 0]) => {
  const buffer = m.correction1 * mu * at(m.f, b) + m.correction2 * at(m.f, g);
  m.f[b] = buffer;
  m.f[p] = at(m.f, p) - m.lr * scale * (ahead === 0 ? buffer : at(m.f, g) + ahead * buffer);
});

const adamStep = each((m, [scale = 1, take1 = 0, take2 = 0, eps = 0, decay = 0], word) => {
  const [p, g, first, second] = word as [number, number, number, number];
  const slope = at(m.f, g);
  m.f[first] = (1 - take1) * at(m.f, first) + take1 * slope;
  m.f[second] = (1 - take2) * at(m.f, second) + take2 * slope * slope;
  const quotient = at(m.f, first) / (Math.sqrt(at(m.f, second)) + eps * m.correction2);
  m.f[p] = at(m.f, p) * (1 - m.lr * scale * decay) - m.correction1 * scale * quotient;
});

const rmspropStep = each((m, [scale = 1, take = 0, eps = 0, mu = 0], word) => {
  const [p, g, v, a, b] = word as [number, number, number, number, number];
  const slope = at(m.f, g);
  m.f[v] = (1 - take) * at(m.f, v) + take * slope * slope;
  let square = at(m.f, v);
  if (!Number.isNaN(a)) {
    m.f[a] = (1 - take) * at(m.f, a) + take * slope;
    square = Math.max(square - at(m.f, a) ** 2, 0);
  }
  let step = slope / (Math.sqrt(square) + eps);
  if (!Number.isNaN(b)) {
    step += mu * at(m.f, b);
    m.f[b] = step;
  }
  m.f[p] = at(m.f, p) - m.lr * scale * step;
});

const adagradStep = each((m, [scale = 1, eps = 0], [p = 0, g = 0, s = 0]) => {
  m.f[s] = at(m.f, s) + at(m.f, g) ** 2;
  m.f[p] = at(m.f, p) - (m.lr * scale * at(m.f, g)) / (Math.sqrt(at(m.f, s)) + eps);
});

const prepareGradient: Execute = (m, { p, d, f }) => {
  const [most, decay, l1] = f as [number, number, number];
  const clip = at(p, 2) === 0 ? 1 : at(m.f, at(p, 2));
  for (let i = 0; i < at(d, 0); i++) {
    const x = at(m.f, at(p, 0) + i);
    const held = Math.min(Math.max(at(m.f, at(p, 1) + i), -most), most);
    m.f[at(p, 1) + i] = clip * held + decay * x + l1 * Math.sign(x);
  }
};

/** A sum is an f64 in memory, two words, of which the first has it here. */
const squareSums: Execute = (m, { p, d }) => {
  for (let first = 0; first < at(d, 0); first += abi.SQUARES_BLOCK) {
    let sum = 0;
    const end = Math.min(first + abi.SQUARES_BLOCK, at(d, 0));
    for (let i = first; i < end; i++) sum += at(m.f, at(p, 0) + i) ** 2;
    m.f[at(p, 1) + 2 * (at(d, 1) + first / abi.SQUARES_BLOCK)] = sum;
  }
};

const clipFactor: Execute = (m, { p, d, f }) => {
  let sum = 0;
  for (let i = 0; i < at(d, 0); i++) sum += at(m.f, at(p, 0) + 2 * i);
  const norm = Math.sqrt(sum);
  m.f[at(p, 1)] = norm < Number.POSITIVE_INFINITY ? Math.min(1, at(f, 0) / (norm + 1e-6)) : Number.NaN;
  m.f[at(p, 1) + 1] = norm;
};

/** By op code, as EXECUTE of meaning.ts. */
export const UPDATES: Readonly<Record<number, Execute>> = {
  [abi.OP_SGD_STEP]: sgdStep,
  [abi.OP_MOMENTUM_STEP]: momentumStep,
  [abi.OP_ADAM_STEP]: adamStep,
  [abi.OP_RMSPROP_STEP]: rmspropStep,
  [abi.OP_ADAGRAD_STEP]: adagradStep,
  [abi.OP_PREPARE_GRADIENT]: prepareGradient,
  [abi.OP_SQUARE_SUMS]: squareSums,
  [abi.OP_CLIP_FACTOR]: clipFactor,
};
