// Back-propagation: what is chosen and how far training is stands in the address; the parts of the page show it.

import { useLayoutEffect, useState } from "preact/hooks";
import { Button, Slider } from "../shared/controls.tsx";
import { Copy } from "../shared/copy.tsx";
import { number } from "../shared/format.ts";
import { Facts, Panel } from "../shared/panel.tsx";
import { Ignored, Problem } from "../shared/problem.tsx";
import { linkTo, numberIn, useUrlState } from "../shared/url.ts";
import { SAMPLES } from "./batch.ts";
import { Chooser } from "./chooser.tsx";
import { Curve } from "./curve.tsx";
import { DerivationPanel } from "./derivation.tsx";
import { Drawing } from "./drawing.tsx";
import { Forward } from "./forward.tsx";
import { MOST_STEPS } from "./lesson.ts";
import { MatrixForm } from "./matrix-form.tsx";
import { type Parameter, parameterField, pathsFrom } from "./parameters.ts";
import { asJson } from "./record.ts";
import { Samples } from "./samples.tsx";
import { isAt, useLesson } from "./use-lesson.ts";

interface State {
  readonly at: Parameter;
  /** counted from 1 */
  readonly row: number;
  readonly rate: number;
  readonly seed: number;
  readonly step: number;
}

const FIELDS = {
  at: parameterField,
  row: numberIn(1, SAMPLES.length, { whole: true }),
  rate: numberIn(0.1, 5),
  seed: numberIn(0, 9999, { whole: true }),
  step: numberIn(0, MOST_STEPS, { whole: true }),
};
// the second of the entries that the text derives; by this seed the net starts badly wrong
const DEFAULTS: State = { at: { layer: 2, from: 4, to: 1 }, row: 2, rate: 1, seed: 3, step: 0 };

export function Backprop() {
  const [state, change, ignored] = useUrlState<State>(FIELDS, DEFAULTS);
  const { snapshot, error } = useLesson(state);
  const [wanted, setRunning] = useState(false);
  const running = wanted && error === undefined && state.step < MOST_STEPS;
  const [traced, setTraced] = useState<number>();

  // the next step once this one is there; at once, so that no click comes between what it saw and what it does
  useLayoutEffect(() => {
    if (running && snapshot !== undefined && isAt(snapshot, state)) change({ step: state.step + 1 });
  }, [running, snapshot]);

  const go = (some: Partial<State>) => {
    setRunning(false);
    change(some);
  };
  const choose = (at: Parameter) => {
    setTraced(undefined);
    change({ at });
  };
  const link = () => linkTo(FIELDS, DEFAULTS, state);

  return (
    <>
      <Ignored parts={ignored} />
      <Problem error={error} start="The net could not be trained." />
      {snapshot === undefined ? (
        <p class="note waiting">{error === undefined && "The net is being made."}</p>
      ) : (
        <>
          <Panel title="Training" class="training" aside={<Copy text={link}>Copy link</Copy>}>
            <div class="bar">
              <div class="row">
                <Button
                  primary
                  disabled={state.step >= MOST_STEPS}
                  onClick={() => go({ step: state.step + 1 })}
                >
                  Step
                </Button>
                <Button disabled={state.step >= MOST_STEPS} onClick={() => setRunning(!running)}>
                  {running ? "Pause" : "Run"}
                </Button>
                <Button small onClick={() => go({ step: 0 })}>
                  Start over
                </Button>
                <Button small onClick={() => go({ step: 0, seed: (state.seed + 1) % 10_000 })}>
                  Other weights
                </Button>
              </div>
              <Facts
                facts={[
                  { name: "E", value: number(snapshot.loss), accent: true },
                  { name: "rows right", value: `${snapshot.right} of ${SAMPLES.length}` },
                ]}
              />
              <Slider
                label="Step"
                value={state.step}
                min={0}
                max={MOST_STEPS}
                step={1}
                onChange={(step) => go({ step })}
              />
              <Slider
                label="Learning rate"
                value={state.rate}
                min={0.1}
                max={5}
                step={0.1}
                format={(rate) => number(rate)}
                onChange={(rate) => go({ rate })}
              />
            </div>
            <p class="hidden" role="status">
              {!running &&
                `Step ${snapshot.step}: E is ${number(snapshot.loss)}, ${snapshot.right} of ${SAMPLES.length} rows are right.`}
            </p>
          </Panel>
          <div class="grid lesson">
            <Panel title="The net" aside="blue for +, orange for −" class="net">
              <Samples snapshot={snapshot} row={state.row - 1} onChoose={(row) => change({ row: row + 1 })} />
              <Drawing
                snapshot={snapshot}
                parameter={state.at}
                row={state.row - 1}
                lit={pathsFrom(state.at).filter((_, i) => traced === undefined || traced === i)}
                onChoose={choose}
              />
              <p class="note reading">
                Click a line, or the square of a bias. The thicker, the larger; a ring is full at 1.
              </p>
              <Chooser parameter={state.at} onChoose={choose} />
            </Panel>
            <DerivationPanel
              snapshot={snapshot}
              parameter={state.at}
              row={state.row - 1}
              traced={traced}
              onTrace={setTraced}
            />
          </div>
          <div class="grid numbers">
            <div class="half stack">
              <Curve snapshot={snapshot} />
              <Panel title="To take along" class="to-take">
                <p class="note">
                  Everything on this page in full: weights, activations, gradients, and the derivation.
                </p>
                <Copy text={() => asJson(snapshot, state.at, state.row - 1)}>Copy numbers as JSON</Copy>
              </Panel>
            </div>
            <div class="half">
              <Forward snapshot={snapshot} row={state.row - 1} />
            </div>
            <MatrixForm snapshot={snapshot} parameter={state.at} />
          </div>
        </>
      )}
    </>
  );
}
