// The weight in three choices, for fingers and screen readers: the drawing's edges are thin.

import { Choice } from "../shared/controls.tsx";
import { inLayer, LAYERS, type Parameter, SIZES, sizeOf, upTo } from "./parameters.ts";

interface ChooserProps {
  readonly parameter: Parameter;
  readonly onChoose: (parameter: Parameter) => void;
}

export function Chooser({ parameter, onChoose }: ChooserProps) {
  const { layer, from, to } = parameter;
  return (
    <div class="chooser">
      <Choice
        label="Layer"
        value={String(layer)}
        options={LAYERS.map((each) => ({ value: String(each), text: String(each) }))}
        onChange={(text) =>
          onChoose(inLayer(parameter, LAYERS.find((each) => String(each) === text) ?? layer))
        }
      />
      <Choice
        label={layer === 1 ? "From input" : "From unit"}
        value={String(from)}
        options={[
          ...upTo(sizeOf(layer - 1)).map((unit) => ({ value: String(unit), text: String(unit) })),
          { value: "0", text: "bias" },
        ]}
        onChange={(text) => onChoose({ layer, from: Number(text), to })}
      />
      <Choice
        label={layer === 3 ? "To output" : "To unit"}
        value={String(to)}
        options={upTo(SIZES[layer]).map((unit) => ({ value: String(unit), text: String(unit) }))}
        onChange={(text) => onChoose({ layer, from, to: Number(text) })}
      />
    </div>
  );
}
