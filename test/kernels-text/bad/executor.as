// An executor with two kernels; compiled without tools/no-inline.mjs, Binaryen puts all of it into `run`'s loop.

export function run(first: i32, last: i32, x: usize): i32 {
  for (let i = first; i < last; i++) execute(i, x);
  return last;
}

function execute(op: i32, x: usize): void {
  if (op == 0) double(x);
  else clear(x);
}

function double(x: usize): void {
  for (let i = 0; i < 16; i++) {
    const v = v128.load(x);
    v128.store(x, f32x4.add(v, v));
    x += 16;
  }
}

function clear(x: usize): void {
  store<f32>(x, 0);
}
