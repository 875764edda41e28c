// A sheet to draw a digit on, with a pointer or with keys. What is drawn leaves it as the 28×28 grey levels that the net knows.

import type { TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useColours } from "../shared/colours.ts";
import { centre } from "./centre.ts";
import { drawPixels, tint } from "./glyph.tsx";
import { SIDE } from "./subset.ts";

/** Dots along a side of the sheet: ten for each pixel of a test digit. */
const SHEET = 280;
/** MNIST's strokes are two to three of its pixels wide. */
const PEN = 24;
const STEP = SHEET / SIDE;

/** What lies on the sheet when it did not come from the pen; `key` tells one from the next. */
export interface Laid {
  readonly key: number;
  /** none is an empty sheet */
  readonly pixels: Uint8Array | undefined;
  /** a first stroke clears it */
  readonly passing: boolean;
}

interface PadProps {
  readonly laid: Laid;
  /** after each stroke, and at most once a frame during it */
  readonly onDraw: (pixels: Uint8Array | undefined) => void;
  readonly onClear: () => void;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

export function Pad({ laid, onDraw, onClear }: PadProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { text } = useColours();
  const [pen, setPen] = useState({ x: SHEET / 2, y: SHEET / 2, down: false, shown: false });
  const stroke = useRef<{ last: Point; middle: Point }>(undefined);
  const fresh = useRef(false);
  const frame = useRef(0);

  useEffect(() => {
    const context = contextOf(canvas.current);
    context?.clearRect(0, 0, SHEET, SHEET);
    fresh.current = laid.passing;
    if (context && laid.pixels) lay(context, laid.pixels, text);
  }, [laid.key]);
  useEffect(() => {
    const context = contextOf(canvas.current);
    if (context) tint(context, text);
  }, [text]);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);

  /** A curve through the middles between the points that the pointer came by. */
  const draw = (to: Point, ends = false): void => {
    const context = contextOf(canvas.current);
    if (context === null) return;
    if (fresh.current) context.clearRect(0, 0, SHEET, SHEET);
    fresh.current = false;
    const { last, middle } = stroke.current ?? { last: to, middle: to };
    const next = ends ? to : { x: (last.x + to.x) / 2, y: (last.y + to.y) / 2 };
    context.strokeStyle = text;
    context.lineWidth = PEN;
    context.lineCap = "round";
    context.lineJoin = "round";
    context.beginPath();
    // a canvas draws no line of no length, and a dot is one
    context.moveTo(middle.x - 0.01, middle.y);
    context.quadraticCurveTo(last.x, last.y, next.x, next.y);
    context.stroke();
    stroke.current = { last: to, middle: next };
    if (frame.current === 0)
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        onDraw(centre(inkOf(context), SHEET));
      });
  };

  const onPointer = (event: TargetedPointerEvent<HTMLCanvasElement>): void => {
    // one finger draws
    if (!event.isPrimary) return;
    const sheet = event.currentTarget;
    const { left, top, width } = sheet.getBoundingClientRect();
    const on = ({ clientX, clientY }: PointerEvent): Point => ({
      x: ((clientX - left) / width) * SHEET,
      y: ((clientY - top) / width) * SHEET,
    });
    if (event.type === "pointerdown") {
      if (event.button !== 0) return;
      sheet.setPointerCapture(event.pointerId);
      stroke.current = undefined;
      draw(on(event));
    } else if (stroke.current !== undefined && sheet.hasPointerCapture(event.pointerId)) {
      for (const each of event.getCoalescedEvents?.() ?? []) draw(on(each));
      // one that is taken away has no place
      if (event.type !== "pointercancel") draw(on(event), event.type === "pointerup");
      if (event.type !== "pointermove") stroke.current = undefined;
    }
  };

  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const [dx, dy] = MOVES[event.key] ?? [0, 0];
    if (dx !== 0 || dy !== 0) {
      const to = { x: onSheet(pen.x + dx * STEP), y: onSheet(pen.y + dy * STEP) };
      if (pen.down) {
        stroke.current ??= { last: pen, middle: pen };
        draw(to, true);
      }
      setPen({ ...pen, ...to });
    } else if (event.key === " ") {
      stroke.current = undefined;
      if (!pen.down) draw(pen, true);
      setPen({ ...pen, down: !pen.down });
    } else if (event.key === "Delete" || event.key === "Backspace") {
      setPen({ ...pen, down: false });
      onClear();
    } else return;
    event.preventDefault();
  };

  return (
    <div
      class="pad"
      role="application"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: an application takes keys
      tabIndex={0}
      aria-label="Sheet to draw a digit on"
      aria-describedby="pad-keys"
      onKeyDown={onKeyDown}
      onFocus={({ currentTarget }) => setPen({ ...pen, shown: currentTarget.matches(":focus-visible") })}
      onBlur={() => setPen({ ...pen, shown: false, down: false })}
    >
      <canvas
        ref={canvas}
        width={SHEET}
        height={SHEET}
        aria-hidden
        onPointerDown={onPointer}
        onPointerMove={onPointer}
        onPointerUp={onPointer}
        onPointerCancel={onPointer}
      />
      {pen.shown && (
        <i
          class={pen.down ? "pen down" : "pen"}
          style={{ left: `${(100 * pen.x) / SHEET}%`, top: `${(100 * pen.y) / SHEET}%` }}
        />
      )}
    </div>
  );
}

const MOVES: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function onSheet(place: number): number {
  return Math.min(SHEET - STEP, Math.max(STEP, place));
}

/** It is read after each stroke. */
function contextOf(canvas: HTMLCanvasElement | null): CanvasRenderingContext2D | null {
  return canvas?.getContext("2d", { willReadFrequently: true }) ?? null;
}

function lay(context: CanvasRenderingContext2D, pixels: Uint8Array, colour: string): void {
  const small = document.createElement("canvas");
  [small.width, small.height] = [SIDE, SIDE];
  const pen = small.getContext("2d");
  if (pen === null) return;
  drawPixels(pen, pixels, colour);
  context.drawImage(small, 0, 0, SHEET, SHEET);
}

function inkOf(context: CanvasRenderingContext2D): Uint8Array {
  const { data } = context.getImageData(0, 0, SHEET, SHEET);
  const ink = new Uint8Array(SHEET * SHEET);
  for (let i = 0; i < ink.length; i++) ink[i] = data[4 * i + 3] as number;
  return ink;
}
