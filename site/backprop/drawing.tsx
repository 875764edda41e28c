// The net drawn: units with their activations, edges as thick as their weights are large, and the paths of the chosen one. A list box
// to the keyboard: arrow keys choose.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { number } from "../shared/format.ts";
import { INPUT_NAMES, OUTPUT_NAMES, T } from "./batch.ts";
import { hidden } from "./derive.ts";
import { entry, type Snapshot } from "./lesson.ts";
import {
  inLayer,
  inWords,
  isSame,
  keyOf,
  LAYERS,
  PARAMETERS,
  type Parameter,
  sizeOf,
  upTo,
} from "./parameters.ts";
import { type Layout, layout, type Point } from "./places.ts";

interface DrawingProps {
  readonly snapshot: Snapshot;
  readonly parameter: Parameter;
  readonly row: number;
  /** of the paths, those that are lit: the units of each, from the weight's on */
  readonly lit: readonly (readonly number[])[];
  readonly onChoose: (parameter: Parameter) => void;
}

const PREFIX = "parameter-";

export function Drawing({ snapshot, parameter, row, lit, onChoose }: DrawingProps) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const places = layout(width);
  const onKeyDown = (event: KeyboardEvent) => {
    const next = moved(parameter, event.key);
    if (next === undefined) return;
    event.preventDefault();
    onChoose(next);
  };
  return (
    <div
      ref={box}
      class="drawing"
      role="listbox"
      aria-label="The net: its weights and biases"
      aria-activedescendant={`${PREFIX}${keyOf(parameter)}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      <svg width={width} height={places.height} viewBox={`0 0 ${width} ${places.height}`} role="presentation">
        <Unspoken>
          <Headings places={places} />
          {PARAMETERS.map((each) => (
            <Edge
              key={keyOf(each)}
              parameter={each}
              value={entry(snapshot.state, each)}
              places={places}
              kind={isSame(each, parameter) ? "chosen" : isOn(each, parameter.layer, lit) ? "lit" : "dim"}
            />
          ))}
        </Unspoken>
        {PARAMETERS.map((each) => {
          const { start, end } = places.edge(each);
          return (
            <line
              key={keyOf(each)}
              id={`${PREFIX}${keyOf(each)}`}
              class="target"
              role="option"
              aria-label={inWords(each)}
              aria-selected={isSame(each, parameter)}
              {...{ x1: start.x, y1: start.y, x2: end.x, y2: end.y }}
              onClick={() => onChoose(each)}
            />
          );
        })}
        <Unspoken>
          {[0, ...LAYERS].map((layer) =>
            upTo(sizeOf(layer)).map((unit) => (
              <Unit
                key={`${layer}-${unit}`}
                at={places.unit(layer, unit)}
                radius={places.radius}
                value={hidden(snapshot, layer, row, unit)}
                lit={
                  lit.some((path) => path[layer - parameter.layer] === unit) ||
                  (layer === parameter.layer - 1 && unit === parameter.from)
                }
              />
            )),
          )}
          <Names places={places} targets={T[row] ?? []} />
          <ChosenValue parameter={parameter} value={entry(snapshot.state, parameter)} places={places} />
        </Unspoken>
      </svg>
    </div>
  );
}

/** What is told elsewhere: its numbers are those of the forward pass. */
function Unspoken({ children }: { readonly children: ComponentChildren }) {
  // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a group takes no focus
  return <g aria-hidden="true">{children}</g>;
}

/** Where an arrow key leads from a weight. */
function moved(parameter: Parameter, key: string): Parameter | undefined {
  const { layer } = parameter;
  const i = PARAMETERS.findIndex((each) => isSame(each, parameter));
  const beside = (by: number) => LAYERS.find((each) => each === layer + by) ?? layer;
  switch (key) {
    case "ArrowDown":
      return PARAMETERS[Math.min(i + 1, PARAMETERS.length - 1)];
    case "ArrowUp":
      return PARAMETERS[Math.max(i - 1, 0)];
    case "ArrowLeft":
      return inLayer(parameter, beside(-1));
    case "ArrowRight":
      return inLayer(parameter, beside(1));
    case "Home":
      return PARAMETERS[0];
    case "End":
      return PARAMETERS.at(-1);
  }
}

/** Whether a path leads over it; a path's first unit is in layer `first`. */
function isOn({ layer, from, to }: Parameter, first: number, paths: DrawingProps["lit"]): boolean {
  return (
    layer > first && paths.some((path) => path[layer - first] === to && path[layer - first - 1] === from)
  );
}

interface EdgeProps {
  readonly parameter: Parameter;
  readonly value: number;
  readonly places: Layout;
  readonly kind: "chosen" | "lit" | "dim";
}

function Edge({ parameter, value, places, kind }: EdgeProps) {
  const { start, end } = places.edge(parameter);
  const line = { x1: start.x, y1: start.y, x2: end.x, y2: end.y };
  // thicker with the weight, and never so thick that it hides others
  const thick = 0.8 + 6 * (1 - Math.exp(-Math.abs(value) / 3));
  return (
    <g class={`edge ${kind} ${value < 0 ? "minus" : "plus"}`}>
      {kind === "chosen" && <line class="halo" {...line} stroke-width={thick + 10} />}
      <line {...line} stroke-width={thick} />
      {parameter.from === 0 && <rect x={start.x - 4} y={start.y - 4} width={8} height={8} rx={1.5} />}
    </g>
  );
}

/** The ring is full at an activation of 1. */
function Unit({
  at,
  radius,
  value,
  lit,
}: {
  readonly at: Point;
  readonly radius: number;
  readonly value: number;
  readonly lit: boolean;
}) {
  const round = 2 * Math.PI * radius;
  return (
    <g class={lit ? "unit lit" : "unit"}>
      <circle cx={at.x} cy={at.y} r={radius} />
      <circle
        class="ring"
        cx={at.x}
        cy={at.y}
        r={radius}
        stroke-dasharray={`${round * value} ${round}`}
        transform={`rotate(-90 ${at.x} ${at.y})`}
      />
      <text x={at.x} y={at.y}>
        {value.toFixed(2)}
      </text>
    </g>
  );
}

function Headings({ places }: { readonly places: Layout }) {
  const columns = [
    [places.unit(0, 1).x, "x", ""],
    [places.unit(1, 1).x, "h", "(1)"],
    [places.unit(2, 1).x, "h", "(2)"],
    [places.unit(3, 1).x, "y", ""],
    [places.targetX, "t", ""],
  ] as const;
  return (
    <>
      {columns.map(([x, letter, layer]) => (
        <text key={letter + layer} class="heading" x={x} y={18}>
          <tspan class="italic">{letter}</tspan>
          {layer !== "" && (
            <tspan class="above" dy="-5">
              {layer}
            </tspan>
          )}
        </text>
      ))}
    </>
  );
}

/** Of inputs and outputs, and the targets. */
function Names({ places, targets }: { readonly places: Layout; readonly targets: readonly number[] }) {
  return (
    <>
      {INPUT_NAMES.map((name, i) => {
        const { x, y } = places.unit(0, i + 1);
        return (
          <text key={name} class="name end" x={x - places.radius - 7} y={y}>
            {name}
          </text>
        );
      })}
      {OUTPUT_NAMES.map((name, i) => {
        const { x, y } = places.unit(3, i + 1);
        return (
          <g key={name}>
            <text class="name" x={x} y={y + places.radius + 14}>
              {name}
            </text>
            <rect class="goal" x={places.targetX - 12} y={y - 12} width={24} height={24} rx={5} />
            <text class="figure" x={places.targetX} y={y}>
              {targets[i]}
            </text>
          </g>
        );
      })}
    </>
  );
}

function ChosenValue({
  parameter,
  value,
  places,
}: {
  readonly parameter: Parameter;
  readonly value: number;
  readonly places: Layout;
}) {
  const { start, end } = places.edge(parameter);
  const bias = parameter.from === 0;
  return (
    <text
      class="value"
      x={bias ? start.x + 10 : (start.x + end.x) / 2}
      y={bias ? start.y : (start.y + end.y) / 2}
      text-anchor={bias ? "start" : "middle"}
    >
      {number(value, 3)}
    </text>
  );
}

function useWidth(box: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const watch = new ResizeObserver(() => setWidth(Math.max(280, Math.floor(place.clientWidth))));
    watch.observe(place);
    return () => watch.disconnect();
  }, []);
  return width;
}
