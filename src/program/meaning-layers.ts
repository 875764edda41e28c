// What the ops of dropout, norms, prelu and residual blocks mean, in f64; the rest is meaning.ts.

import * as abi from "../base/abi.ts";
import type { Args, Execute, Image } from "./meaning.ts";

const at = (values: ArrayLike<number>, i: number): number => values[i] as number;

/** The place of element (i, j) of an operand. */
const element = ({ p, s }: Args, operand: number, i: number, j: number): number =>
  at(p, operand) + i * at(s, operand) + j;

function eachElement({ d }: Args, visit: (i: number, j: number) => void): void {
  for (let i = 0; i < at(d, 0); i++) for (let j = 0; j < at(d, 1); j++) visit(i, j);
}

/** Σ over the rows of column j */
function overRows({ d }: Args, f: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < at(d, 0); i++) sum += f(i);
  return sum;
}

/** Number j of an operand that may be left out. */
const given = (m: Image, { p }: Args, operand: number, j: number, missing: number): number =>
  at(p, operand) === 0 ? missing : at(m.f, at(p, operand) + j);

/** Writes the gradient of a parameter, or adds to it; nothing where it is left out. */
function give(m: Image, { p, flags }: Args, operand: number, j: number, value: number): void {
  const to = at(p, operand) + j;
  if (at(p, operand) === 0) return;
  m.f[to] = (m.add && (flags & abi.FLAG_ADD) !== 0 ? at(m.f, to) : 0) + value;
}

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24];
const ROUNDS = 13;
const words = new Uint32Array(6);

/** Both words of Threefry-2x32 with 13 rounds; typed arrays wrap. */
export function chance(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const key = [k0 >>> 0, k1 >>> 0, (0x1bd11bda ^ k0 ^ k1) >>> 0];
  words[0] = c0 + at(key, 0);
  words[1] = c1 + at(key, 1);
  for (let round = 0; round < ROUNDS; round++) {
    const [turned, r] = [at(words, 1), at(ROTATIONS, round % 8)];
    words[0] = at(words, 0) + turned;
    words[1] = ((turned << r) | (turned >>> (32 - r))) ^ at(words, 0);
    if (round % 4 !== 3) continue;
    const n = (round + 1) / 4;
    words[0] = at(words, 0) + at(key, n % 3);
    words[1] = at(words, 1) + at(key, (n + 1) % 3) + n;
  }
  return [at(words, 0), at(words, 1)];
}

const dropout: Execute = (m, r) => {
  const { d, f } = r;
  const [cols, k0, k1, least] = [at(d, 1), at(d, 2), at(d, 3), at(d, 4) >>> 0];
  const groups = Math.ceil(cols / 8);
  eachElement(r, (i, j) => {
    const counter = 4 * (i * groups + Math.floor(j / 8)) + (j % 4);
    const word = at(chance(k0, k1, counter, m.batch), Math.floor((j % 8) / 4));
    m.f[element(r, 1, i, j)] = word >= least ? at(m.f, element(r, 0, i, j)) * at(f, 0) : 0;
  });
};

const square = (x: number): number => x * x;
/** 1 / √(variance + ε) */
const deviation = (variance: number, eps: number): number => 1 / Math.sqrt(variance + eps);

const normalize: Execute = (m, r) => {
  const { f } = r;
  eachElement(r, (i, j) => {
    const k = given(m, r, 4, j, 1) * deviation(given(m, r, 3, j, 1), at(f, 0));
    const away = at(m.f, element(r, 0, i, j)) - given(m, r, 2, j, 0);
    m.f[element(r, 1, i, j)] = away * k + given(m, r, 5, j, 0);
  });
};

const batchNormForward: Execute = (m, r) => {
  const { p, d } = r;
  const rows = at(d, 0);
  for (let j = 0; j < at(d, 1); j++) {
    const mean = overRows(r, (i) => at(m.f, element(r, 0, i, j))) / rows;
    m.f[at(p, 2) + j] = mean;
    m.f[at(p, 3) + j] = overRows(r, (i) => square(at(m.f, element(r, 0, i, j)) - mean)) / rows;
  }
  normalize(m, r);
};

const batchNormBackward: Execute = (m, r) => {
  const { p, d, f } = r;
  const rows = at(d, 0);
  for (let j = 0; j < at(d, 1); j++) {
    const s = deviation(given(m, r, 4, j, 1), at(f, 0));
    const normal = (i: number): number => (at(m.f, element(r, 1, i, j)) - given(m, r, 3, j, 0)) * s;
    const dbeta = overRows(r, (i) => at(m.f, element(r, 0, i, j)));
    const dgamma = overRows(r, (i) => at(m.f, element(r, 0, i, j)) * normal(i));
    give(m, r, 6, j, dgamma);
    give(m, r, 7, j, dbeta);
    if (at(p, 2) === 0) continue;
    const k = given(m, r, 5, j, 1) * s;
    for (let i = 0; i < rows; i++) {
      const dy = at(m.f, element(r, 0, i, j));
      m.f[element(r, 2, i, j)] = k * (dy - dbeta / rows - (normal(i) * dgamma) / rows);
    }
  }
};

