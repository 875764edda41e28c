// The derivation of the chosen weight's gradient: symbols, the numbers of the row path by path, the mean over the rows, and what the
// model itself says.

import { number } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { SAMPLES, T } from "./batch.ts";
import { derive, nameOf, type Path } from "./derive.ts";
import { General, inSentences } from "./general.tsx";
import { entry, type Snapshot } from "./lesson.ts";
import { inWords, type Parameter } from "./parameters.ts";
import { Derivative, FactorLetters, Letter, ParameterLetter, UnitLetter } from "./symbols.tsx";

interface DerivationProps {
  readonly snapshot: Snapshot;
  readonly parameter: Parameter;
  readonly row: number;
  /** the path that is shown alone, if one is */
  readonly traced: number | undefined;
  readonly onTrace: (path: number | undefined) => void;
}

/** As many digits as an f32 has. */
const WHOLE = 9;
/** So many that small steps are seen, and what is left of 1. */
const FINE = 6;

export function DerivationPanel({ snapshot, parameter, row, traced, onTrace }: DerivationProps) {
  const { paths, parts, mean } = derive(snapshot, parameter, row);
  const said = entry(snapshot.gradients, parameter);
  const value = entry(snapshot.state, parameter);
  const name = SAMPLES[row]?.name;
  return (
    <Panel title="Its gradient" aside={inWords(parameter)} class="derivation">
      <General parameter={parameter} rows={parts.length} />
      <p class="note">{inSentences(parameter)}</p>
      <h3>
        {name}: {paths.length === 1 ? "one path" : `${paths.length} paths`}
      </h3>
      <ol class={`paths layer-${parameter.layer}`}>
        {paths.map((path, i) => (
          <PathLine
            key={path.units.join()}
            path={path}
            parameter={parameter}
            pressed={paths.length === 1 ? undefined : traced === i}
            onPress={() => onTrace(traced === i ? undefined : i)}
          />
        ))}
      </ol>
      {paths.length > 1 && (
        <p class="added">
          <span>
            added up,{" "}
            <span class="formula">
              <Derivative of="ℓ" by={parameter} />
            </span>
          </span>
          <b>{number(parts[row])}</b>
        </p>
      )}
      <Why snapshot={snapshot} row={row} />
      <h3>All rows</h3>
      <div class="mean">
        <table>
          <caption>The gradient of the loss ℓ of each row</caption>
          <thead>
            <tr>
              <th scope="col">row</th>
              <th scope="col" class="formula">
                <Derivative of="ℓ" by={parameter} />
              </th>
            </tr>
          </thead>
          <tbody>
            {parts.map((part, r) => (
              <tr key={SAMPLES[r]?.name} class={r === row ? "shown" : ""}>
                <th scope="row">{SAMPLES[r]?.name}</th>
                <td>{number(part)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <dl class="verdict">
          <div>
            <dt>
              mean of the rows,{" "}
              <span class="formula">
                <Derivative by={parameter} />
              </span>
            </dt>
            <dd data-value={mean}>{number(mean, WHOLE)}</dd>
          </div>
          <div class="accent">
            <dt>the model’s gradients() says</dt>
            <dd data-value={said}>{number(said, WHOLE)}</dd>
          </div>
          <div>
            <dt>difference, by rounding to 32 bits</dt>
            <dd>{number(mean - said, 2)}</dd>
          </div>
          <div>
            <dt>
              the next step:{" "}
              <span class="formula">
                <ParameterLetter {...parameter} />
              </span>{" "}
              − rate · gradient
            </dt>
            <dd>
              {number(value, FINE)} − {number(snapshot.rate)} · {inBrackets(said)} ={" "}
              {number(value - snapshot.rate * said, FINE)}
            </dd>
          </div>
        </dl>
      </div>
    </Panel>
  );
}

interface PathLineProps {
  readonly path: Path;
  readonly parameter: Parameter;
  /** undefined where there is one path, and nothing to choose */
  readonly pressed: boolean | undefined;
  readonly onPress: () => void;
}

function PathLine({ path, parameter, pressed, onPress }: PathLineProps) {
  const way = <Way units={path.units} parameter={parameter} />;
  return (
    <li class={pressed ? "traced" : ""}>
      <span class="way formula">
        {pressed === undefined ? (
          way
        ) : (
          <button type="button" aria-pressed={pressed} onClick={onPress}>
            {way}
          </button>
        )}
      </span>
      {path.factors.map((factor) => (
        <span key={nameOf(factor)} class={`factor ${tone(factor.value)}`}>
          <span class="formula">
            <FactorLetters factor={factor} />
          </span>
          <b>{number(factor.value)}</b>
        </span>
      ))}
      <span class={`product ${tone(path.product)}`}>
        <b>{number(path.product)}</b>
      </span>
    </li>
  );
}

/** h4 → h1 → y2; of the six paths from an input only where they part. */
function Way({
  units,
  parameter: { layer, from },
}: {
  readonly units: readonly number[];
  readonly parameter: Parameter;
}) {
  const stations = [from, ...units].map((unit, i) => ({ unit, at: layer - 1 + i }));
  return (
    <>
      {(layer === 1 ? stations.slice(2) : stations).map(({ unit, at }, i) => (
        <span key={at}>
          {i > 0 && " → "}
          {unit === 0 ? "1" : <UnitLetter layer={at} unit={unit} />}
        </span>
      ))}
    </>
  );
}

/** The first factor of every path, once more from the logarithm on. */
function Why({ snapshot, row }: { readonly snapshot: Snapshot; readonly row: number }) {
  const [y = [], t = []] = [snapshot.y[row], T[row]];
  const [right, other] = t[0] === 1 ? [0, 1] : [1, 0];
  const likely = y[right] ?? Number.NaN;
  return (
    <details>
      <summary>Why the error is y − t</summary>
      <p>
        The target is output {right + 1}, so this row’s loss is{" "}
        <span class="formula">
          ℓ = −ln <Letter name="y" index={right + 1} />
        </span>
        , and its slope{" "}
        <span class="formula">
          −1/
          <Letter name="y" index={right + 1} />
        </span>{" "}
        is {number(-1 / likely, FINE)}. The softmax passes on, to the logit of that output,{" "}
        <span class="formula">
          <Letter name="y" index={right + 1} />
          (1 − <Letter name="y" index={right + 1} />)
        </span>{" "}
        and, to the logit of the other,{" "}
        <span class="formula">
          −<Letter name="y" index={right + 1} />
          <Letter name="y" index={other + 1} />
        </span>
        . In the products the{" "}
        <span class="formula">
          <Letter name="y" index={right + 1} />
        </span>{" "}
        cancels:
      </p>
      <ul class="formula">
        <li>
          ∂<var>ℓ</var>/∂
          <Letter name="z" index={right + 1} /> = {number(-1 / likely, FINE)} · {number(likely, FINE)} · (1 −{" "}
          {number(likely, FINE)}) = {number(likely - 1)} = <Letter name="y" index={right + 1} /> − 1
        </li>
        <li>
          ∂<var>ℓ</var>/∂
          <Letter name="z" index={other + 1} /> = {number(-1 / likely, FINE)} · (−{number(likely, FINE)} ·{" "}
          {number(y[other])}) = {number(y[other])} = <Letter name="y" index={other + 1} /> − 0
        </li>
      </ul>
    </details>
  );
}

function inBrackets(value: number): string {
  return value < 0 ? `(${number(value)})` : number(value);
}

/** As the edges of the drawing are coloured. */
function tone(value: number): "plus" | "minus" | "zero" {
  return value > 0 ? "plus" : value < 0 ? "minus" : "zero";
}
