// xent: bench. What stands where; measuring is the worker's, and figures are made in results.ts.

import { Button, Choice } from "../shared/controls.tsx";
import { mount } from "../shared/mount.tsx";
import { Facts, Panel } from "../shared/panel.tsx";
import { Ignored, Problem } from "../shared/problem.tsx";
import { oneOf, useUrlState } from "../shared/url.ts";
import { Bars } from "./bars.tsx";
import { type Form, secondsOf } from "./cases.ts";
import { Here, Meaning } from "./meaning.tsx";
import { doubts, peakOf, rowsOf, toJson } from "./results.ts";
import { Table } from "./table.tsx";
import { Take } from "./take.tsx";
import { useBench } from "./use-bench.ts";
import { headline, inOneSentence, where } from "./words.ts";
import "./style.css";

const FORMS: readonly Form[] = ["quick", "long"];
const FIELDS = { form: oneOf(...FORMS) };
const DEFAULTS: { form: Form } = { form: "quick" };

mount(() => {
  const { bench, run, stop } = useBench();
  const [{ form }, change, ignored] = useUrlState(FIELDS, DEFAULTS);
  const { engine, phase, turns, at, error, circumstances } = bench;
  const threads = engine?.info.threads ?? 1;
  const kinds = threads === 1 ? [1] : [1, threads];
  const [rows, peak] = [rowsOf(turns), peakOf(turns)];
  const [running, done] = [phase === "running", phase === "done"];
  const json =
    engine === undefined || turns.length === 0 || running
      ? undefined
      : () => toJson(turns, engine, { ...circumstances, form: bench.form, date: bench.date });
  return (
    <>
      <Problem error={error} />
      <Ignored parts={ignored} />
      <div class="grid">
        <Panel title="Measure" class="two-thirds measure">
          <div class="row">
            <Choice
              label="Length of the run"
              value={form}
              options={FORMS.map((value) => ({ value, text: lengthOf(value, kinds.length) }))}
              onChange={(form) => change({ form })}
              disabled={running}
            />
            {running ? (
              <Button onClick={stop}>Stop</Button>
            ) : (
              <Button primary onClick={() => run(form)}>
                Run
              </Button>
            )}
          </div>
          <div class="way">
            <progress aria-label="Progress of the run" max={1} value={done ? 1 : (at?.share ?? 0)} />
            <p class="note">{where(bench)}</p>
          </div>
          <Facts facts={headline(rows, peak, threads)} />
          <p class="hidden" role="status">
            {done
              ? inOneSentence(rows, peak, threads)
              : phase === "stopped"
                ? "The run has ended early."
                : ""}
          </p>
        </Panel>
        <Panel title="This browser" class="third">
          <Here engine={engine} />
        </Panel>
        <Panel title="Speed">
          {engine?.noPeak !== undefined && (
            <p class="problem">There is no peak to hold these figures against: {engine.noPeak}.</p>
          )}
          <Bars
            rows={rows}
            kinds={kinds}
            peak={peak}
            hasPeak={engine?.noPeak === undefined}
            current={at?.item}
          />
          {engine !== undefined &&
            done &&
            doubts(turns, engine, circumstances).map((sentence) => (
              <p key={sentence} class="problem">
                {sentence}
              </p>
            ))}
        </Panel>
        <Panel title="All figures" aside={<Take json={json} />}>
          <Table rows={rows} kinds={kinds} />
        </Panel>
        <Panel title="What the figures mean">
          <Meaning />
        </Panel>
      </div>
    </>
  );
});

/** `Quick, 5 s` */
function lengthOf(form: Form, kinds: number): string {
  return `${form === "quick" ? "Quick" : "Long"}, ${Math.round(secondsOf(form, kinds))} s`;
}
