// What each cost makes of an error: the gradient a neuron gets, by the output it has.

import { number } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { COSTS, type Cost, type Curves, type State, type Target } from "./experiment.ts";
import { Key } from "./neuron.tsx";
import { Curve, Marker, Plane } from "./plane.tsx";
import { NAMES, outputText } from "./words.ts";

interface CauseProps {
  readonly curves: Curves;
  readonly states: Readonly<Record<Cost, State>>;
  readonly target: Target;
}

const X = { name: "output a", low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1] };
const HALVES = [0, 0.5, 1];

export function Cause({ curves, states, target }: CauseProps) {
  const ticks = target === "0" ? HALVES : HALVES.map((tick) => tick - 1);
  const [low = 0, , high = 1] = ticks;
  const told = COSTS.map((cost) => {
    const { output, gradient } = states[cost];
    return `${NAMES[cost]} ${number(gradient)} at ${outputText(output)}`;
  });
  return (
    <Panel title="What becomes of the error" class="half">
      <div class="legend">
        {COSTS.map((cost) => (
          <span key={cost}>
            <Key cost={cost} />
            {NAMES[cost]}
          </span>
        ))}
      </div>
      <Plane
        label={`Gradient by output for target ${target}: by cross entropy a straight line, by the quadratic cost a low arch that is 0 at both ends. Now ${told.join(", ")}.`}
        x={X}
        y={{ name: "∂C/∂w", low, high, ticks }}
        height={300}
      >
        {(places) => (
          <>
            {COSTS.map((cost) => (
              <Curve
                key={cost}
                class={`curve ${cost}`}
                xs={curves.outputs}
                ys={curves.gradients[cost]}
                places={places}
              />
            ))}
            {COSTS.map((cost) => (
              <Marker
                key={cost}
                cost={cost}
                x={places.x(states[cost].output)}
                y={places.y(states[cost].gradient)}
              />
            ))}
          </>
        )}
      </Plane>
    </Panel>
  );
}
