// What `xent inspect` says of a CSV file: its columns, what is to be learnt, and what the library's doctor finds odd about the features
// that `train` would make of it.

import { type Preprocessing, preprocess, standardize, type Table } from "../../data.ts";
import { type Finding, type Inspection, inspect, type RawData, XentError } from "../../index.ts";
import { explain } from "../errors.ts";
import { readTable } from "../read.ts";
import { count, ratio, short, thousands } from "../text/format.ts";
import type { Paint } from "../text/style.ts";
import type { Screen } from "../text/terminal.ts";
import { clip, table, wrap } from "../text/text.ts";
import { checkMixed, checkTargets, withTargets } from "../train/check-rows.ts";
import { type Categories, columnLines, type Described, describe, type Numbers, SHOWN } from "./columns.ts";
import type { InspectOptions } from "./inspect.ts";

/** Categories that a column of features may have: the default of `preprocess`. */
const MOST_CATEGORIES = 1000;
/** Classes that are listed. */
const CLASSES = 20;
/** From so many rows on, a column of texts that are all different is no feature. */
const MANY = 20;

export async function inspectTable(file: string, options: InspectOptions, screen: Screen): Promise<void> {
  const { target = [], task, columns: most = SHOWN } = options;
  const name = file === "-" ? "stdin" : file;
  const read = await readTable(file, options, screen, { types: typesOf(target, task) });
  if (target.length > 0) checkTargets(name, read, target);
  const columns = read.columns.map(describe);
  const aims = columns.filter((each) => target.includes(each.name));
  const left = leftOut(columns, target, options.ignore ?? []);
  const rows = withTargets(name, read, target, screen);
  const mixed = attempt(() => checkMixed(name, read, options));
  const { value: found, problem } = attempt(() => doctor(rows, options, left));
  const refused = mixed.problem ?? problem;
  if (screen.json) {
    screen.emit("table", {
      file,
      rows: read.rows,
      columns,
      target: target.length === 0 ? undefined : target,
      features: found?.features.names,
      leftOut: Object.fromEntries(left),
      refused,
      findings: found?.inspection.findings,
    });
    return;
  }
  const { paint, columns: width } = screen;
  screen.say(`${clip(name, 50)}: ${count(read.rows, "row")} of ${count(columns.length, "column")}`, "");
  screen.say(...columnLines(columns, most, width, paint));
  for (const aim of aims) screen.say("", ...aimLines(aim, paint));
  screen.say("", ...foundLines(found, left, refused, width));
}

/** Targets are read as train reads them: classes by their texts, several as numbers. */
function typesOf(
  target: readonly string[],
  task: InspectOptions["task"],
): Record<string, "number" | "category"> {
  if (task === undefined && target.length < 2) return {};
  const type = task === "classification" ? "category" : "number";
  return Object.fromEntries(target.map((name) => [name, type]));
}

/** What a call gives, or what it refuses, as the command says it. */
function attempt<T>(call: () => T): { readonly value?: T; readonly problem?: string } {
  try {
    return { value: call() };
  } catch (error) {
    const known = error instanceof XentError ? explain(error) : undefined;
    if (known === undefined) throw error;
    return { problem: known.line };
  }
}

interface Found {
  readonly features: Preprocessing;
  readonly inspection: Inspection;
}

/** @param left  columns that cannot be features */
function doctor(
  rows: Table,
  { target = [], ignore = [] }: InspectOptions,
  left: ReadonlyMap<string, string>,
): Found | undefined {
  const [first] = target;
  const out = [...new Set([...ignore, ...left.keys()])];
  const used = rows.columns.filter(({ name }) => !left.has(name) && !target.includes(name));
  if (rows.rows === 0 || used.length === 0) return undefined;
  const classes = rows.columns.some(({ name, type }) => name === first && type === "category");
  const learns = classes ? { target: first } : { target, scaleTarget: standardize() };
  const features = preprocess(rows, {
    ...(first === undefined ? {} : learns),
    ...(out.length === 0 ? {} : { ignore: out }),
    missing: "impute",
  });
  if (first !== undefined) return { features, inspection: inspect(features.dataset(rows)) };
  const { x, features: width } = features.transform(rows);
  const raw: RawData = { x, features: width };
  return { features, inspection: inspect(raw) };
}

