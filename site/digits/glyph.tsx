// One digit of 28×28 grey levels, drawn in a colour of the page. Which digits, and what they do, is said elsewhere.

import { useEffect, useRef } from "preact/hooks";
import { PIXELS, SIDE } from "./subset.ts";

interface GlyphProps {
  /** `[784]` 0 paper to 255 ink; none is an empty field */
  readonly pixels: Uint8Array | undefined;
  readonly colour: string;
  /** what is seen, where nothing beside it says so */
  readonly label?: string;
}

export function Glyph({ pixels, colour, label }: GlyphProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context) drawPixels(context, pixels, colour);
    // a view made anew of the same bytes is the same picture
  }, [pixels?.buffer, pixels?.byteOffset, colour]);
  return (
    <canvas
      ref={canvas}
      class="glyph"
      width={SIDE}
      height={SIDE}
      {...(label === undefined ? { "aria-hidden": true } : { role: "img", "aria-label": label })}
    />
  );
}

/** At its own size, in the upper left. */
export function drawPixels(
  context: CanvasRenderingContext2D,
  pixels: Uint8Array | undefined,
  colour: string,
): void {
  const image = new ImageData(SIDE, SIDE);
  for (let i = 0; i < PIXELS; i++) image.data[4 * i + 3] = pixels?.[i] ?? 0;
  context.putImageData(image, 0, 0);
  tint(context, colour);
}

/** Whatever is drawn takes this colour, and keeps how opaque it is. */
export function tint(context: CanvasRenderingContext2D, colour: string): void {
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  context.globalCompositeOperation = "source-over";
}
