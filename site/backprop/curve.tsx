// E by step: as far as the net has come, and what is still ahead at this rate.

import { Chart } from "../shared/chart.tsx";
import type { Snapshot } from "./lesson.ts";

/** How many steps are in sight: the least of these that is enough. */
const STRETCHES = [120, 400, 1000] as const;

export function Curve({ snapshot: { curve, step } }: { readonly snapshot: Snapshot }) {
  const end = STRETCHES.find((steps) => step <= steps) ?? step;
  const inSight = curve.slice(0, end + 1);
  return (
    <Chart
      title="Cross entropy E"
      unit="step"
      x={inSight.map((_, i) => i)}
      lines={[
        { name: "so far", tone: "accent", values: inSight.map((e, i) => (i <= step ? e : null)) },
        { name: "ahead", tone: "muted", dashed: true, values: inSight.map((e, i) => (i >= step ? e : null)) },
      ]}
      mark={step}
      height={250}
    />
  );
}
