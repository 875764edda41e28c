// Activations over a [rows, cols] block. Forward is followed by its backward, which works from the forward's output
// y where that tells the slope, else from its input x. Every output may be the very buffer of an input of the same
// shape and stride. What each is rounded as, and its bound, is in docs/numerics.md.

import { VMath } from "./lib/math";
import { Backward, Rows, Unary } from "./lib/rows";
import { V } from "./lib/simd";

class Relu extends Unary {
  @inline apply(x: v128, _a: v128): v128 {
    return V.relu(x);
  }
}
class ReluBackward extends Backward {
  @inline apply(dy: v128, y: v128, _a: v128): v128 {
    return v128.andnot(dy, f32x4.le(y, f32x4.splat(0)));
  }
}

/** y ← max(x, 0). NaN stays NaN. Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function reluForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  Rows.unary<Relu>(rows, cols, x, ldx, y, ldy, 0);
}

/** dx ← y ≤ 0 ? 0 : dy. Shapes: dy, y, dx [rows, cols], row strides lddy, ldy, lddx. */
export function reluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
): void {
  Rows.backward<ReluBackward>(rows, cols, dy, lddy, y, ldy, dx, lddx, 0);
}

class Sigmoid extends Unary {
  @inline apply(x: v128, _a: v128): v128 {
    return VMath.sigmoid(x);
  }
}
class SigmoidBackward extends Backward {
  @inline apply(dy: v128, y: v128, _a: v128): v128 {
    return f32x4.mul(f32x4.mul(dy, y), f32x4.sub(f32x4.splat(1), y));
  }
}

/** y ← 1 / (1 + e^−x). Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function sigmoidForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  Rows.unary<Sigmoid>(rows, cols, x, ldx, y, ldy, 0);
}

/** dx ← dy·y·(1 − y), rounded as (dy·y)·(1 − y). Shapes: dy, y, dx [rows, cols], row strides lddy, ldy, lddx. */
export function sigmoidBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
): void {
  Rows.backward<SigmoidBackward>(rows, cols, dy, lddy, y, ldy, dx, lddx, 0);
}

class Tanh extends Unary {
  @inline apply(x: v128, _a: v128): v128 {
    return VMath.tanh(x);
  }
}
class TanhBackward extends Backward {
  @inline apply(dy: v128, y: v128, _a: v128): v128 {
    const one = f32x4.splat(1);
    return f32x4.mul(dy, f32x4.mul(f32x4.sub(one, y), f32x4.add(one, y)));
  }
}

/** y ← tanh x. Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function tanhForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  Rows.unary<Tanh>(rows, cols, x, ldx, y, ldy, 0);
}

/** dx ← dy·(1 − y²), rounded as dy·((1 − y)(1 + y)): no cancellation where y nears ±1. */
export function tanhBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
): void {
  Rows.backward<TanhBackward>(rows, cols, dy, lddy, y, ldy, dx, lddx, 0);
}

class LeakyRelu extends Unary {
  @inline apply(x: v128, a: v128): v128 {
    return v128.bitselect(x, f32x4.mul(a, x), f32x4.gt(x, f32x4.splat(0)));
  }
}
class LeakyReluBackward extends Backward {
  @inline apply(dy: v128, y: v128, a: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(a, dy), f32x4.gt(y, f32x4.splat(0)));
  }
}

/** y ← x > 0 ? x : slope·x, slope ≥ 0. Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function leakyReluForward(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  slope: f32,
): void {
  Rows.unary<LeakyRelu>(rows, cols, x, ldx, y, ldy, slope);
}

/** dx ← y > 0 ? dy : slope·dy: with slope ≥ 0, y is above 0 where x is. */
export function leakyReluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
  slope: f32,
): void {
  Rows.backward<LeakyReluBackward>(rows, cols, dy, lddy, y, ldy, dx, lddx, slope);
}

class Elu extends Unary {
  @inline apply(x: v128, a: v128): v128 {
    return v128.bitselect(x, f32x4.mul(a, VMath.expm1(x)), f32x4.gt(x, f32x4.splat(0)));
  }
}
class EluBackward extends Backward {
  @inline apply(dy: v128, y: v128, a: v128): v128 {
    return v128.bitselect(dy, f32x4.mul(dy, f32x4.add(y, a)), f32x4.gt(y, f32x4.splat(0)));
  }
}

/** y ← x > 0 ? x : α·(e^x − 1), α > 0. Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function eluForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32, alpha: f32): void {
  Rows.unary<Elu>(rows, cols, x, ldx, y, ldy, alpha);
}

/** dx ← y > 0 ? dy : dy·(y + α), since α·e^x = y + α. */
export function eluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  y: usize,
  ldy: i32,
  dx: usize,
  lddx: i32,
  alpha: f32,
): void {
  Rows.backward<EluBackward>(rows, cols, dy, lddy, y, ldy, dx, lddx, alpha);
}

/** 1 + erf(x/√2), twice the normal distribution function */
class Normal {
  @inline static twice(x: v128): v128 {
    return f32x4.add(f32x4.splat(1), VMath.erf(f32x4.mul(x, f32x4.splat(0.70710678))));
  }
}
class Gelu extends Unary {
  @inline apply(x: v128, _a: v128): v128 {
    return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), Normal.twice(x));
  }
}
class GeluBackward extends Backward {
  @inline apply(dy: v128, x: v128, _a: v128): v128 {
    const half = f32x4.splat(0.5);
    const density = f32x4.mul(
      f32x4.splat(0.3989423),
      VMath.expNonPositive(f32x4.mul(f32x4.neg(x), f32x4.mul(half, x))),
    );
    return f32x4.mul(dy, f32x4.add(f32x4.mul(half, Normal.twice(x)), f32x4.mul(x, density)));
  }
}

