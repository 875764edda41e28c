// The letters of the text: w⁽³⁾₃₂ leads in the third matrix from unit 3 to output 2.

import type { Factor } from "./derive.ts";
import type { Parameter } from "./parameters.ts";

/** A letter with its layer above and its index below. */
export function Letter({
  name,
  layer,
  index,
}: {
  readonly name: string;
  readonly layer?: number | undefined;
  readonly index?: string | number | undefined;
}) {
  return (
    <span class="letter">
      <var>{name}</var>
      {layer !== undefined && index !== undefined ? (
        <span class="scripts">
          <sup>({layer})</sup>
          <Index of={index} />
        </span>
      ) : (
        <>
          {layer !== undefined && <sup>({layer})</sup>}
          {index !== undefined && <Index of={index} />}
        </>
      )}
    </span>
  );
}

/** Letters lean, figures do not. */
function Index({ of }: { readonly of: string | number }) {
  const [, figures, letters] = /^(\d*)([a-z]*)$/.exec(String(of)) ?? [];
  return (
    <sub>
      {figures}
      {letters !== "" && <var>{letters}</var>}
    </sub>
  );
}

export function ParameterLetter({ layer, from, to }: Parameter) {
  return from === 0 ? (
    <Letter name="b" layer={layer} index={to} />
  ) : (
    <Letter name="w" layer={layer} index={`${from}${to}`} />
  );
}

/** ∂E/∂w, or of another */
export function Derivative({ of = "E", by }: { readonly of?: "E" | "ℓ"; readonly by: Parameter }) {
  return (
    <>
      ∂<var>{of}</var>/∂
      <ParameterLetter {...by} />
    </>
  );
}

/** x, h⁽¹⁾, h⁽²⁾ or y of a unit. */
export function UnitLetter({ layer, unit }: { readonly layer: number; readonly unit: number | string }) {
  if (layer === 0) return <Letter name="x" index={unit} />;
  if (layer === 3) return <Letter name="y" index={unit} />;
  return <Letter name="h" layer={layer} index={unit} />;
}

/** h(1 − h) */
export function Slope({ layer, unit }: { readonly layer: number; readonly unit: number | string }) {
  return (
    <span class="letter">
      <UnitLetter layer={layer} unit={unit} />
      (1 − <UnitLetter layer={layer} unit={unit} />)
    </span>
  );
}

export function FactorLetters({ factor }: { readonly factor: Factor }) {
  switch (factor.kind) {
    case "error":
      return (
        <>
          <Letter name="y" index={factor.unit} /> − <Letter name="t" index={factor.unit} />
        </>
      );
    case "weight":
      return <ParameterLetter {...factor.parameter} />;
    case "slope":
      return <Slope layer={factor.layer} unit={factor.unit} />;
    case "input":
      return <UnitLetter layer={factor.layer} unit={factor.unit} />;
    case "one":
      return <>1</>;
  }
}
