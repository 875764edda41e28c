// Numbers of 16 bits (IEEE 754-2019, 3.4, binary16), which files hold and JavaScript has no array of on every engine. Read here, never
// written.

/** Writes every number of 16 bits as the same one of 32: sign, 5 bits of exponent with 15 for 0, 10 of fraction. Returns `out`. */
export function widenHalves(halves: Uint16Array, out: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(out.buffer);
  halves.forEach((half, i) => {
    const [exponent, fraction] = [(half >> 10) & 31, half & 1023];
    if (exponent === 0) out[i] = fraction * 2 ** -24;
    else bits[i] = ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
    bits[i] = (bits[i] as number) | ((half & 0x8000) << 16);
  });
  return out;
}
