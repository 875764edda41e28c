// The visitor's own table: choose a file and what to predict, and see a net learn it. Nothing of it leaves the machine.

import type { TargetedDragEvent } from "preact";
import { useEffect, useId, useMemo, useReducer, useRef, useState } from "preact/hooks";
import type { Table } from "xent/data";
import penguins from "../../../examples/data/penguins.csv?url";
import { Button, Choice, Select } from "../../shared/controls.tsx";
import { Panel } from "../../shared/panel.tsx";
import { Problem } from "../../shared/problem.tsx";
import { Scroll } from "../../shared/scroll.tsx";
import { Downloads } from "../downloads.tsx";
import { Result } from "./result.tsx";
import { CsvRun } from "./run.ts";
import { read, type Task, taskOf } from "./table.ts";

interface Opened {
  readonly name: string;
  readonly file: Blob;
  readonly table: Table;
}

export function CsvPage() {
  const [opened, setOpened] = useState<Opened>();
  const [error, setError] = useState<unknown>();
  const [reading, setReading] = useState("");
  const turn = useRef(0);
  const open = async (name: string, give: () => Promise<Blob> | Blob): Promise<void> => {
    const mine = ++turn.current;
    setError(undefined);
    setReading(name);
    let got: Opened | undefined;
    let problem: unknown;
    try {
      const file = await give();
      got = { name, file, table: await read(file) };
    } catch (failure) {
      problem = failure;
    }
    // another was chosen meanwhile
    if (mine !== turn.current) return;
    setOpened(got);
    setError(problem);
    setReading("");
  };
  return (
    <div class="grid">
      <Panel title="A table" class="third table">
        <Chooser onFile={(file) => void open(file.name, () => file)} />
        <p class="or note">
          or <Example onTake={() => void open("penguins.csv", example)} /> of the Palmer Archipelago (A. M.
          Horst, A. P. Hill and K. B. Gorman, palmerpenguins).
        </p>
        <Problem error={error} />
        {reading !== "" ? (
          <p class="note found">Reading {reading}.</p>
        ) : (
          opened && <Columns opened={opened} />
        )}
      </Panel>
      {opened ? (
        <Learner key={opened} opened={opened} />
      ) : (
        <Panel title="Train" class="two-thirds learner">
          <p class="note">
            A file with a line of names and then a row a line. Choose the column to predict: a net learns it
            from the others, and is tested on a fifth of the rows, which it never sees. The file stays on your
            machine.
          </p>
        </Panel>
      )}
    </div>
  );
}

async function example(): Promise<Blob> {
  const response = await fetch(penguins);
  if (!response.ok)
    throw new Error(`The table could not be fetched: the server answered ${response.status}.`);
  return response.blob();
}

function Example({ onTake }: { readonly onTake: () => void }) {
  return (
    <Button small onClick={onTake}>
      take penguins
    </Button>
  );
}

function Chooser({ onFile }: { readonly onFile: (file: File) => void }) {
  const id = useId();
  const [over, setOver] = useState(false);
  const onDrag = (event: TargetedDragEvent<HTMLElement>): void => {
    event.preventDefault();
    setOver(event.type === "dragover");
    const file = event.type === "drop" ? event.dataTransfer?.files[0] : undefined;
    if (file) onFile(file);
  };
  return (
    <label
      class={over ? "drop over" : "drop"}
      for={id}
      onDragOver={onDrag}
      onDragLeave={onDrag}
      onDrop={onDrag}
    >
      <span>Choose a CSV file, or drop it here</span>
      <input
        class="hidden"
        id={id}
        type="file"
        accept=".csv,.tsv,.txt,text/csv"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          // the same file may be chosen again, after a change
          currentTarget.value = "";
          if (file) onFile(file);
        }}
      />
    </label>
  );
}

function Columns({ opened: { name, table } }: { readonly opened: Opened }) {
  return (
    <>
      <p class="note found">
        {name}: {table.rows.toLocaleString("en-US")} rows, {table.columns.length} columns
      </p>
      <Scroll label="Columns" class="columns-found">
        <table>
          <caption>Columns of the table</caption>
          <tbody>
            {table.columns.map((column) => (
              <tr key={column.name}>
                <th scope="row">
                  <bdi>{column.name}</bdi>
                </th>
                <td>{column.type === "number" ? "numbers" : `${column.categories.length} categories`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </>
  );
}

function Learner({ opened: { file, name, table } }: { readonly opened: Opened }) {
  const names = table.columns.map((column) => column.name);
  const [target, setTarget] = useState(() => likely(table));
  const [task, setTask] = useState<Task>(() => taskOf(table, likely(table)));
  const [without, setWithout] = useState<readonly string[]>([]);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const run = useMemo(() => new CsvRun(() => redraw(0)), []);
  useEffect(() => () => run.leave(), []);
  const { state } = run;
  const busy = state.phase === "running";
  const wish = { target, task, without: without.filter((each) => each !== target) };
  const change = (act: () => void): void => {
    act();
    run.clear();
  };
  return (
    <Panel title="Train" class="two-thirds learner">
      <div class="settings-grid">
        <Select
          label="Predict"
          options={names.map((value) => ({ value, text: value }))}
          value={target}
          disabled={busy}
          onChange={(value) =>
            change(() => {
              setTarget(value);
              setTask(taskOf(table, value));
            })
          }
        />
        <Choice
          label="It is"
          options={[
            { value: "class", text: "a class" },
            { value: "number", text: "a number" },
          ]}
          value={task}
          disabled={busy}
          onChange={(value) => change(() => setTask(value))}
        />
      </div>
      <fieldset class="control from" disabled={busy}>
        <legend class="name">Learn from</legend>
        {names
          .filter((each) => each !== target)
          .map((each) => (
            <label key={each}>
              <input
                type="checkbox"
                checked={!without.includes(each)}
                onChange={({ currentTarget: { checked } }) =>
                  change(() =>
                    setWithout(checked ? without.filter((other) => other !== each) : [...without, each]),
                  )
                }
              />
              <bdi>{each}</bdi>
            </label>
          ))}
      </fieldset>
      <div class="row go">
        {busy ? (
          <Button primary onClick={() => run.stop()}>
            Stop
          </Button>
        ) : (
          <Button primary onClick={() => void run.run(file, wish)}>
            {state.phase === "ready" ? "Train" : "Train again"}
          </Button>
        )}
      </div>
      <Problem error={state.error} />
      <Result state={state} target={target} />
      <Downloads
        model={state.model}
        name={name.replace(/\.[^.]*$/, "")}
        input="f32"
        disabled={state.phase !== "done" && state.phase !== "stopped"}
      />
    </Panel>
  );
}

/** The first column of categories that is named as targets often are, else the last. */
function likely({ columns }: Table): string {
  const usual = columns.find(({ name }) => /^(target|label|class|species|y)$/i.test(name));
  return (usual ?? columns.at(-1))?.name ?? "";
}
