// The four rows of the batch as what they are: colours, with text in the colour that the net thinks is read better on them.

import { useId } from "preact/hooks";
import { percent } from "../shared/format.ts";
import { OUTPUT_NAMES, SAMPLES } from "./batch.ts";
import type { Snapshot } from "./lesson.ts";

interface SamplesProps {
  readonly snapshot: Snapshot;
  readonly row: number;
  readonly onChoose: (row: number) => void;
}

const INK = { dark: "#15181c", light: "#ffffff" } as const;

export function Samples({ snapshot, row, onChoose }: SamplesProps) {
  const name = useId();
  return (
    <fieldset class="samples">
      <legend>Row shown: target and its probability</legend>
      {SAMPLES.map((sample, r) => {
        const [dark = 0, light = 0] = snapshot.y[r] ?? [];
        const target = OUTPUT_NAMES[sample.output - 1];
        return (
          <label key={sample.name}>
            <input
              type="radio"
              name={name}
              checked={r === row}
              onChange={() => onChoose(r)}
              aria-label={sample.name}
            />
            <svg class="swatch-of" aria-hidden="true">
              <rect
                width="100%"
                height="100%"
                fill={`rgb(${sample.channels.map((channel) => Math.round(channel * 255)).join(" ")})`}
              />
              <text x="50%" y="50%" fill={dark > light ? INK.dark : INK.light}>
                Aa
              </text>
            </svg>
            <span class="named">{sample.name}</span>
            <span class="note">
              {target} {percent(sample.output === 1 ? dark : light, 0)}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
