// Each cost as a formula, and the same formula with the numbers of the epoch that is shown.

import type { ComponentChildren } from "preact";
import { number, plain } from "../shared/format.ts";
import { Panel } from "../shared/panel.tsx";
import { type Cost, INPUT, type State, type Target } from "./experiment.ts";
import { outputText, slope, TONES } from "./words.ts";

interface CostProps {
  readonly cost: Cost;
  readonly state: State;
  readonly target: Target;
  readonly epoch: number;
}

const TITLES = { quadratic: "Quadratic cost", crossEntropy: "Cross entropy" } as const;

export function CostPanel({ cost, state, target, epoch }: CostProps) {
  const { weight, bias, logit, gradient } = state;
  const { costs, gradients } = FORMULAS[cost](state, target);
  return (
    <Panel title={TITLES[cost]} aside={`epoch ${epoch}`} class={`half cost ${TONES[cost]}`}>
      <Formula name={<var>C</var>} formula={costs} result={number(state.cost)} />
      <Formula
        name={
          <>
            ∂<var>C</var>/∂<var>w</var>
          </>
        }
        formula={gradients}
        result={number(gradient)}
      />
      <div class="meter" aria-hidden="true">
        <span style={{ width: `${Math.abs(gradient) * 100}%` }} />
      </div>
      <p class="formula logit">
        <var>z</var> = <var>w</var>·<var>x</var> + <var>b</var> = {number(weight)} · {INPUT}{" "}
        {bias < 0 ? "−" : "+"} {number(Math.abs(bias))} = {number(logit)}
      </p>
    </Panel>
  );
}

interface Written {
  readonly signs: ComponentChildren;
  readonly numbers: string;
}

function Formula({
  name,
  formula: { signs, numbers },
  result,
}: {
  readonly name: ComponentChildren;
  readonly formula: Written;
  readonly result: string;
}) {
  return (
    <p class="formula written">
      <span>{name}</span>
      <span>= {signs}</span>
      <span>= {numbers}</span>
      <span>
        = <b>{result}</b>
      </span>
    </p>
  );
}

const FORMULAS: Readonly<
  Record<Cost, (state: State, target: Target) => { costs: Written; gradients: Written }>
> = {
  quadratic(state, target) {
    const a = outputText(state.output);
    return {
      costs: {
        signs: (
          <>
            ½(<var>a</var> − <var>y</var>)²
          </>
        ),
        numbers: `½(${a} − ${target})²`,
      },
      gradients: {
        signs: (
          <>
            (<var>a</var> − <var>y</var>) · <var>σ</var>′(<var>z</var>) · <var>x</var>
          </>
        ),
        numbers: `(${a} − ${target}) · ${number(slope(state))} · ${plain(INPUT)}`,
      },
    };
  },
  crossEntropy({ output }, target) {
    const a = outputText(output);
    return {
      costs: {
        signs: (
          <>
            −[<var>y</var> ln <var>a</var> + (1 − <var>y</var>) ln(1 − <var>a</var>)]
          </>
        ),
        numbers: target === "0" ? `−ln(1 − ${a})` : `−ln ${a}`,
      },
      gradients: {
        signs: (
          <>
            (<var>a</var> − <var>y</var>) · <var>x</var>
          </>
        ),
        numbers: `(${a} − ${target}) · ${plain(INPUT)}`,
      },
    };
  },
};
