// A chart of uPlot that grows while it is looked at: the newest values stand above it, or those under the pointer.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { around, axis, sideways } from "../../src/cli/report/page/charts.ts";
import { useColours } from "./colours.ts";
import { number, ticks } from "./format.ts";

export interface Line {
  readonly name: string;
  readonly tone: "accent" | "second" | "muted";
  /** null where there is none */
  readonly values: readonly (number | null)[];
  readonly dashed?: boolean;
}

interface ChartProps {
  readonly title: string;
  /** of the horizontal axis: "step", "epoch" */
  readonly unit: string;
  readonly x: readonly number[];
  readonly lines: readonly Line[];
  /** of the vertical axis; else around the values */
  readonly range?: readonly [low: number, high: number];
  /** of the horizontal axis; else from the first to the last */
  readonly span?: readonly [first: number, last: number];
  readonly format?: (value: number | null | undefined) => string;
  readonly height?: number;
  /** a place among the x at which a line stands; the values are those there while no pointer is over the chart */
  readonly mark?: number;
}

/** As a figure of its own, with title, values and lines. The lines' number and names stay; their values may grow. */
export function Chart({
  title,
  unit,
  x,
  lines,
  range,
  span,
  format = number,
  height = 220,
  mark,
}: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const colours = useColours();
  const [at, setAt] = useState<number>();
  const ranges = useRef({ range, span });
  ranges.current = { range, span };
  const upright = useMemo(() => document.createElement("i"), []);
  const data = [x, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  const last = x.length - 1;
  const rest = mark ?? last;
  const shown = at !== undefined && at <= last ? at : rest;
  const kinds = lines.map(({ name, tone, dashed = false }) => `${name}/${tone}/${dashed}`).join();

  const options = useMemo(
    (): Omit<uPlot.Options, "width" | "height"> => ({
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false, range: (_, low, high) => [...(ranges.current.span ?? wide(low, high))] },
        y: {
          range: ({ data: [, ...values] }) => [
            ...(ranges.current.range ?? around(values.flatMap((line) => [...line] as (number | null)[]))),
          ],
        },
      },
      axes: [
        axis(colours, { label: unit, space: 56, size: 30, values: (_, splits) => ticks(splits) }),
        axis(colours, { size: sideways, space: 30, values: (_, splits) => ticks(splits) }),
      ],
      series: [
        {},
        ...lines.map(({ name, tone, dashed }) => ({
          label: name,
          stroke: colours[tone],
          width: 2,
          points: { show: false },
          spanGaps: true,
          ...(dashed && { dash: [5, 4] }),
        })),
      ],
      hooks: { setCursor: [({ cursor }) => setAt(cursor.idx ?? undefined)] },
    }),
    [colours, unit, kinds],
  );

  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const made = new uPlot({ ...options, width: Math.max(place.clientWidth, 40), height }, data, place);
    plot.current = made;
    made.over.append(upright);
    const watch = new ResizeObserver(() => {
      if (place.clientWidth > 0 && place.clientWidth !== made.width)
        made.setSize({ width: place.clientWidth, height });
    });
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.destroy();
    };
  }, [options, height]);

  useEffect(() => plot.current?.setData(data), [x, last, ...lines.map(({ values }) => values), range, span]);

  useEffect(() => {
    const [from, to] = span ?? wide(x[0] ?? null, x[last] ?? null);
    upright.className = mark === undefined ? "" : "upright";
    upright.style.left = `${(((x[mark ?? last] ?? from) - from) / (to - from)) * 100}%`;
  }, [mark, x, last, span]);

  const told = lines.map(({ name, values }) => `${name} ${format(lastUntil(values, rest))}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <div class="title">
          <h3>{title}</h3>
          <span class="at">{last < 0 ? "" : `${unit} ${number(x[shown])}`}</span>
        </div>
        <div class="readout">
          {lines.map(({ name, tone, values }) => (
            <span key={name}>
              <i class={`swatch ${tone}`} />
              {name} <b>{format(lastUntil(values, shown))}</b>
            </span>
          ))}
        </div>
      </figcaption>
      <div
        class="plot"
        role="img"
        aria-label={last < 0 ? `${title}: nothing yet` : `${title} at ${unit} ${number(x[rest])}: ${told}`}
        ref={box}
      />
    </figure>
  );
}

/** A line may have no value at a place at which another has one. */
function lastUntil(values: Line["values"], place: number): number | null | undefined {
  return values.slice(0, place + 1).findLast((value) => value !== null);
}

/** Of one place on the axis uPlot cannot make a scale. */
function wide(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  return low === high ? [low, low + 1] : [low, high];
}
