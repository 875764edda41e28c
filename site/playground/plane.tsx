// The plane: what the net, or one of its units, gives at every place of it, the points, and a probe that reads the value at one.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useColours } from "../shared/colours.ts";
import { Slider } from "../shared/controls.tsx";
import { number, percent } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { paintLarge, paintPoints } from "./paint.ts";
import { CLASSES, REACH } from "./points.ts";
import type { Picture, Place } from "./run.ts";
import { type Shown, unitName } from "./shown.ts";

interface PlaneProps {
  readonly picture: Picture | undefined;
  readonly shown: Shown;
  readonly place: Place;
  readonly onPlace: (place: Place) => void;
}

export function Plane({ picture, shown, place, onPlace }: PlaneProps) {
  const answer = picture === undefined || shown.layer === picture.layers.length - 1;
  const title = picture === undefined || answer ? "The plane" : unitName(picture, shown);
  const legend = (
    <span class="legend">
      <i class="point" /> to train <i class="point ring" /> to test
    </span>
  );
  const [x1, x2] = place;
  return (
    <Panel title={title} aside={legend} class="plane-panel">
      <Drawing picture={picture} shown={shown} place={place} onPlace={onPlace} />
      <p class="reading">{picture === undefined ? "\u00a0" : <Reading picture={picture} shown={shown} />}</p>
      <div class="probe-at">
        <Slider
          label={<X of={1} />}
          value={x1}
          {...RANGE}
          format={coordinate}
          onChange={(x1) => onPlace([x1, x2])}
        />
        <Slider
          label={<X of={2} />}
          value={x2}
          {...RANGE}
          format={coordinate}
          onChange={(x2) => onPlace([x1, x2])}
        />
      </div>
    </Panel>
  );
}

const RANGE = { min: -REACH, max: REACH, step: 0.01 } as const;

function X({ of }: { readonly of: 1 | 2 }) {
  return (
    <>
      Probe at <var>x</var>
      <sub>{of}</sub>
    </>
  );
}

function coordinate(value: number): string {
  return value.toFixed(2).replace("-", "−");
}

function Reading({ picture, shown }: { readonly picture: Picture; readonly shown: Shown }) {
  const layer = picture.layers[shown.layer];
  const value = layer?.probe[shown.unit] ?? Number.NaN;
  if (shown.layer < picture.layers.length - 1)
    return (
      <>
        There it gives <b>{number(value)}</b>.
      </>
    );
  if (Number.isNaN(value)) return <>There the net gives no number any more.</>;
  const of = value > 0.5 ? 1 : 0;
  return (
    <>
      There: <b class={CLASSES[of]}>{CLASSES[of]}</b> with probability{" "}
      <b>{percent(of === 1 ? value : 1 - value)}</b>.
    </>
  );
}

function Drawing({ picture, shown, place, onPlace }: PlaneProps) {
  const box = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLCanvasElement>(null);
  const dots = useRef<HTMLCanvasElement>(null);
  const colours = useColours();
  const [side, setSide] = useState(0);

  useEffect(() => {
    const of = box.current;
    if (of === null) return;
    const watch = new ResizeObserver(() => setSide(Math.round(of.clientWidth * devicePixelRatio)));
    watch.observe(of);
    return () => watch.disconnect();
  }, []);

  const units = picture?.layers[shown.layer];
  useLayoutEffect(() => {
    if (field.current !== null && units !== undefined && side > 0)
      paintLarge(field.current, units, shown.unit, colours);
  }, [units, shown.unit, colours, side]);

  const sets = picture?.sets;
  useLayoutEffect(() => {
    if (dots.current !== null && sets !== undefined && side > 0) paintPoints(dots.current, sets, colours);
  }, [sets, colours, side]);

  const point = ({ currentTarget, clientX, clientY }: PointerEvent): void => {
    const { left, top, width, height } = (currentTarget as Element).getBoundingClientRect();
    const at = (share: number): number => Math.min(REACH, Math.max(-REACH, rounded((2 * share - 1) * REACH)));
    onPlace([at((clientX - left) / width), at(1 - (clientY - top) / height)]);
  };
  const percentOf = (at: number): string => `${((at / REACH + 1) / 2) * 100}%`;
  return (
    <div
      class="plane"
      ref={box}
      role="img"
      aria-label={picture === undefined ? "The plane: nothing yet" : told(picture, shown)}
      onPointerDown={point}
      onPointerMove={point}
    >
      <canvas ref={field} width={side} height={side} />
      <canvas ref={dots} width={side} height={side} class="dots" />
      {TICKS.map((at) => (
        <span key={at} class="tick across" style={{ left: percentOf(at) }}>
          {coordinate(at).replace(/\.00$/, "")}
        </span>
      ))}
      {TICKS.map((at) => (
        <span key={at} class="tick up" style={{ bottom: percentOf(at) }}>
          {coordinate(at).replace(/\.00$/, "")}
        </span>
      ))}
      <i class="probe" style={{ left: percentOf(place[0]), bottom: percentOf(place[1]) }} />
    </div>
  );
}

const TICKS = [-1, 0, 1] as const;

/** As the sliders have it. */
function rounded(at: number): number {
  return Math.round(at * 100) / 100;
}

const LIE: { readonly [K in Picture["settings"]["data"]]: string } = {
  moons:
    "The blue points lie on an arc above, the orange ones on an arc below, and each reaches into the other",
  circles: "The blue points lie on a circle, the orange ones on a larger one around it",
  spirals: "Blue and orange points lie on two arms of a spiral, wound into each other",
  xor: "The blue points lie at the upper right and the lower left, the orange ones in the two other corners",
};

/** What is seen, in words. */
function told(picture: Picture, shown: Shown): string {
  const { settings, layers, train, test } = picture;
  const points = `${LIE[settings.data]}.`;
  if (shown.layer < layers.length - 1)
    return `${unitName(picture, shown)} over the plane: orange where it is above ${layers[shown.layer]?.centre}, blue below. ${points}`;
  const field = layers.at(-1)?.data ?? new Float32Array();
  const orange = field.reduce((count, p) => count + (p > 0.5 ? 1 : 0), 0) / field.length;
  return `${points} The net takes ${percent(orange, 0)} of the plane for orange and is right for ${percent(train.accuracy, 1)} of the points to train with, ${percent(test.accuracy, 1)} of those to test with.`;
}
