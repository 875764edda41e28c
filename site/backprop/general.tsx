// The chain rule for a weight, before any number: which factors there are, and over what they are added up.

import { type Parameter, unitInWords } from "./parameters.ts";
import { Derivative, Letter, Slope, UnitLetter } from "./symbols.tsx";

export function General({ parameter, rows }: { readonly parameter: Parameter; readonly rows: number }) {
  const { layer, from, to } = parameter;
  return (
    <p class="formula general">
      <Derivative by={parameter} /> = 1/{rows} <Over index="r" /> {layer === 1 && <Over index="k" />}{" "}
      {layer < 3 && <Over index="c" />} (
      <Letter name="y" index={layer === 3 ? to : "c"} /> − <Letter name="t" index={layer === 3 ? to : "c"} />)
      {layer < 3 && <Through layer={2} unit={layer === 2 ? to : "k"} to="c" />}
      {layer < 2 && <Through layer={1} unit={to} to="k" />}
      {from > 0 && (
        <>
          {" "}
          · <UnitLetter layer={layer - 1} unit={from} />
        </>
      )}
    </p>
  );
}

/** What is summed over besides the rows. */
const OVER = {
  1: ", the units k of the second hidden layer and the outputs c",
  2: " and the outputs c",
  3: "",
} as const;

/** What it says, in words. */
export function inSentences({ layer, from, to }: Parameter): string {
  const goal = unitInWords(layer, to);
  const sums = `The ${layer === 3 ? "sum runs" : "sums run"} over the rows r${OVER[layer]}; everything but the weights belongs to row r.`;
  const last =
    from === 0
      ? "A bias is multiplied by 1, so nothing else follows."
      : `Last comes what the weight is multiplied by: ${layer === 1 ? "the input" : "the activation of the unit it comes from"}.`;
  if (layer === 3)
    return `${sums} ${from === 0 ? "The bias" : "The weight"} enters the logit of ${goal}, and nothing else. Softmax and logarithm cancel: the slope of the loss there is the error y − t. ${last}`;
  const ways =
    layer === 2
      ? "both outputs are reached, by two paths"
      : "both outputs are reached through each unit of the second hidden layer, by six paths";
  return `${sums} From ${goal} ${ways}. Along a path the factors multiply: the error, and then every weight and every slope h(1 − h) on the way back. The paths add up. ${last}`;
}

/** Back through a unit: the weight that leads on from it, and the slope of its sigmoid. */
function Through({
  layer,
  unit,
  to,
}: {
  readonly layer: number;
  readonly unit: number | string;
  readonly to: string;
}) {
  return (
    <>
      {" "}
      · <Letter name="w" layer={layer + 1} index={`${unit}${to}`} /> · <Slope layer={layer} unit={unit} />
    </>
  );
}

function Over({ index }: { readonly index: string }) {
  return (
    <span>
      Σ
      <sub>
        <var>{index}</var>
      </sub>
    </span>
  );
}
