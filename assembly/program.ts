// The executor: runs records front to back. It decides nothing: addresses, dimensions and flags were laid down
// by the host's builder; what changes from step to step stands in the hyper region.

import {
  CREW_AWAITED,
  CREW_TILES,
  FLAG_ADD,
  FLAG_ALONE,
  FLAG_BARRIER,
  FLAG_BIAS,
  FLAG_COLUMNS,
  FLAG_EACH,
  FLAG_IDS,
  FLAG_RELU,
  FLAG_ROWS_D0,
  FLAG_ROWS_D1,
  FLAG_ROWS_D2,
  FLAG_SPIN,
  FLAT_GRAIN,
  HYPER_ADD,
  HYPER_BATCH,
  HYPER_CORRECTION1,
  HYPER_CORRECTION2,
  HYPER_FIRST,
  HYPER_GATE,
  HYPER_LR,
  HYPER_ROWS,
  HYPER_SCALE,
  OP_ABSOLUTE_ERROR,
  OP_ADAGRAD_STEP,
  OP_ADAM_STEP,
  OP_ADD,
  OP_BATCH_NORM_BACKWARD,
  OP_BATCH_NORM_FORWARD,
  OP_BATCH_NORM_STATISTICS,
  OP_BCE_WITH_LOGITS,
  OP_CLIP_FACTOR,
  OP_COLUMN_SUMS,
  OP_DROPOUT,
  OP_ELU_BACKWARD,
  OP_ELU_FORWARD,
  OP_GATHER,
  OP_GATHER_U8,
  OP_GELU_BACKWARD,
  OP_GELU_FORWARD,
  OP_GELU_TANH_BACKWARD,
  OP_GELU_TANH_FORWARD,
  OP_HUBER_LOSS,
  OP_LAYER_NORM_BACKWARD,
  OP_LAYER_NORM_FORWARD,
  OP_LAYER_NORM_PARAMETERS,
  OP_LEAKY_RELU_BACKWARD,
  OP_LEAKY_RELU_FORWARD,
  OP_LOSS_SUM,
  OP_MOMENTUM_STEP,
  OP_NORMALIZE,
  OP_NORMALIZE_BACKWARD,
  OP_PACK,
  OP_PRELU_BACKWARD,
  OP_PRELU_FORWARD,
  OP_PRELU_SLOPE,
  OP_PREPARE_GRADIENT,
  OP_RELU_BACKWARD,
  OP_RELU_FORWARD,
  OP_RMSPROP_STEP,
  OP_ROW_HITS,
  OP_SGD_STEP,
  OP_SGEMM,
  OP_SIGMOID_BACKWARD,
  OP_SIGMOID_FORWARD,
  OP_SILU_BACKWARD,
  OP_SILU_FORWARD,
  OP_SOFT_CROSS_ENTROPY,
  OP_SOFTMAX_BACKWARD,
  OP_SOFTMAX_CROSS_ENTROPY,
  OP_SOFTMAX_FORWARD,
  OP_SOFTPLUS_BACKWARD,
  OP_SOFTPLUS_FORWARD,
  OP_SQUARE_SUMS,
  OP_SQUARED_ERROR,
  OP_TANH_BACKWARD,
  OP_TANH_FORWARD,
  RECORD_BYTES,
  RECORD_FLAGS,
  RECORD_OP,
  ROW_GRAIN,
  RUN_LOST,
  SGEMM_SCRATCH_BYTES,
  SQUARES_BLOCK,
} from "../src/base/abi";
import {
  eluBackward,
  eluForward,
  geluBackward,
  geluForward,
  geluTanhBackward,
  geluTanhForward,
  leakyReluBackward,
  leakyReluForward,
  reluBackward,
  reluForward,
  sigmoidBackward,
  sigmoidForward,
  siluBackward,
  siluForward,
  softplusBackward,
  softplusForward,
  tanhBackward,
  tanhForward,
} from "./activation";
import { adagradStep, adamStep, rmspropStep } from "./adaptive";
import { arrive, meet, POISONED, STALLED, wait } from "./barrier";
import {
  batchNormBackward,
  batchNormForward,
  batchNormStatistics,
  normalize,
  normalizeBackward,
} from "./batch-norm";
import { clipFactor, prepareGradient, squareSums } from "./clip";
import { dropout } from "./dropout";
import { gather, gatherU8 } from "./gather";
import { pack } from "./gemm/pack";
import { sgemm } from "./gemm/sgemm";
import { layerNormBackward, layerNormForward, layerNormParameters } from "./layer-norm";
import { at, part, R, share } from "./lib/record";
import { absoluteError, bceWithLogits, huberLoss, rowHits, squaredError } from "./loss";
import { momentumStep, sgdStep } from "./optim";
import { add, preluBackward, preluForward, preluSlope } from "./prelu";
import { columnSums, lossSum } from "./reduce";
import { softCrossEntropy, softmaxBackward, softmaxCrossEntropy, softmaxForward } from "./softmax";

