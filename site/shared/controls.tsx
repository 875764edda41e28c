// Buttons, sliders and choices: elements of HTML with names, so that keys and screen readers have them for nothing.

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface ButtonProps {
  readonly onClick: () => void;
  readonly children: ComponentChildren;
  readonly primary?: boolean;
  readonly small?: boolean;
  readonly disabled?: boolean;
  readonly pressed?: boolean | undefined;
  /** where the text alone does not say what it does */
  readonly label?: string | undefined;
}

export function Button({ onClick, children, primary, small, disabled, pressed, label }: ButtonProps) {
  return (
    <button
      type="button"
      class={["button", primary && "primary", small && "small"].filter(Boolean).join(" ")}
      disabled={disabled ?? false}
      aria-pressed={pressed}
      aria-label={label}
      onClick={onClick}
    >
      {children}
    </button>
  );
}

interface SliderProps {
  readonly label: ComponentChildren;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly onChange: (value: number) => void;
  /** the value as it is shown and read out */
  readonly format?: (value: number) => string;
  readonly disabled?: boolean;
}

export function Slider({ label, value, min, max, step, onChange, format = String, disabled }: SliderProps) {
  const id = useId();
  return (
    <div class="control">
      <label class="name" for={id}>
        <span>{label}</span> <b aria-hidden="true">{format(value)}</b>
      </label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled ?? false}
        aria-valuetext={format(value)}
        onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
      />
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: T; readonly text: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly disabled?: boolean;
}

/** One of a few, all in sight. */
export function Choice<T extends string>({ label, options, value, onChange, disabled }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset class="control" disabled={disabled ?? false}>
      <legend class="name">{label}</legend>
      <div class="choices">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            {option.text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** One of many, in a list that opens. */
export function Select<T extends string>({ label, options, value, onChange, disabled }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div class="control">
      <label class="name" for={id}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        disabled={disabled ?? false}
        onChange={({ currentTarget }) => {
          const chosen = options.find((option) => option.value === currentTarget.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
