// What probabilities for the test digits come to: answers, loss, accuracy, and who was taken for whom.

export const CLASSES = 10;
export const DIGITS: readonly number[] = Array.from({ length: CLASSES }, (_, digit) => digit);

export interface Score {
  /** `[rows]` the digit of the largest probability */
  readonly answers: Uint8Array;
  /** `[rows]` that probability */
  readonly sure: Float32Array;
  /** mean of −ln of the probability that the true digit was given */
  readonly loss: number;
  readonly accuracy: number;
  /** `[10 · 10]` how often the digit of the row was taken for that of the column */
  readonly counts: Uint32Array;
}

/** The least number of f32 above 0: a probability below it is rounded to 0, and its logarithm would be −∞. */
const LEAST = 2 ** -149;

/** @param probabilities  `[rows · 10]` */
export function scoreOf(probabilities: Float32Array, labels: Uint8Array): Score {
  const rows = labels.length;
  const [answers, sure] = [new Uint8Array(rows), new Float32Array(rows)];
  const counts = new Uint32Array(CLASSES * CLASSES);
  let [loss, right] = [0, 0];
  for (let row = 0; row < rows; row++) {
    const truth = labels[row] as number;
    const given = probabilities.subarray(row * CLASSES, (row + 1) * CLASSES);
    const answer = largest(given);
    answers[row] = answer;
    sure[row] = given[answer] as number;
    loss -= Math.log(Math.max(given[truth] as number, LEAST));
    if (answer === truth) right++;
    const at = truth * CLASSES + answer;
    counts[at] = (counts[at] as number) + 1;
  }
  return { answers, sure, counts, loss: loss / rows, accuracy: right / rows };
}

/** The place of the largest; of equal ones the first. */
export function largest(values: ArrayLike<number>): number {
  let at = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] as number) > (values[at] as number)) at = i;
  return at;
}