/**
 * Runs records first … last − 1 for thread `thread` of `threads` and returns the next one. Re-entrant: nothing
 * is kept between calls, so a host may stop between any two records and go on later.
 *
 * In builds with threads, all of them finish a record marked FLAG_BARRIER before any begins the next; when thread 0
 * returns, all have finished the last. A number below 0 says that this did not come about: see RUN_LOST. In other
 * builds the caller runs the shares one after the other.
 */
export function run(program: usize, hyper: usize, first: i32, last: i32, thread: i32, threads: i32): i32 {
  assert(thread >= 0 && thread < threads);
  if (ASC_FEATURE_THREADS) {
    if (threads > 1) return runTogether(program, hyper, first, last, thread, threads);
  }
  for (let i = first; i < last; i++) {
    execute(program + <usize>i * RECORD_BYTES, hyper, thread, threads);
  }
  return last;
}

function runTogether(program: usize, hyper: usize, first: i32, last: i32, thread: i32, threads: i32): i32 {
  if (first < 0) {
    first = ~first;
    const met = wait(hyper, load<i32>(hyper, CREW_AWAITED), thread);
    if (met != 0) return met == STALLED ? ~first : RUN_LOST;
  }
  for (let i = first; i < last; i++) {
    const r = program + <usize>i * RECORD_BYTES;
    execute(r, hyper, thread, threads);
    if (i + 1 == last && thread != 0) {
      arrive(hyper, threads);
      return last;
    }
    if (i + 1 < last && (load<i32>(r, RECORD_FLAGS) & FLAG_BARRIER) == 0) continue;
    const met = meet(hyper, thread, threads);
    if (met != 0) return met == POISONED ? RUN_LOST : ~(i + 1);
  }
  return last;
}

