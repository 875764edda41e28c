// How warm a cell of a confusion matrix is: its class, and the share of the colour. The style makes a colour of them.

export interface Heat {
  /** `hit` or `miss`; `none` without rows; `full` where letters are light by day and dark by night */
  readonly kind: string;
  /** of the colour, such as "42%" */
  readonly share: string;
}

/** Of a class: as much of it found is shown in nearly the whole colour. */
const FOUND = 0.75;

/**
 * The warmer, the larger a cell's share of its line; of mistakes by the square root, so that few among many are still seen. Between 50 and
 * 88 % of a colour there are letters, by day or by night, with a contrast below 4.5 on it: no cell is there.
 *
 * @param n    rows in the cell
 * @param all  rows in its line
 */
export function heat(n: number, all: number, right: boolean): Heat {
  const share = n === 0 ? 0 : n / all;
  const full = right && share > FOUND;
  const warmth = full
    ? 88 + (12 * (share - FOUND)) / (1 - FOUND)
    : 8 + 42 * (right ? share : Math.sqrt(share));
  const kinds = [right ? "hit" : "miss", n === 0 && "none", full && "full"];
  return { kind: kinds.filter(Boolean).join(" "), share: `${n === 0 ? 0 : Math.round(warmth)}%` };
}
