// The controls: where both neurons start, what they should give, and how they are trained.

import { Button, Choice, Slider } from "../shared/controls.tsx";
import { Copy } from "../shared/copy.tsx";
import { plain } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { MOST_EPOCHS } from "./experiment.ts";
import { LEAST_EPOCHS, MOST_START, type PageState, RATES, STARTS } from "./state.ts";

interface SetupProps {
  readonly state: PageState;
  readonly change: (some: Partial<PageState>) => void;
  /** what is shown, as an address */
  readonly link: () => string;
}

export function SetupPanel({ state, change, link }: SetupProps) {
  const { w, b, y, lr, epochs } = state;
  const start = { min: -MOST_START, max: MOST_START, step: 0.1, format: plain };
  return (
    <Panel title="The start" class="third setup">
      <fieldset class="control">
        <legend class="name">How wrong both begin</legend>
        <div class="row starts">
          {STARTS.map((one) => (
            <Button
              key={one.name}
              small
              pressed={one.w === w && one.b === b && y === "0"}
              onClick={() => change({ w: one.w, b: one.b, y: "0" })}
            >
              {one.name}
            </Button>
          ))}
        </div>
      </fieldset>
      <Slider
        {...start}
        label={
          <>
            Weight <var>w</var>
          </>
        }
        value={w}
        onChange={(w) => change({ w })}
      />
      <Slider
        {...start}
        label={
          <>
            Bias <var>b</var>
          </>
        }
        value={b}
        onChange={(b) => change({ b })}
      />
      <Choice
        label="Target y"
        options={[
          { value: "0", text: "0" },
          { value: "1", text: "1" },
        ]}
        value={y}
        onChange={(y) => change({ y })}
      />
      <Slider
        label="Learning rate"
        {...RATES}
        step={0.01}
        value={lr}
        format={plain}
        onChange={(lr) => change({ lr })}
      />
      <Slider
        label="Epochs"
        min={LEAST_EPOCHS}
        max={MOST_EPOCHS}
        step={10}
        value={epochs}
        onChange={(epochs) => change({ epochs })}
      />
      <Copy text={link}>Copy link</Copy>
    </Panel>
  );
}
