// The report of a run of `train`: what the page is told of it. The page itself is report/.

import type { History, Sequential, Xent } from "../../index.ts";
import { environment, environmentFacts } from "../environment.ts";
import { collectReport } from "../report/collect.ts";
import { reportHtml } from "../report/html.ts";
import type { Report } from "../report/report.ts";
import { descriptionText } from "../text/description.ts";
import type { Plan } from "./plan.ts";
import { countsOf, type Rows, unseen } from "./rows.ts";
import { netText } from "./run-text.ts";
import type { TrainOptions } from "./settings.ts";

export interface Finished {
  readonly xent: Xent;
  readonly model: Sequential;
  readonly history: History;
  readonly rows: Rows;
  readonly plan: Plan;
  readonly options: TrainOptions;
  readonly rates: readonly number[];
  /** of training */
  readonly seconds: number;
}

/** What the page says, and the page. */
export async function reportOf(run: Finished): Promise<{ readonly report: Report; html(): string }> {
  const { xent, model, history, rows, rates, seconds } = run;
  const { seen, part } = unseen(rows);
  const report = await collectReport({
    ...{ title: rows.title, model, history, rates, seconds, seen },
    settings: settingsOf(run),
    environment: environmentFacts(environment(xent)),
    rows: countsOf(rows),
    ...part,
    image: rows.image,
  });
  return { report, html: () => reportHtml(report) };
}

/** What was trained, in the words of the command line. */
function settingsOf({ rows, plan, options }: Finished): [name: string, value: string][] {
  const { loss, optimizer, epochs, batchSize, accumulate } = plan.fit;
  const { config, preset, patience, threads, precision } = options;
  const optional = { config, preset, patience, accumulate, threads, precision };
  return [
    ["data", rows.title],
    ["target", rows.target.join(", ")],
    ["task", rows.task],
    ["net", netText(rows.features, plan.layers)],
    ["loss", loss === undefined ? "none" : descriptionText(loss)],
    ["optimizer", optimizer === undefined ? "none" : descriptionText(optimizer)],
    ["epochs", String(epochs)],
    ["batch size", String(batchSize)],
    ["seed", String(plan.seed)],
    ...Object.entries(optional).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  ];
}