const batchNormStatistics: Execute = (m, { p, d, f }) => {
  const [rows, momentum] = [at(d, 0), at(f, 0)];
  for (let j = 0; j < at(d, 1); j++) {
    const step = (running: number, to: number): void => {
      m.f[running] = (1 - momentum) * at(m.f, running) + momentum * to;
    };
    step(at(p, 2) + j, at(m.f, at(p, 0) + j));
    step(at(p, 3) + j, (at(m.f, at(p, 1) + j) * rows) / (rows - 1));
  }
};

const normalizeBackward: Execute = (m, r) =>
  eachElement(r, (i, j) => {
    const k = given(m, r, 3, j, 1) * deviation(given(m, r, 2, j, 1), at(r.f, 0));
    m.f[element(r, 1, i, j)] = at(m.f, element(r, 0, i, j)) * k;
  });

/** Mean of f over the columns of a row */
function average({ d }: Args, f: (j: number) => number): number {
  let sum = 0;
  for (let j = 0; j < at(d, 1); j++) sum += f(j);
  return sum / at(d, 1);
}

const layerNormForward: Execute = (m, r) => {
  for (let i = 0; i < at(r.d, 0); i++) {
    const x = (j: number): number => at(m.f, element(r, 0, i, j));
    const mean = average(r, x);
    const s = deviation(
      average(r, (j) => square(x(j) - mean)),
      at(r.f, 0),
    );
    m.f[at(r.p, 2) + 2 * i] = mean;
    m.f[at(r.p, 2) + 2 * i + 1] = s;
    for (let j = 0; j < at(r.d, 1); j++) {
      m.f[element(r, 1, i, j)] = (x(j) - mean) * s * given(m, r, 3, j, 1) + given(m, r, 4, j, 0);
    }
  }
};

/** x̂ of an element, from x and the statistics of its row */
const normalOf = (m: Image, r: Args, x: number, statistics: number, i: number, j: number): number => {
  const of = at(r.p, statistics) + 2 * i;
  return (at(m.f, element(r, x, i, j)) - at(m.f, of)) * at(m.f, of + 1);
};

const layerNormBackward: Execute = (m, r) => {
  for (let i = 0; i < at(r.d, 0); i++) {
    const g = (j: number): number => at(m.f, element(r, 0, i, j)) * given(m, r, 4, j, 1);
    const normal = (j: number): number => normalOf(m, r, 1, 3, i, j);
    const middle = average(r, g);
    const tilt = average(r, (j) => g(j) * normal(j));
    const s = at(m.f, at(r.p, 3) + 2 * i + 1);
    for (let j = 0; j < at(r.d, 1); j++) m.f[element(r, 2, i, j)] = s * (g(j) - middle - normal(j) * tilt);
  }
};

const layerNormParameters: Execute = (m, r) => {
  for (let j = 0; j < at(r.d, 1); j++) {
    const dy = (i: number): number => at(m.f, element(r, 0, i, j));
    const dgamma = overRows(r, (i) => dy(i) * normalOf(m, r, 1, 2, i, j));
    give(m, r, 3, j, dgamma);
    give(m, r, 4, j, overRows(r, dy));
  }
};

/** The slope of column j */
const slope = (m: Image, { p, d }: Args, operand: number, j: number): number =>
  at(m.f, at(p, operand) + (at(d, 2) === 1 ? 0 : j));

const preluForward: Execute = (m, r) =>
  eachElement(r, (i, j) => {
    const x = at(m.f, element(r, 0, i, j));
    m.f[element(r, 1, i, j)] = x > 0 ? x : slope(m, r, 2, j) * x;
  });

const preluBackward: Execute = (m, r) =>
  eachElement(r, (i, j) => {
    const dy = at(m.f, element(r, 0, i, j));
    m.f[element(r, 2, i, j)] = at(m.f, element(r, 1, i, j)) > 0 ? dy : slope(m, r, 3, j) * dy;
  });

const preluSlope: Execute = (m, r) => {
  for (let j = 0; j < at(r.d, 1); j++) {
    const terms = (i: number): number => {
      const x = at(m.f, element(r, 1, i, j));
      return x > 0 ? 0 : at(m.f, element(r, 0, i, j)) * x;
    };
    give(m, r, 2, j, overRows(r, terms));
  }
};

const add: Execute = (m, r) =>
  eachElement(r, (i, j) => {
    m.f[element(r, 2, i, j)] = at(m.f, element(r, 0, i, j)) + at(m.f, element(r, 1, i, j));
  });

/** By op code. */
export const LAYERS: Readonly<Record<number, Execute>> = {
  [abi.OP_DROPOUT]: dropout,
  [abi.OP_BATCH_NORM_FORWARD]: batchNormForward,
  [abi.OP_BATCH_NORM_BACKWARD]: batchNormBackward,
  [abi.OP_BATCH_NORM_STATISTICS]: batchNormStatistics,
  [abi.OP_NORMALIZE]: normalize,
  [abi.OP_NORMALIZE_BACKWARD]: normalizeBackward,
  [abi.OP_LAYER_NORM_FORWARD]: layerNormForward,
  [abi.OP_LAYER_NORM_BACKWARD]: layerNormBackward,
  [abi.OP_LAYER_NORM_PARAMETERS]: layerNormParameters,
  [abi.OP_PRELU_FORWARD]: preluForward,
  [abi.OP_PRELU_BACKWARD]: preluBackward,
  [abi.OP_PRELU_SLOPE]: preluSlope,
  [abi.OP_ADD]: add,
};
