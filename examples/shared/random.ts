// Numbers by lot for data that examples make up: the same seed gives the same numbers.

export interface Lot {
  /** from 0 to below 1 */
  uniform(): number;
  /** of the normal distribution, mean 0 and standard deviation 1 */
  normal(): number;
}

/** Mulberry32 by T. Ettinger: 32 bits of state, good enough to make data with. */
export function lot(seed: number): Lot {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    uniform,
    // Box and Muller 1958; 1 − u is never 0
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