/** y ← x·Φ(x) = ½x·(1 + erf(x/√2)). Shapes: x, y [rows, cols], row strides ldx, ldy. Source: Hendrycks, Gimpel 2016. */
export function geluForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  Rows.unary<Gelu>(rows, cols, x, ldx, y, ldy, 0);
}

/** dx ← dy·(Φ(x) + x·φ(x)), φ(x) = e^(−x²/2)/√(2π). From the input x: y does not tell it. */
export function geluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
): void {
  Rows.backward<GeluBackward>(rows, cols, dy, lddy, x, ldx, dx, lddx, 0);
}

/** The approximation's inner function: u(x) = √(2/π)·(x + 0.044715·x³), of x held to ±16, beyond which tanh u is ±1. */
class Inner {
  @inline static hold(x: v128): v128 {
    return f32x4.pmin(f32x4.pmax(x, f32x4.splat(-16)), f32x4.splat(16));
  }
  @inline static tanh(x: v128): v128 {
    const cubic = f32x4.mul(f32x4.mul(x, x), f32x4.splat(0.044715));
    const u = f32x4.mul(f32x4.mul(x, f32x4.splat(0.7978846)), f32x4.add(f32x4.splat(1), cubic));
    return VMath.tanh(u);
  }
}
class GeluTanh extends Unary {
  @inline apply(x: v128, _a: v128): v128 {
    const t = Inner.tanh(Inner.hold(x));
    return f32x4.mul(f32x4.mul(f32x4.splat(0.5), x), f32x4.add(f32x4.splat(1), t));
  }
}
class GeluTanhBackward extends Backward {
  @inline apply(dy: v128, x: v128, _a: v128): v128 {
    const one = f32x4.splat(1);
    const h = Inner.hold(x);
    const t = Inner.tanh(h);
    // x·u′(x) = √(2/π)·x·(1 + 3·0.044715·x²)
    const rise = f32x4.mul(
      f32x4.mul(h, f32x4.splat(0.7978846)),
      f32x4.add(one, f32x4.mul(f32x4.mul(h, h), f32x4.splat(0.134145))),
    );
    const sides = f32x4.mul(f32x4.sub(one, t), f32x4.add(one, t));
    const slope = f32x4.mul(f32x4.splat(0.5), f32x4.add(f32x4.add(one, t), f32x4.mul(sides, rise)));
    return f32x4.mul(dy, slope);
  }
}

/** y ← ½x·(1 + tanh u(x)), u(x) = √(2/π)·(x + 0.044715·x³). Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function geluTanhForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  Rows.unary<GeluTanh>(rows, cols, x, ldx, y, ldy, 0);
}

/** dx ← dy·½·((1 + t) + (1 − t²)·x·u′(x)), t = tanh u(x). From the input x. */
export function geluTanhBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
): void {
  Rows.backward<GeluTanhBackward>(rows, cols, dy, lddy, x, ldx, dx, lddx, 0);
}

class Silu extends Unary {
  @inline apply(x: v128, _a: v128): v128 {
    return f32x4.mul(x, VMath.sigmoid(x));
  }
}
class SiluBackward extends Backward {
  @inline apply(dy: v128, x: v128, _a: v128): v128 {
    const one = f32x4.splat(1);
    const s = VMath.sigmoid(x);
    return f32x4.mul(dy, f32x4.mul(s, f32x4.add(one, f32x4.mul(x, f32x4.sub(one, s)))));
  }
}

/** y ← x·σ(x). Shapes: x, y [rows, cols], row strides ldx, ldy. */
export function siluForward(rows: i32, cols: i32, x: usize, ldx: i32, y: usize, ldy: i32): void {
  Rows.unary<Silu>(rows, cols, x, ldx, y, ldy, 0);
}

/** dx ← dy·σ(x)·(1 + x·(1 − σ(x))). From the input x. */
export function siluBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
): void {
  Rows.backward<SiluBackward>(rows, cols, dy, lddy, x, ldx, dx, lddx, 0);
}

class Softplus extends Unary {
  @inline apply(x: v128, beta: v128): v128 {
    const b = f32x4.abs(f32x4.mul(beta, x));
    const rest = VMath.log1pUnit(VMath.expNonPositive(f32x4.neg(b)));
    return f32x4.add(V.relu(x), f32x4.div(rest, beta));
  }
}
class SoftplusBackward extends Backward {
  @inline apply(dy: v128, x: v128, beta: v128): v128 {
    return f32x4.mul(dy, VMath.sigmoid(f32x4.mul(beta, x)));
  }
}

/**
 * y ← ln(1 + e^(βx)) / β = max(x, 0) + ln(1 + e^−|βx|) / β, β > 0: x itself where βx is large, even beyond f32.
 * Shapes: x, y [rows, cols], row strides ldx, ldy.
 */
export function softplusForward(
  rows: i32,
  cols: i32,
  x: usize,
  ldx: i32,
  y: usize,
  ldy: i32,
  beta: f32,
): void {
  Rows.unary<Softplus>(rows, cols, x, ldx, y, ldy, beta);
}

/** dx ← dy·σ(βx). From the input x: 1 − e^−y would cancel where y is small. */
export function softplusBackward(
  rows: i32,
  cols: i32,
  dy: usize,
  lddy: i32,
  x: usize,
  ldx: i32,
  dx: usize,
  lddx: i32,
  beta: f32,
): void {
  Rows.backward<SoftplusBackward>(rows, cols, dy, lddy, x, ldx, dx, lddx, beta);
}
