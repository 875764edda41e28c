// The forward pass of the shown row, layer by layer, with the slopes and errors that the way back takes from it.

import type { ComponentChildren } from "preact";
import { number } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { Scroll } from "../shared/scroll.tsx";
import { SAMPLES, T } from "./batch.ts";
import type { Snapshot } from "./lesson.ts";
import { upTo } from "./parameters.ts";
import { Letter } from "./symbols.tsx";

export function Forward({ snapshot, row }: { readonly snapshot: Snapshot; readonly row: number }) {
  const { x, s1, h1, s2, h2, z, y } = snapshot;
  const errors = y.map((values, r) => values.map((v, c) => v - (T[r]?.[c] ?? Number.NaN)));
  const slopes = (h: Snapshot["h1"]) => h.map((values) => values.map((v) => v * (1 - v)));
  const lines: readonly (readonly [
    key: string,
    name: ComponentChildren,
    rows: Snapshot["x"],
    ends?: boolean,
  ])[] = [
    ["x", <Letter key="x" name="x" />, x, true],
    ["s1", <Letter key="s1" name="s" layer={1} />, s1],
    [
      "h1",
      <>
        <Letter name="h" layer={1} /> = σ(
        <Letter name="s" layer={1} />)
      </>,
      h1,
    ],
    [
      "h1'",
      <>
        <Letter name="h" layer={1} />
        (1 − <Letter name="h" layer={1} />)
      </>,
      slopes(h1),
      true,
    ],
    ["s2", <Letter key="s2" name="s" layer={2} />, s2],
    [
      "h2",
      <>
        <Letter name="h" layer={2} /> = σ(
        <Letter name="s" layer={2} />)
      </>,
      h2,
    ],
    [
      "h2'",
      <>
        <Letter name="h" layer={2} />
        (1 − <Letter name="h" layer={2} />)
      </>,
      slopes(h2),
      true,
    ],
    ["z", <Letter key="z" name="z" />, z],
    [
      "y",
      <>
        <Letter name="y" /> = softmax(
        <Letter name="z" />)
      </>,
      y,
    ],
    ["t", <Letter key="t" name="t" />, T],
    [
      "e",
      <>
        <Letter name="y" /> − <Letter name="t" />
      </>,
      errors,
    ],
  ];
  return (
    <Panel title="Forward" aside={SAMPLES[row]?.name} class="forward">
      <Scroll label="Forward pass">
        <table>
          <caption>The numbers of the shown row, layer by layer</caption>
          <thead>
            <tr>
              <th scope="col">unit</th>
              {upTo(4).map((unit) => (
                <th key={unit} scope="col">
                  {unit}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lines.map(([key, name, rows, ends]) => (
              <tr key={key} class={ends ? "last" : ""}>
                <th scope="row" class="formula">
                  {name}
                </th>
                {upTo(4).map((unit) => (
                  <td key={unit}>
                    {rows[row]?.[unit - 1] === undefined ? "" : number(rows[row]?.[unit - 1])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