/** One record: decodes it, takes this thread's share and calls the kernel. */
function execute(r: usize, hyper: usize, t: i32, T: i32): void {
  const flags = load<i32>(r, RECORD_FLAGS);
  if ((flags & FLAG_ALONE) != 0) {
    if (t != 0) return;
    T = 1;
  }
  if (ASC_FEATURE_THREADS && !ASC_NO_ASSERT) {
    while ((flags & FLAG_SPIN) != 0 && t == T - 1 && atomic.load<i32>(hyper, HYPER_GATE) == 0) {}
  }
  const rows = load<i32>(hyper, HYPER_ROWS);
  const d0 = (flags & FLAG_ROWS_D0) != 0 ? rows : R.d(r, 0);
  const d1 = (flags & FLAG_ROWS_D1) != 0 ? rows : R.d(r, 1);
  const d2 = (flags & FLAG_ROWS_D2) != 0 ? rows : R.d(r, 2);
  const p0 = R.p(r, 0);
  const p1 = R.p(r, 1);
  const p2 = R.p(r, 2);
  const s0 = R.s(r, 0);
  const s1 = R.s(r, 1);
  const s2 = R.s(r, 2);

  // most ops share their rows, d0: this thread's are i0 … i0 + m − 1
  const i0 = share(d0, ROW_GRAIN, t, T);
  const m = share(d0, ROW_GRAIN, t + 1, T) - i0;

  // of matrices that are shared by rows, this thread's first row
  const x0 = at(p0, i0, s0);
  const x1 = at(p1, i0, s1);
  const x2 = at(p2, i0, s2);
  const f0 = R.f(r, 0);
  const f1 = R.f(r, 1);
  const f2 = R.f(r, 2);
  const f3 = R.f(r, 3);
  // optimisers share flat runs: this thread's elements are e0 … e0 + n − 1
  const e0 = share(d0, FLAT_GRAIN, t, T);
  const n = share(d0, FLAT_GRAIN, t + 1, T) - e0;
  const run0 = at(p0, e0, 1);
  const run1 = at(p1, e0, 1);
  const run2 = at(p2, e0, 1);
  const lr = load<f32>(hyper, HYPER_LR) * f0;
  // losses: z, target, dz, then row losses and weights
  const scale = load<f32>(hyper, HYPER_SCALE);
  const loss = part(R.p(r, 3), i0);
  const weight = part(R.p(r, 4), i0);

  const op = load<i32>(r, RECORD_OP);
  if (op >= OP_DROPOUT) {
    layer(r, hyper, op, flags, d0, i0, m, t, T);
    return;
  }
  switch (op) {
    case OP_GATHER: {
      const index = p1 + ((<usize>(load<i32>(hyper, HYPER_FIRST) + i0)) << 2);
      gather(m, d1, p0, index, at(p2, i0, s2), s2);
      return;
    }
    case OP_GATHER_U8: {
      const index = p1 + ((<usize>(load<i32>(hyper, HYPER_FIRST) + i0)) << 2);
      gatherU8(m, d1, p0, index, at(p2, i0, s2), s2, f0, f1);
      return;
    }
    case OP_PACK: {
      const j0 = share(d1, d2, t, T);
      const n = share(d1, d2, t + 1, T) - j0;
      pack(d0, n, d2, at(p0, j0, s1), s0, s1, f0, at(p1, j0, d0));
      return;
    }
    case OP_SGEMM: {
      const tile = R.d(r, 3);
      const rsb = R.s(r, 3);
      const bias = (flags & FLAG_BIAS) != 0 ? R.p(r, 3) : 0;
      const relu = (flags & FLAG_RELU) != 0;
      const beta = (flags & FLAG_ADD) != 0 ? <f32>load<i32>(hyper, HYPER_ADD) : f0;
      const scratch = R.p(r, 4) + <usize>t * SGEMM_SCRATCH_BYTES;
      // this thread's rows, or columns, of C
      const columns = (flags & FLAG_COLUMNS) != 0;
      const grain = columns ? tile & 255 : tile >> 8;
      const first = share(columns ? d1 : d0, grain, t, T);
      const count = share(columns ? d1 : d0, grain, t + 1, T) - first;
      if (ASC_FEATURE_THREADS && T > 1) {
        const tiles = hyper + CREW_TILES + ((<usize>t) << 6);
        store<i32>(tiles, load<i32>(tiles) + (count + grain - 1) / grain);
      }
      if (columns) {
        const own = bias != 0 ? at(bias, first, 1) : 0;
        const b = at(p1, first, rsb == 0 ? d2 : 1);
        sgemm(tile, d0, count, d2, p0, s0, s1, b, rsb, beta, at(p2, first, 1), s2, own, relu, scratch);
      } else {
        const a = at(p0, first, s0);
        sgemm(tile, count, d1, d2, a, s0, s1, p1, rsb, beta, at(p2, first, s2), s2, bias, relu, scratch);
      }
      return;
    }
    case OP_RELU_FORWARD:
      reluForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_RELU_BACKWARD:
      reluBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_SIGMOID_FORWARD:
      sigmoidForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_SIGMOID_BACKWARD:
      sigmoidBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_TANH_FORWARD:
      tanhForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_TANH_BACKWARD:
      tanhBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_LEAKY_RELU_FORWARD:
      leakyReluForward(m, d1, x0, s0, x1, s1, f0);
      return;
    case OP_LEAKY_RELU_BACKWARD:
      leakyReluBackward(m, d1, x0, s0, x1, s1, x2, s2, f0);
      return;
    case OP_ELU_FORWARD:
      eluForward(m, d1, x0, s0, x1, s1, f0);
      return;
    case OP_ELU_BACKWARD:
      eluBackward(m, d1, x0, s0, x1, s1, x2, s2, f0);
      return;
    case OP_GELU_FORWARD:
      geluForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_GELU_BACKWARD:
      geluBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_GELU_TANH_FORWARD:
      geluTanhForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_GELU_TANH_BACKWARD:
      geluTanhBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_SILU_FORWARD:
      siluForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_SILU_BACKWARD:
      siluBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_SOFTPLUS_FORWARD:
      softplusForward(m, d1, x0, s0, x1, s1, f0);
      return;
    case OP_SOFTPLUS_BACKWARD:
      softplusBackward(m, d1, x0, s0, x1, s1, x2, s2, f0);
      return;
    case OP_SOFTMAX_FORWARD:
      softmaxForward(m, d1, x0, s0, x1, s1);
      return;
    case OP_SOFTMAX_BACKWARD:
      softmaxBackward(m, d1, x0, s0, x1, s1, x2, s2);
      return;
    case OP_SOFTMAX_CROSS_ENTROPY:
      softmaxCrossEntropy(m, d1, x0, s0, x1, weight, scale, x2, s2, loss, part(R.p(r, 5), i0));
      return;
    case OP_SOFT_CROSS_ENTROPY: {
      const ids = (flags & FLAG_IDS) != 0;
      const hit = part(R.p(r, 5), i0);
      softCrossEntropy(m, d1, x0, s0, x1, s1, ids, f0, f1, R.p(r, 6), weight, scale, x2, s2, loss, hit);
      return;
    }
    case OP_BCE_WITH_LOGITS:
      bceWithLogits(m, d1, x0, s0, x1, s1, R.p(r, 6), weight, scale, x2, s2, loss);
      return;
    case OP_SQUARED_ERROR:
      squaredError(m, d1, x0, s0, x1, s1, f0, weight, scale, x2, s2, loss);
      return;
    case OP_ABSOLUTE_ERROR:
      absoluteError(m, d1, x0, s0, x1, s1, weight, scale, x2, s2, loss);
      return;
    case OP_HUBER_LOSS:
      huberLoss(m, d1, x0, s0, x1, s1, f0, weight, scale, x2, s2, loss);
      return;
    case OP_ROW_HITS:
      rowHits(m, d1, x0, s0, x1, s1, (flags & FLAG_EACH) != 0, f0, weight, part(p2, i0));
      return;
    case OP_LOSS_SUM: {
      if (t == 0) lossSum(d0, p0, p1, p2);
      return;
    }
    case OP_COLUMN_SUMS: {
      const j0 = share(d1, FLAT_GRAIN, t, T);
      const n = share(d1, FLAT_GRAIN, t + 1, T) - j0;
      const add = (flags & FLAG_ADD) != 0 && load<i32>(hyper, HYPER_ADD) != 0;
      columnSums(d0, n, at(p0, j0, 1), s0, at(p1, j0, 1), add);
      return;
    }
    case OP_SGD_STEP:
      sgdStep(n, lr, run0, run1);
      return;
    case OP_MOMENTUM_STEP: {
      const keep = load<f32>(hyper, HYPER_CORRECTION1) * f1;
      momentumStep(n, lr, keep, load<f32>(hyper, HYPER_CORRECTION2), f2, run0, run1, run2);
      return;
    }
    case OP_ADAM_STEP: {
      const step = load<f32>(hyper, HYPER_CORRECTION1) * f0;
      const epsilon = load<f32>(hyper, HYPER_CORRECTION2) * f3;
      adamStep(n, step, lr * R.f(r, 4), f1, f2, epsilon, run0, run1, run2, part(R.p(r, 3), e0));
      return;
    }
    case OP_RMSPROP_STEP:
      rmspropStep(n, lr, f1, f2, f3, run0, run1, run2, part(R.p(r, 3), e0), part(R.p(r, 4), e0));
      return;
    case OP_ADAGRAD_STEP:
      adagradStep(n, lr, f1, run0, run1, run2);
      return;
    case OP_PREPARE_GRADIENT:
      prepareGradient(n, p2 != 0 ? load<f32>(p2) : 1, f0, f1, f2, run0, run1);
      return;
    case OP_SQUARE_SUMS: {
      const j0 = share(d0, SQUARES_BLOCK, t, T);
      const n = share(d0, SQUARES_BLOCK, t + 1, T) - j0;
      squareSums(n, at(p0, j0, 1), p1 + ((<usize>(d1 + j0 / SQUARES_BLOCK)) << 3));
      return;
    }
    case OP_CLIP_FACTOR: {
      if (t == 0) clipFactor(d0, p0, f0, p1);
      return;
    }
  }
  unreachable();
}

