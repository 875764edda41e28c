// The functions of lib/math.ts over arrays: an entry of its own, built as the kernels are, for the accuracy tests to
// sweep. Nothing that ships has it.

import {
  MATH_ERF,
  MATH_EXP,
  MATH_EXP_NONPOSITIVE,
  MATH_EXPM1,
  MATH_LOG,
  MATH_LOG1P,
  MATH_LOG1P_UNIT,
  MATH_SIGMOID,
  MATH_TANH,
} from "../src/base/abi";
import { VMath } from "./lib/math";

/** y[i] ← f(x[i]) for i < n, f one of MATH_*; n a multiple of 4; y may be x. */
export function vmath(f: i32, n: i32, x: usize, y: usize): void {
  assert((n & 3) == 0);
  for (let i: usize = 0, end = (<usize>n) << 2; i < end; i += 16) {
    v128.store(y + i, apply(f, v128.load(x + i)));
  }
}

function apply(f: i32, x: v128): v128 {
  switch (f) {
    case MATH_EXP:
      return VMath.exp(x);
    case MATH_LOG:
      return VMath.log(x);
    case MATH_EXPM1:
      return VMath.expm1(x);
    case MATH_LOG1P:
      return VMath.log1p(x);
    case MATH_TANH:
      return VMath.tanh(x);
    case MATH_ERF:
      return VMath.erf(x);
    case MATH_SIGMOID:
      return VMath.sigmoid(x);
    case MATH_LOG1P_UNIT:
      return VMath.log1pUnit(x);
    case MATH_EXP_NONPOSITIVE:
      return VMath.expNonPositive(x);
    default:
      assert(false);
      return x;
  }
}
