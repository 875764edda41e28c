// What the visitor chooses of the net and of how it learns.

import { Choice, Select } from "../shared/controls.tsx";
import { Panel } from "../shared/panel.tsx";
import { OPTIONS, RATES, type Settings } from "./settings.ts";

interface ControlsProps {
  readonly settings: Settings;
  readonly change: (some: Partial<Settings>) => void;
  readonly disabled: boolean;
}

export function Controls({ settings, change, disabled }: ControlsProps) {
  const all = { disabled };
  return (
    <Panel title="The net" aside="A change makes a new one.">
      <div class="settings-grid">
        <Choice
          {...all}
          label="Hidden units"
          options={OPTIONS.units.map((value) => ({ value, text: value === "0" ? "none" : value }))}
          value={settings.units}
          onChange={(units) => change({ units })}
        />
        <Choice
          {...all}
          label="Optimiser"
          options={[
            { value: "sgd", text: "SGD" },
            { value: "adam", text: "Adam" },
          ]}
          value={settings.optimizer}
          onChange={(optimizer) => change({ optimizer, rate: RATES[optimizer] })}
        />
        <Select
          {...all}
          label="Learning rate, at first"
          options={OPTIONS.rate.map((value) => ({ value, text: value }))}
          value={settings.rate}
          onChange={(rate) => change({ rate })}
        />
        <Choice
          {...all}
          label="Digits a step"
          options={OPTIONS.batch.map((value) => ({ value, text: value }))}
          value={settings.batch}
          onChange={(batch) => change({ batch })}
        />
        <Choice
          {...all}
          label="Dropout"
          options={OPTIONS.dropout.map((value) => ({ value, text: value === "0" ? "none" : value }))}
          value={settings.dropout}
          onChange={(dropout) => change({ dropout })}
        />
        <Choice
          {...all}
          label="Epochs"
          options={OPTIONS.epochs.map((value) => ({ value, text: value }))}
          value={settings.epochs}
          onChange={(epochs) => change({ epochs })}
        />
      </div>
    </Panel>
  );
}
