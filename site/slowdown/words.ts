// What the numbers of a run say, in sentences and signs.

import { count, number } from "../shared/format.ts";
import type { Cost, Course, Run, State } from "./experiment.ts";

export const NAMES: Readonly<Record<Cost, string>> = {
  quadratic: "quadratic",
  crossEntropy: "cross entropy",
};

/** As in the classes of the style. */
export const TONES = { quadratic: "second", crossEntropy: "accent" } as const;

/** σ′(z) = a(1 − a), of the a that the model gives. */
export function slope({ output }: Pick<State, "output">): number {
  return output * (1 - output);
}

/** An output has a digit more than other numbers, and near 1, where 1 − a counts, two more: as many as f32 has. */
export function outputText(output: number): string {
  return number(output, output > 0.99 ? 7 : 5);
}

/** After how many epochs a cost is first below half of its first value. */
export function halved(course: Course): number | undefined {
  const half = (course[0]?.cost ?? 0) / 2;
  const at = course.findIndex(({ cost }) => cost < half);
  return at < 0 ? undefined : at;
}

/** The outcome of a run. */
export function conclusion({ setup: { epochs }, courses: { quadratic, crossEntropy } }: Run): string {
  const [slow, fast] = [quadratic[0], crossEntropy[0]];
  if (slow === undefined || fast === undefined) return "";
  const times = number(fast.gradient / slow.gradient, 3);
  const [early, late] = [halved(crossEntropy), halved(quadratic)];
  const pace =
    early === undefined
      ? `Neither cost is halved within ${count(epochs, "epoch")}.`
      : `It halves its cost in ${count(early, "epoch")}; the quadratic cost ${late === undefined ? `is not halved in ${number(epochs)}` : `takes ${number(late)}`}.`;
  return `From a = ${outputText(slow.output)} cross entropy begins with ${times} times the gradient. ${pace}`;
}
