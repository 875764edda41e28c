// The page: one start, two costs, and everything that is seen of the same run.

import { Panel } from "../shared/panel.tsx";
import { Ignored, Problem } from "../shared/problem.tsx";
import { linkTo, useUrlState } from "../shared/url.ts";
import { Cause } from "./cause.tsx";
import { CostPanel } from "./costs.tsx";
import { COSTS, type Cost, type Run, type State } from "./experiment.ts";
import { Charts } from "./figures.tsx";
import { Neuron } from "./neuron.tsx";
import { Playback } from "./playback.tsx";
import { useRun } from "./runs.ts";
import { SetupPanel } from "./setup.tsx";
import { DEFAULTS, FIELDS, type PageState, setupOf } from "./state.ts";
import { conclusion } from "./words.ts";

export function Slowdown() {
  const [state, change, ignored] = useUrlState(FIELDS, DEFAULTS);
  const { run, error } = useRun(setupOf(state));
  const link = () => linkTo(FIELDS, DEFAULTS, state);
  return (
    <>
      <Ignored parts={ignored} />
      <Problem error={error} start="The neurons could not be trained." />
      <div class="grid">
        <SetupPanel state={state} change={change} link={link} />
        <Panel title="Both neurons on the sigmoid" class="two-thirds sight">
          {run === undefined ? (
            <p class="waiting note">
              {error === undefined ? "Training both neurons …" : "There is nothing to see."}
            </p>
          ) : (
            <Sight run={run} state={state} change={change} />
          )}
        </Panel>
        {run !== undefined && <Rest run={run} state={state} change={change} />}
      </div>
    </>
  );
}

interface PartProps {
  readonly run: Run;
  readonly state: PageState;
  readonly change: (some: Partial<PageState>) => void;
}

function Sight({ run, state, change }: PartProps) {
  const { epoch, states } = shown(run, state);
  return (
    <>
      <Neuron curves={run.curves} states={states} target={run.setup.target} />
      <Playback epoch={epoch} epochs={run.setup.epochs} go={(epoch) => change({ epoch })} />
      <p class="conclusion" role="status">
        {conclusion(run)}
      </p>
    </>
  );
}

function Rest({ run, state, change }: PartProps) {
  const { epoch, states } = shown(run, state);
  const { target } = run.setup;
  return (
    <>
      {COSTS.map((cost) => (
        <CostPanel key={cost} cost={cost} state={states[cost]} target={target} epoch={epoch} />
      ))}
      <Charts run={run} epoch={epoch} scale={state.cost} onScale={(cost) => change({ cost })} />
      <Cause curves={run.curves} states={states} target={target} />
      <Why />
    </>
  );
}

/** The states at the epoch that is asked for, or at the last that there is. */
function shown(run: Run, state: PageState): { epoch: number; states: Record<Cost, State> } {
  const epoch = Math.min(state.epoch, run.setup.epochs);
  const of = (cost: Cost) => run.courses[cost][epoch] as State;
  return { epoch, states: { quadratic: of("quadratic"), crossEntropy: of("crossEntropy") } };
}

function Why() {
  return (
    <Panel title="Why" class="half why">
      <p>
        At the same output both neurons have the same error, <Miss />. By the quadratic cost it reaches the
        weight through the slope of the sigmoid:
      </p>
      <p class="formula">
        ∂<var>C</var>/∂<var>w</var> = (<Miss />) · <Slope /> · <var>x</var>
      </p>
      <p>
        A neuron that is sure of the wrong answer stands where the curve is flat. There <Slope />, which is{" "}
        <span class="term">
          <var>a</var>(1 − <var>a</var>)
        </span>
        , is almost 0, and so is the gradient: the more wrong, the slower. Its cost stays on a plateau until
        the neuron has crept to where the curve is steep.
      </p>
      <p>Cross entropy is steeper the more wrong the output is, by just what the sigmoid takes away:</p>
      <p class="formula">
        ∂<var>C</var>/∂<var>a</var> = (<Miss />) / <Slope />
      </p>
      <p>
        On its way to the weight this is multiplied by <Slope />, and the slope cancels. What is left is the
        error itself,{" "}
        <span class="term">
          (<Miss />) · <var>x</var>
        </span>
        : the more wrong, the faster.
      </p>
    </Panel>
  );
}

function Miss() {
  return (
    <span class="term">
      <var>a</var> − <var>y</var>
    </span>
  );
}

function Slope() {
  return (
    <span class="term">
      <var>σ</var>′(<var>z</var>)
    </span>
  );
}
