// A drawing with two axes, in pixels of its own width, so that letters stay as large as they are. What is drawn on it is given.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { plain } from "../shared/format.ts";

export interface Axis {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Places of numbers, in pixels. */
export interface Places {
  x(value: number): number;
  y(value: number): number;
}

interface PlaneProps {
  /** what is seen, for who does not see it */
  readonly label: string;
  readonly x: Axis;
  readonly y: Axis;
  /** in pixels; it is higher where its box has been stretched */
  readonly height: number;
  readonly children: (places: Places) => ComponentChildren;
}

const EDGE = { left: 40, right: 14, top: 28, bottom: 44 };

export function Plane({ label, x, y, height: least, children }: PlaneProps) {
  const box = useRef<HTMLDivElement>(null);
  const [{ width, height }, setSize] = useState({ width: 600, height: least });
  useEffect(() => {
    if (box.current === null) return;
    const watch = new ResizeObserver(([entry]) => {
      const { width = 0, height = 0 } = entry?.contentRect ?? {};
      if (width > 0) setSize({ width, height });
    });
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const [right, bottom] = [width - EDGE.right, height - EDGE.bottom];
  const places: Places = {
    x: (value) => EDGE.left + ((value - x.low) / (x.high - x.low)) * (right - EDGE.left),
    y: (value) => bottom - ((value - y.low) / (y.high - y.low)) * (bottom - EDGE.top),
  };
  return (
    <div class="plane" style={{ minHeight: `${least}px` }} ref={box}>
      <svg width={width} height={height} role="img" aria-label={label}>
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={EDGE.left} x2={right} y1={places.y(tick)} y2={places.y(tick)} />
            <text x={EDGE.left - 8} y={places.y(tick)} dy="0.35em" text-anchor="end">
              {plain(tick)}
            </text>
          </g>
        ))}
        {x.ticks.map((tick) => (
          <g key={tick}>
            <line class="grid-line" x1={places.x(tick)} x2={places.x(tick)} y1={EDGE.top} y2={bottom} />
            <text x={places.x(tick)} y={bottom + 18} text-anchor="middle">
              {plain(tick)}
            </text>
          </g>
        ))}
        <text x={(EDGE.left + right) / 2} y={height - 6} text-anchor="middle">
          {x.name}
        </text>
        <text x={EDGE.left - 32} y={12}>
          {y.name}
        </text>
        {children(places)}
      </svg>
    </div>
  );
}

/** A line through points. */
export function Curve({
  class: kind,
  xs,
  ys,
  places,
}: {
  readonly class: string;
  readonly xs: readonly number[];
  readonly ys: readonly number[];
  readonly places: Places;
}) {
  const points = xs.map((x, i) => `${places.x(x).toFixed(1)},${places.y(ys[i] ?? 0).toFixed(1)}`);
  return <polyline class={kind} points={points.join(" ")} />;
}

/** A ring for one cost and a dot for the other: both are seen where they lie on each other, and without colour. */
export function Marker({
  cost,
  x,
  y,
}: {
  readonly cost: "quadratic" | "crossEntropy";
  readonly x: number;
  readonly y: number;
}) {
  return <circle class={`marker ${cost}`} cx={x} cy={y} r={cost === "quadratic" ? 8 : 5} />;
}
