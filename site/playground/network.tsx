// The net, layer by layer: a small picture of what each unit gives over the plane, to be chosen, and how many there are.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { useColours } from "../shared/colours.ts";
import { Button, Slider } from "../shared/controls.tsx";
import { Panel } from "../shared/panel.tsx";
import { paintSmall } from "./paint.ts";
import { soon } from "./queue.ts";
import type { Picture, Units } from "./run.ts";
import { MOST_LAYERS, MOST_UNITS } from "./settings.ts";
import { type Shown, unitName } from "./shown.ts";

interface NetworkProps {
  readonly picture: Picture | undefined;
  /** as they are chosen, of which the picture may not yet be */
  readonly layers: readonly number[];
  readonly shown: Shown;
  readonly onLayers: (layers: readonly number[]) => void;
  readonly onShow: (shown: Shown) => void;
}

export function Network({ picture, layers, shown, onLayers, onShow }: NetworkProps) {
  const name = useId();
  const end = (picture?.layers.length ?? 0) - 1;
  const pictures = (layer: number): ComponentChildren =>
    picture !== undefined && (
      <Pictures name={name} picture={picture} layer={layer} shown={shown} onShow={onShow} />
    );
  const add = (
    <Button
      small
      disabled={layers.length >= MOST_LAYERS}
      onClick={() => onLayers([...layers, layers.at(-1) ?? 4])}
    >
      Add a layer
    </Button>
  );
  return (
    <Panel title="What each unit sees" aside={add} class="network-panel wide">
      <div class="network">
        <div class="layer edge">
          <p class="name">Inputs</p>
          {pictures(0)}
        </div>
        {layers
          .map((units, i) => ({ units, i, title: `Layer ${i + 1}` }))
          .map(({ units, i, title }) => (
            <div class="layer" key={title}>
              <div class="of-layer">
                <Slider
                  label={title}
                  value={units}
                  min={1}
                  max={MOST_UNITS}
                  step={1}
                  format={(units) =>
                    layers.length > 3 ? String(units) : units === 1 ? "1 unit" : `${units} units`
                  }
                  onChange={(units) => onLayers(layers.with(i, units))}
                />
                <Button
                  small
                  label={`Remove layer ${i + 1}`}
                  onClick={() => onLayers(layers.toSpliced(i, 1))}
                >
                  ×
                </Button>
              </div>
              {i + 1 < end && pictures(i + 1)}
            </div>
          ))}
        <div class="layer edge">
          <p class="name">Answer</p>
          {pictures(end)}
        </div>
      </div>
      <p class="note">
        Each picture is what one unit gives at every place of the plane: orange above its centre, blue below,
        and the stronger the nearer to its largest value. The centre is ½ for sigmoids and the answer, else 0.
        Choose one to see it in the plane.
      </p>
    </Panel>
  );
}

interface PicturesProps {
  readonly name: string;
  readonly picture: Picture;
  readonly layer: number;
  readonly shown: Shown;
  readonly onShow: (shown: Shown) => void;
}

/** Units of a layer whose pictures have room. */
const FEW = 12;

/** Radio buttons, so that arrows go from unit to unit. */
function Pictures({ name, picture, layer, shown, onShow }: PicturesProps) {
  const units = picture.layers[layer];
  if (units === undefined) return null;
  return (
    <div class={units.width > FEW ? "units many" : "units"}>
      {Array.from({ length: units.width }, (_, unit) => ({ layer, unit })).map((of) => (
        <label class="unit" key={of.unit}>
          <input
            type="radio"
            name={name}
            aria-label={unitName(picture, of)}
            checked={shown.layer === layer && shown.unit === of.unit}
            onChange={() => onShow(of)}
          />
          <Small units={units} unit={of.unit} />
        </label>
      ))}
    </div>
  );
}

function Small({ units, unit }: { readonly units: Units; readonly unit: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const colours = useColours();
  useLayoutEffect(() => {
    const place = canvas.current;
    // those of a wide layer are smaller
    const every = units.width > FEW ? 4 : 2;
    if (place !== null) soon(place, () => paintSmall(place, units, unit, colours, every));
  }, [units, unit, colours]);
  return <canvas ref={canvas} />;
}
