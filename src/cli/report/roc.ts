// The ROC curve of one class against another, and the area under it. Scores come in; who gave them does not matter.

import { thinned } from "./bounds.ts";
import type { Roc } from "./report.ts";

/** What a curve is made of, row by row. */
export interface Scored {
  /** the larger, the more it is a yes */
  readonly scores: ArrayLike<number>;
  /** what is said of the threshold at that score */
  readonly thresholds: ArrayLike<number>;
  readonly yes: readonly boolean[];
  /** how often each row counts; once where it is left out */
  readonly weights?: ArrayLike<number> | undefined;
}

export type Curve = Pick<Roc, "area" | "falsePositive" | "truePositive" | "threshold" | "of">;

/**
 * True against false positives as the threshold falls. Rows of equal scores are one step, straight to where all of them are above
 * it, so the area is the share of pairs of a yes and a no that the scores put in order, level pairs by half.
 *
 * @returns undefined where there is no yes, or no no, or a score that is no number
 */
export function rocCurve({ scores, thresholds, yes, weights }: Scored): Curve | undefined {
  for (let i = 0; i < scores.length; i++) if (Number.isNaN(scores[i])) return undefined;
  const order = Uint32Array.from(yes, (_, i) => i).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number),
  );
  const points: Point[] = [{ no: 0, yes: 0, threshold: null }];
  let [allYes, allNo, area] = [0, 0, 0];
  for (let i = 0; i < order.length; ) {
    const first = order[i] as number;
    const score = scores[first];
    let [levelYes, levelNo] = [0, 0];
    for (; i < order.length && scores[order[i] as number] === score; i++) {
      const row = order[i] as number;
      const weight = weights?.[row] ?? 1;
      if (yes[row]) levelYes += weight;
      else levelNo += weight;
    }
    if (levelYes + levelNo === 0) continue;
    area += levelNo * (allYes + levelYes / 2);
    allYes += levelYes;
    allNo += levelNo;
    addPoint(points, { no: allNo, yes: allYes, threshold: thresholds[first] as number });
  }
  if (allYes === 0 || allNo === 0) return undefined;
  const shown = thinned(points.length).map((at) => points[at] as Point);
  return {
    area: area / (allYes * allNo),
    falsePositive: shown.map(({ no }) => no / allNo),
    truePositive: shown.map(({ yes }) => yes / allYes),
    threshold: shown.map(({ threshold }) => threshold),
    of: points.length,
  };
}

interface Point {
  readonly no: number;
  readonly yes: number;
  readonly threshold: number | null;
}

/** A point between two of the same vertical or level line is no corner: the new one takes its place. */
function addPoint(points: Point[], next: Point): void {
  const [before, last] = points.slice(-2);
  if (before !== undefined && last !== undefined) {
    const upright = before.no === last.no && last.no === next.no;
    const level = before.yes === last.yes && last.yes === next.yes;
    if (upright || level) points.pop();
  }
  points.push(next);
}
