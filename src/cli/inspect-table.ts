// What `xent inspect` says of a CSV file: its columns, what is to be learnt, and what the library's doctor finds odd about the features
// that `train` would make of it.

import { type Preprocessing, preprocess, standardize, type Table, takeRows } from "../data.ts";
import { type Finding, type Inspection, inspect, type RawData, XentError } from "../index.ts";
import {
  asClasses,
  type Categories,
  columnLines,
  type Described,
  describe,
  type Numbers,
  short,
} from "./columns.ts";
import { count, ratio, thousands } from "./format.ts";
import type { InspectOptions } from "./inspect.ts";
import { SHOWN } from "./inspect-model.ts";
import { readTable } from "./read.ts";
import type { Paint } from "./style.ts";
import type { Screen } from "./terminal.ts";
import { clip, table, wrap } from "./text.ts";

/** Categories that a column of features may have: the default of `preprocess`. */
const MOST_CATEGORIES = 1000;
/** Classes that are listed. */
const CLASSES = 20;
/** From so many rows on, a column of texts that are all different is no feature. */
const MANY = 20;

export async function inspectTable(file: string, options: InspectOptions, screen: Screen): Promise<void> {
  const { target = [], columns: most = SHOWN } = options;
  const read = await readTable(file, options, screen);
  const columns = read.columns.map(describe);
  const aims = read.columns
    .filter(({ name }) => target.includes(name))
    .map((each) =>
      each.type === "number" && options.task === "classification" ? asClasses(each) : describe(each),
    );
  const left = leftOut(columns, target, options.ignore ?? []);
  const learnt = withTargets(read, target);
  const found = read.rows === 0 ? undefined : doctor(learnt, options, left);
  if (screen.json) {
    screen.emit("table", {
      file,
      rows: read.rows,
      columns,
      target: target.length === 0 ? undefined : aims,
      features: found?.features.names,
      leftOut: Object.fromEntries(left),
      findings: found?.inspection.findings,
    });
    return;
  }
  const { paint, columns: width } = screen;
  const name = file === "-" ? "stdin" : clip(file, 50);
  screen.say(`${name}: ${count(read.rows, "row")} of ${count(columns.length, "column")}`, "");
  screen.say(...columnLines(columns, most, width, paint));
  for (const aim of aims) screen.say("", ...aimLines(aim, paint));
  screen.say("", ...foundLines(found, left, read.rows - learnt.rows, width));
}

interface Found {
  readonly features: Preprocessing;
  readonly inspection: Inspection;
}

/** @param left  columns that cannot be features */
function doctor(
  rows: Table,
  { target = [], task, ignore = [] }: InspectOptions,
  left: ReadonlyMap<string, string>,
): Found | undefined {
  const [first] = target;
  const columns = rows.columns.filter(({ name }) => target.includes(name));
  const words = columns.find(({ type }) => type === "category");
  if (words !== undefined && (task === "regression" || target.length > 1)) {
    const why = task === "regression" ? "--task regression" : "a target of several columns";
    throw new XentError(
      "COLUMN",
      `the target ${JSON.stringify(clip(words.name))} holds words, and ${why} needs numbers`,
      "Name a column of numbers, or --missing the words that stand for nothing.",
    );
  }
  const classes = task === "classification" || words !== undefined;
  const learns =
    first === undefined
      ? {}
      : {
          target: target.length === 1 ? first : target,
          ...(classes ? { classes: words === undefined ? (true as const) : undefined } : {}),
          ...(classes ? {} : { scaleTarget: standardize() }),
        };
  const out = [...new Set([...ignore, ...left.keys()])];
  const rest = rows.columns.some(({ name }) => !out.includes(name) && !target.includes(name));
  const known = target.every((name) => rows.columns.some((each) => each.name === name));
  // the library's error says which column was meant
  if (!rest && known) return undefined;
  const features = preprocess(rows, { ...learns, ignore: out, missing: "impute" });
  const alone = (): RawData => {
    const { x, features: width } = features.transform(rows);
    return { x, features: width };
  };
  const data = first === undefined ? alone() : features.dataset(rows);
  return { features, inspection: inspect(data) };
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

/** The rows whose targets are there. */
function withTargets(all: Table, target: readonly string[]): Table {
  const columns = all.columns.filter(({ name }) => target.includes(name));
  const there = Array.from({ length: all.rows }, (_, row) => row).filter((row) =>
    columns.every(({ type, values }) => {
      const value = values[row] as number;
      return type === "number" ? !Number.isNaN(value) : value >= 0;
    }),
  );
  return there.length === all.rows || there.length === 0 ? all : takeRows(all, there);
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
  if (categories.length > CLASSES) lines.push(`… and ${categories.length - CLASSES} more`);
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
  without: number,
  width: number,
): string[] {
  const indented = (text: string): string[] =>
    wrap(text, width - 9).map((line, i) => `${i === 0 ? "note:   " : "        "} ${line}`);
  const lines: string[] = [];
  if (found === undefined) lines.push("There is nothing to make features of.");
  else {
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
  if (without > 0) lines.push(...indented(`${count(without, "row")} without a target: left out.`));
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