/** One record of what stands between dense layers and activations, for rows i0 … i0 + m − 1 of d0, or a share of columns. */
function layer(r: usize, hyper: usize, op: i32, flags: i32, d0: i32, i0: i32, m: i32, t: i32, T: i32): void {
  const cols = R.d(r, 1);
  const p0 = R.p(r, 0);
  const p1 = R.p(r, 1);
  const p2 = R.p(r, 2);
  const p3 = R.p(r, 3);
  const p4 = R.p(r, 4);
  const p5 = R.p(r, 5);
  const s0 = R.s(r, 0);
  const s1 = R.s(r, 1);
  const s2 = R.s(r, 2);
  const x0 = at(p0, i0, s0);
  const x1 = at(p1, i0, s1);
  const f0 = R.f(r, 0);
  // of ops that share columns: this thread's are j0 … j0 + n − 1
  const j0 = share(cols, FLAT_GRAIN, t, T);
  const n = share(cols, FLAT_GRAIN, t + 1, T) - j0;
  const y0 = at(p0, j0, 1);
  const y1 = at(p1, j0, 1);
  const adds = (flags & FLAG_ADD) != 0 && load<i32>(hyper, HYPER_ADD) != 0;
  switch (op) {
    case OP_DROPOUT: {
      const turn = load<i32>(hyper, HYPER_BATCH);
      dropout(i0, m, cols, x0, s0, x1, s1, R.d(r, 2), R.d(r, 3), turn, R.d(r, 4), f0);
      return;
    }
    case OP_BATCH_NORM_FORWARD:
      batchNormForward(d0, n, y0, s0, y1, s1, part(p2, j0), part(p3, j0), part(p4, j0), part(p5, j0), f0);
      return;
    case OP_BATCH_NORM_BACKWARD: {
      const dgamma = part(R.p(r, 6), j0);
      const dbeta = part(R.p(r, 7), j0);
      const dx = part(p2, j0);
      const mean = part(p3, j0);
      const variance = part(p4, j0);
      const gamma = part(p5, j0);
      batchNormBackward(d0, n, y0, s0, y1, s1, dx, s2, mean, variance, gamma, dgamma, dbeta, f0, adds);
      return;
    }
    case OP_BATCH_NORM_STATISTICS:
      batchNormStatistics(d0, n, y0, y1, part(p2, j0), part(p3, j0), f0);
      return;
    case OP_NORMALIZE:
      normalize(m, cols, x0, s0, x1, s1, p2, p3, p4, p5, f0);
      return;
    case OP_NORMALIZE_BACKWARD:
      normalizeBackward(m, cols, x0, s0, x1, s1, p2, p3, f0);
      return;
    case OP_LAYER_NORM_FORWARD:
      layerNormForward(m, cols, x0, s0, x1, s1, at(p2, i0, 2), p3, p4, f0);
      return;
    case OP_LAYER_NORM_BACKWARD:
      layerNormBackward(m, cols, x0, s0, x1, s1, at(p2, i0, s2), s2, at(p3, i0, 2), p4);
      return;
    case OP_LAYER_NORM_PARAMETERS:
      layerNormParameters(d0, n, y0, s0, y1, s1, p2, part(p3, j0), part(p4, j0), adds);
      return;
    case OP_PRELU_FORWARD:
      preluForward(m, cols, x0, s0, x1, s1, p2, R.d(r, 2) == cols);
      return;
    case OP_PRELU_BACKWARD:
      preluBackward(m, cols, x0, s0, x1, s1, at(p2, i0, s2), s2, p3, R.d(r, 2) == cols);
      return;
    case OP_PRELU_SLOPE:
      preluSlope(d0, n, y0, s0, y1, s1, part(p2, j0), adds);
      return;
    case OP_ADD:
      add(m, cols, x0, s0, x1, s1, at(p2, i0, s2), s2);
      return;
  }
  unreachable();
}
