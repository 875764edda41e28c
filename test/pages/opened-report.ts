// Reports of small models in Chromium, with whatever the browser has to complain about.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll } from "vitest";
import { adam, crossEntropy, dense, init, mse, relu } from "xent";
import { preprocess, type Table } from "xent/data";
import { collectReport, type ReportInput } from "../../src/cli/report/collect.ts";
import type { Report } from "../../src/cli/report/report.ts";
import { CHROMIUM_ARGS, findChromium } from "../../tools/chromium.ts";
import { folders } from "../support/folders.ts";
import { number, table, text } from "../support/tables.ts";

/** Names that would be markup or code elsewhere. */
export const HOSTILE = [
  "</script><script>window.hacked=1</script>",
  '<img src="http://127.0.0.1:9/x" onerror="window.hacked=2">',
  "\"'&<>&lt;\u2028\u2029",
  "__proto__",
  "\u202egnp.exe\u200f",
  `${"very long ".repeat(15)}${"name".repeat(10)}`,
  "]]><!--<style>*{display:none}</style>",
  "javascript:window.hacked=3",
  "\u0024{window.hacked=4}{{7*7}}",
  "\ud800 alone",
] as const;

const files = folders("report");
export const browser: Browser = await chromium.launch({
  executablePath: findChromium() as string,
  args: CHROMIUM_ARGS,
});
afterAll(() => browser.close());

export interface Opened {
  readonly page: Page;
  /** console messages, errors, and requests for anything but the file */
  readonly complaints: readonly string[];
}

export async function open(
  html: string,
  width = 1000,
  colorScheme: "light" | "dark" = "light",
): Promise<Opened> {
  const path = join(files.empty(), "run.html");
  writeFileSync(path, html);
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  const { href } = pathToFileURL(path);
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`page: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== href && !request.url().startsWith("data:,"))
      complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(href);
  // charts are drawn when they have a width
  await page.waitForFunction(
    () => document.querySelectorAll(".plot").length === document.querySelectorAll(".plot .u-wrap").length,
  );
  return { page, complaints };
}

export const FACTS = {
  title: "data.csv",
  seconds: 2,
  rates: [0.01, 0.01, 0.01],
  settings: [["seed", "1"]],
  environment: [["threads", "1"]],
  rows: { train: 1, validation: 0, test: 0 },
  seen: "training",
} as const;

/** A model that learns a target of a table a little. */
export async function learnt(rows: Table, target: string, more: Partial<ReportInput> = {}): Promise<Report> {
  const classes = rows.columns.find(({ name }) => name === target)?.type === "category";
  const prepared = preprocess(rows, { target, missing: "impute" });
  const xent = await init({ threads: 1 });
  const model = xent.sequential({ input: prepared.features }, [dense(6), relu(), dense(prepared.outputs)]);
  const data = prepared.dataset(rows);
  const history = await model.fit(data, {
    loss: classes ? crossEntropy() : mse(),
    optimizer: adam({ lr: 0.01 }),
    epochs: 3,
    batchSize: 16,
    validation: data,
    metrics: classes ? ["accuracy"] : ["r2"],
    profile: true,
  });
  return collectReport({ ...FACTS, model, history, dataset: data, table: rows, ...more });
}

/** As many rows, whose classes and categories are these names. */
export function named(names: readonly string[], rows = 120): Table {
  const columns = names.map((name, c) =>
    c % 2 === 0
      ? number(
          name,
          Array.from({ length: rows }, (_, i) => ((i * 31 + c * 7) % 23) / 4),
        )
      : text(
          name,
          Array.from({ length: rows }, (_, i) => names[(i * 5 + c) % names.length] as string),
        ),
  );
  return table(
    rows,
    ...columns,
    text(
      "target",
      Array.from({ length: rows }, (_, i) => names[(i * i) % names.length] as string),
    ),
  );
}

/** As many rows of a feature and a target that are numbers. */
export function measured(rows: number, target: string, value: (row: number) => number): Table {
  const each = Array.from({ length: rows }, (_, i) => i);
  return table(
    rows,
    number(
      "a",
      each.map((i) => i % 9),
    ),
    number(target, each.map(value)),
  );
}
