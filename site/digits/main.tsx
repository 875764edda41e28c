// xent: digits, or a table of the visitor's own. What reads tables is loaded when it is asked for.

import "./style.css";
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Choice } from "../shared/controls.tsx";
import { mount } from "../shared/mount.tsx";
import { Ignored, Problem } from "../shared/problem.tsx";
import { useUrlState } from "../shared/url.ts";
import { DigitsPage } from "./page.tsx";
import { DEFAULTS, FIELDS } from "./settings.ts";

mount(() => {
  const [settings, change, ignored] = useUrlState(FIELDS, DEFAULTS);
  return (
    <>
      <div class="mode">
        <Choice
          label="Learn"
          options={[
            { value: "digits", text: "MNIST digits" },
            { value: "csv", text: "Your own CSV" },
          ]}
          value={settings.mode}
          onChange={(mode) => change({ mode })}
        />
      </div>
      <Ignored parts={ignored} />
      {settings.mode === "csv" ? <Csv /> : <DigitsPage settings={settings} change={change} />}
    </>
  );
});

function Csv() {
  const [Page, setPage] = useState<ComponentType>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    import("./csv/page.tsx").then(({ CsvPage }) => setPage(() => CsvPage), setError);
  }, []);
  return Page ? <Page /> : <Problem start="What reads tables could not be loaded." error={error} />;
}
