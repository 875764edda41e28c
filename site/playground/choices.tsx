// What to learn and how: points, activation, optimiser. The layers are chosen where they are drawn.

import { Button, Choice, Select, Slider } from "../shared/controls.tsx";
import { plain } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { ACTIVATIONS, type Activation, OPTIMIZERS, type Settings, SHAPES } from "./settings.ts";

interface ChoicesProps {
  readonly settings: Settings;
  readonly onChange: (some: Partial<Settings>) => void;
}

export function Choices({ settings, onChange }: ChoicesProps) {
  const { data, noise, points, seed, act, opt, lr, batch, l2, weights } = settings;
  return (
    <>
      <Panel title="Points" aside={`seed ${seed}`}>
        <div class="choose">
          <Choice
            label="Shape"
            options={SHAPES.map((value) => ({ value, text: value === "xor" ? "XOR" : capital(value) }))}
            value={data}
            onChange={(data) => onChange({ data })}
          />
          <Slider
            label="Noise"
            value={noise}
            min={0}
            max={50}
            step={1}
            format={(value) => `${value} %`}
            onChange={(noise) => onChange({ noise })}
          />
          <Slider
            label="Points to train"
            value={points}
            min={10}
            max={1000}
            step={10}
            onChange={(points) => onChange({ points })}
          />
          <Button small onClick={() => onChange({ seed: (seed + 1) % SEEDS })}>
            New points
          </Button>
        </div>
      </Panel>
      <Panel title="Learning" aside={`seed ${weights}`}>
        <div class="choose">
          <Select
            label="Activation of hidden units"
            options={ACTIVATIONS.map((value) => ({ value, text: ACTIVATION[value] }))}
            value={act}
            onChange={(act) => onChange({ act })}
          />
          <Choice
            label="Optimizer"
            options={OPTIMIZERS.map((value) => ({ value, text: OPTIMIZER[value] }))}
            value={opt}
            onChange={(opt) => onChange({ opt })}
          />
          <Ladder label="Learning rate" rungs={RATES} value={lr} onChange={(lr) => onChange({ lr })} />
          <Ladder
            label="Points a step (batch)"
            rungs={BATCHES}
            value={batch}
            onChange={(batch) => onChange({ batch })}
          />
          <Ladder
            label={
              <>
                L2 penalty <var>λ</var>
              </>
            }
            rungs={PENALTIES}
            value={l2}
            onChange={(l2) => onChange({ l2 })}
          />
          <Button small onClick={() => onChange({ weights: (weights + 1) % SEEDS })}>
            New weights
          </Button>
        </div>
      </Panel>
    </>
  );
}

const SEEDS = 100_000;
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const PENALTIES = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];

const ACTIVATION: { readonly [K in Activation]: string } = {
  tanh: "tanh",
  relu: "ReLU",
  sigmoid: "sigmoid",
  gelu: "GELU",
  silu: "SiLU",
  leakyRelu: "leaky ReLU",
  none: "none: a linear net",
};

const OPTIMIZER: { readonly [K in Settings["opt"]]: string } = {
  sgd: "SGD",
  momentum: "Momentum",
  adam: "Adam",
};

interface LadderProps {
  readonly label: preact.ComponentChildren;
  readonly rungs: readonly number[];
  readonly value: number;
  readonly onChange: (value: number) => void;
}

/** A slider over values that grow by factors. What an address says may lie between two of them. */
function Ladder({ label, rungs, value, onChange }: LadderProps) {
  const above = rungs.findIndex((rung) => rung >= value);
  const at = above === -1 ? rungs.length - 1 : above;
  return (
    <Slider
      label={label}
      value={at}
      min={0}
      max={rungs.length - 1}
      step={1}
      format={() => plain(value)}
      onChange={(at) => onChange(rungs[at] ?? value)}
    />
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
