// Both neurons on the sigmoid: where each stands, how steep the curve is there, and how hard its cost pushes.

import { number } from "../shared/format.ts";
import { COSTS, type Cost, type Curves, MOST_LOGIT, type State, type Target } from "./experiment.ts";
import { Curve, Marker, type Places, Plane } from "./plane.tsx";
import { NAMES, outputText, slope } from "./words.ts";

interface NeuronProps {
  readonly curves: Curves;
  readonly states: Readonly<Record<Cost, State>>;
  readonly target: Target;
}

/** Pixels of a tangent to both sides. */
const REACH = 56;
/** Pixels of an arrow for a gradient of 1. */
const PUSH = 130;
const X = { name: "z = w·x + b", low: -MOST_LOGIT, high: MOST_LOGIT, ticks: [-8, -4, 0, 4, 8] };
const Y = { name: "a = σ(z)", low: -0.06, high: 1.06, ticks: [0, 0.5, 1] };

export function Neuron({ curves, states, target }: NeuronProps) {
  const told = COSTS.map((cost) => {
    const state = states[cost];
    return `${NAMES[cost]} at z ${number(state.logit)}, a ${outputText(state.output)}, slope ${number(slope(state))}`;
  });
  return (
    <>
      <dl class="states">
        {COSTS.map((cost) => (
          <div key={cost}>
            <dt>
              <Key cost={cost} />
              {NAMES[cost]}
            </dt>
            <dd>
              <var>a</var> <b>{outputText(states[cost].output)}</b>
            </dd>
            <dd>
              <var>σ</var>′(<var>z</var>) <b>{number(slope(states[cost]))}</b>
            </dd>
          </div>
        ))}
      </dl>
      <Plane
        label={`The sigmoid curve, with both neurons on it: ${told.join("; ")}. The target is ${target}.`}
        x={X}
        y={Y}
        height={320}
      >
        {(places) => (
          <>
            <Goal target={Number(target)} places={places} />
            <Curve class="curve" xs={curves.logits} ys={curves.outputs} places={places} />
            {COSTS.map((cost) => (
              <Tangent key={cost} cost={cost} state={states[cost]} places={places} />
            ))}
            {COSTS.toReversed().map((cost) => (
              <Push key={cost} cost={cost} state={states[cost]} places={places} />
            ))}
            {COSTS.map((cost) => (
              <Marker
                key={cost}
                cost={cost}
                x={places.x(states[cost].logit)}
                y={places.y(states[cost].output)}
              />
            ))}
          </>
        )}
      </Plane>
      <p class="note">
        The thin line is the slope <var>σ</var>′(<var>z</var>) where a neuron stands. The arrow is how hard
        its cost pushes, −∂<var>C</var>/∂<var>w</var>.
      </p>
    </>
  );
}

interface PartProps {
  readonly cost: Cost;
  readonly state: State;
  readonly places: Places;
}

function Goal({ target, places }: { readonly target: number; readonly places: Places }) {
  // where the curve is not
  const [from, to] = target === 0 ? [0, MOST_LOGIT] : [-MOST_LOGIT, 0];
  return (
    <>
      <line
        class="goal"
        x1={places.x(-MOST_LOGIT)}
        x2={places.x(MOST_LOGIT)}
        y1={places.y(target)}
        y2={places.y(target)}
      />
      <text
        x={places.x((from + to) / 2)}
        y={places.y(target) + (target === 0 ? -8 : 18)}
        text-anchor="middle"
      >
        target y = {target}
      </text>
    </>
  );
}

function Tangent({ cost, state, places }: PartProps) {
  const [x, y] = [places.x(state.logit), places.y(state.output)];
  const [right, up] = [places.x(1) - places.x(0), (places.y(1) - places.y(0)) * slope(state)];
  const scale = REACH / Math.hypot(right, up);
  const [dx, dy] = [right * scale, up * scale];
  return <line class={`tangent ${cost}`} x1={x - dx} y1={y - dy} x2={x + dx} y2={y + dy} />;
}

function Push({ cost, state, places }: PartProps) {
  const [x, y] = [places.x(state.logit), places.y(state.output)];
  const length = -state.gradient * PUSH;
  const side = Math.sign(length);
  // the head shrinks with what is left of the arrow
  const head = Math.min(9, Math.abs(length)) * side;
  const tip = x + length;
  return (
    <g class={`push ${cost}`}>
      <line x1={x} y1={y} x2={tip - head * 0.8} y2={y} />
      <path d={`M${tip} ${y} l${-head} ${-Math.abs(head) * 0.6} v${Math.abs(head) * 1.2} z`} />
    </g>
  );
}

/** The marker beside its name. */
export function Key({ cost }: { readonly cost: Cost }) {
  return (
    <svg class="key" width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <Marker cost={cost} x={9} y={9} />
    </svg>
  );
}