/** Columns of which no features can be made, and why. */
function leftOut(
  columns: readonly Described[],
  target: readonly string[],
  ignored: readonly string[],
): Map<string, string> {
  const left = new Map<string, string>();
  for (const { name, type, distinct } of columns) {
    if (target.includes(name) || ignored.includes(name)) continue;
    if (distinct === 0) left.set(name, "has no values");
    else if (type === "category" && distinct > MOST_CATEGORIES)
      left.set(
        name,
        `has ${thousands(distinct)} categories, more than the ${MOST_CATEGORIES} that become features`,
      );
  }
  return left;
}

function aimLines(aim: Described, paint: Paint): string[] {
  const name = `Target ${clip(aim.name)}`;
  if (aim.type === "number") return [`${name}: numbers`, ...spreadLines(aim, paint)];
  return [`${name}: ${count(aim.distinct, "class")}`, ...classLines(aim, paint)];
}

const BAR = 30;

function classLines({ categories, missing }: Categories, paint: Paint): string[] {
  const all = categories.reduce((sum, { rows }) => sum + rows, 0);
  const largest = categories[0]?.rows ?? 1;
  const rows = categories
    .slice(0, CLASSES)
    .map(({ name, rows }) => [
      clip(name),
      thousands(rows),
      ratio(rows / all),
      paint("cyan", "█".repeat(Math.round((BAR * rows) / largest)) || "▏"),
    ]);
  const lines = table(["class", "rows", "share", ""], rows, paint, [3]);
  if (categories.length > CLASSES) lines.push(`… and ${thousands(categories.length - CLASSES)} more`);
  if (missing > 0) lines.push(`${count(missing, "row")} without a class`);
  return lines;
}

function spreadLines({ least, quartiles, most, mean, sigma }: Numbers, paint: Paint): string[] {
  const figures = [least, ...quartiles, most, mean, sigma].map(short);
  return table(["least", "25 %", "median", "75 %", "most", "mean", "σ"], [figures], paint);
}

/** What `train` offers against what was found. */
const ADVICE: { readonly [K in Finding["kind"]]?: string } = {
  imbalance: "--balanced weights the classes, --metrics f1 tells more than accuracy",
  manyClasses: "--task regression, or another target",
  idsAsNumbers: "--task classification, if they are",
  constant: "--ignore leaves columns out",
  duplicateColumns: "--ignore leaves columns out",
};

/** Kinds of findings whose columns are features. */
const OF_FEATURES: readonly Finding["kind"][] = ["unscaled", "constant", "duplicateColumns"];

function foundLines(
  found: Found | undefined,
  left: ReadonlyMap<string, string>,
  refused: string | undefined,
  width: number,
): string[] {
  const indented = (text: string, kind = "note:"): string[] =>
    wrap(text, width - 9).map((line, i) => `${(i === 0 ? kind : "").padEnd(8)} ${line}`);
  const lines: string[] = [];
  if (refused !== undefined)
    lines.push("xent train would stop here:", ...indented(clip(refused, 400), "warning:"), "");
  if (found === undefined) {
    if (refused === undefined) lines.push("There is nothing to make features of.");
  } else {
    const { features, inspection } = found;
    const raw = features.spec.columns.length;
    lines.push(`Prepared for training, ${count(raw, "column")} as ${count(features.features, "feature")}:`);
    lines.push(...inspection.text.split("\n"));
    const named = inspection.findings
      .filter(({ kind }) => OF_FEATURES.includes(kind))
      .flatMap(({ columns = [] }) => columns.slice(0, 5));
    const names = [...new Set(named)].map((j) => `${j} is ${clip(features.names[j] ?? "", 40)}`);
    if (names.length > 0) lines.push(...indented(`Of these columns ${names.join(", ")}.`));
    const advice = new Set(inspection.findings.map(({ kind }) => ADVICE[kind]));
    for (const each of advice) if (each !== undefined) lines.push(...indented(`xent train: ${each}.`));
  }
  for (const [name, why] of left) lines.push(...indented(`${clip(name, 40)} is left out: it ${why}.`));
  for (const column of found?.features.spec.columns ?? []) {
    const rows = found?.features.rows ?? 0;
    if (column.kind === "oneHot" && rows >= MANY && column.categories.length === rows)
      lines.push(
        ...indented(
          `${clip(column.name, 40)} is another text in every row, which says nothing of new rows: --ignore it.`,
        ),
      );
  }
  return lines;
}
