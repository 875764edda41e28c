// Rows of a data set, picked by an index list, laid into a batch.

/**
 * dst[i, :] ← src[index[i], :] for i < rows; any 4-byte elements, copied bit for bit.
 *
 * Shapes    src[*, cols] unpadded; index[rows] u32; dst[rows, cols], row stride ldd elements.
 * Writes    the cols elements of each row of dst, not its padding.
 */
export function gather(rows: i32, cols: i32, src: usize, index: usize, dst: usize, ldd: i32): void {
  const rowBytes = (<usize>cols) << 2;
  if (cols == 1) {
    // targets and weights: a call for each would cost ten times the load and the store
    for (let i = 0; i < rows; i++) {
      store<u32>(dst, load<u32>(src + ((<usize>load<u32>(index)) << 2)));
      index += 4;
      dst += (<usize>ldd) << 2;
    }
    return;
  }
  for (let i = 0; i < rows; i++) {
    memory.copy(dst, src + <usize>load<u32>(index) * rowBytes, rowBytes);
    index += 4;
    dst += (<usize>ldd) << 2;
  }
}

/**
 * dst[i, :] ← scale·src[index[i], :] + shift for i < rows; bytes become f32.
 *
 * Shapes    src[*, cols] u8, unpadded; index[rows] u32; dst[rows, cols], row stride ldd elements.
 * Accuracy  one rounding of the product, one of the sum, in every build: a table of 256 values.
 */
export function gatherU8(
  rows: i32,
  cols: i32,
  src: usize,
  index: usize,
  dst: usize,
  ldd: i32,
  scale: f32,
  shift: f32,
): void {
  const a = f32x4.splat(scale);
  const b = f32x4.splat(shift);
  for (let i = 0; i < rows; i++) {
    const from = src + <usize>load<u32>(index) * cols;
    let j = 0;
    for (; j + 4 <= cols; j += 4) {
      const x = f32x4.convert_i32x4_u(
        i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(from + j))),
      );
      v128.store(dst + ((<usize>j) << 2), f32x4.add(f32x4.mul(x, a), b));
    }
    for (; j < cols; j++) {
      store<f32>(dst + ((<usize>j) << 2), <f32>load<u8>(from + j) * scale + shift);
    }
    index += 4;
    dst += (<usize>ldd) << 2;
  }
}
