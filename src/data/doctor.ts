// Looks at data before it is trained on, and says in words what is odd about it: what hurts training, what is of no use, what
// looks like a mistake. Changes nothing. The figures it judges by come from columns.ts.

import { checkNames, show } from "../base/options.ts";
import { isConstant, repeatedColumns, repeatedRows } from "./columns.ts";
import { type CheckedRows, type Dataset, isDataset } from "./dataset.ts";
import {
  type Columns,
  columnsOf,
  glance,
  isOneClass,
  largeColumns,
  largeTargets,
  reach,
  SPREAD,
  smallColumns,
  stepOf,
  targetColumns,
} from "./figures.ts";
import { type RawData, raw } from "./raw.ts";
import { count } from "./targets.ts";

/** Something odd about data. */
export interface Finding {
  readonly kind:
    | "notFinite"
    | "unscaled"
    | "constant"
    | "duplicateColumns"
    | "duplicateRows"
    | "oneClass"
    | "imbalance"
    | "rareClass"
    | "absentClass"
    | "manyClasses"
    | "targetScale"
    | "constantTarget"
    | "idsAsNumbers";
  /** a warning is likely to hurt training, or its results */
  readonly severity: "warning" | "note";
  /** the columns it is about, counted from 0: of x, or of the targets where it is about these */
  readonly columns?: readonly number[];
  readonly message: string;
}

/** What `inspect` found. */
export interface Inspection {
  readonly rows: number;
  readonly features: number;
  /** rows of x that were looked at, evenly spaced; targets are looked at in all rows */
  readonly sampledRows: number;
  /** warnings first */
  readonly findings: readonly Finding[];
  /** all of it to be read, in lines of at most 80 characters */
  readonly text: string;
}

/** Values of x that are looked at, at most. */
const MOST_VALUES = 2 ** 22;
/** How many times the rows of the smallest class the largest may have. */
const IMBALANCE = 10;
const RARE_ROWS = 10;

/**
 * Looks at data as a careful colleague would: columns that are constant, repeated, or far from the scale of about [−1, 1] that
 * training wants; rows that are repeated; classes that are rare, missing or alone; targets that look like something else.
 *
 * Raw data, `{ x, y, features }`, may hold NaN, infinite and missing values, which `dataset` refuses: they are counted here, by
 * column. Of more than 4 million values of x, evenly spaced rows are looked at.
 *
 * @throws {XentError} `OPTION`, `SHAPE`, `EMPTY`, `LABEL` what can be no data
 * @category Data sets
 * @example
 * ```ts
 * import { inspect } from "xent";
 * const x = [[1, 5000], [1, 7000], [1, Number.NaN], [1, 9000]];
 * const { findings } = inspect({ x, y: [0, 1, 0, 1] });
 * findings.map(({ kind, columns }) => [kind, columns]); // → [["notFinite", [1]], ["unscaled", [1]], ["constant", [0]]]
 * ```
 */
export function inspect(data: Dataset | RawData): Inspection {
  if (!isDataset(data)) checkNames("inspect", data, ["x", "y", "features"]);
  const { table, bad, badTargets } = isDataset(data) ? { table: data, bad: [], badTargets: 0 } : raw(data);
  const { rows, features } = table;
  const step = stepOf(table, MOST_VALUES);
  const columns = columnsOf(table, step);
  const all = [
    ...notFinite(bad, badTargets),
    ...scales(table, columns),
    ...useless(table, columns, step),
    ...(table.y.length === 0 || badTargets > 0 ? [] : targets(table)),
  ];
  const findings = [...all.filter(isWarning), ...all.filter((finding) => !isWarning(finding))];
  const sampledRows = Math.ceil(rows / step);
  return { rows, features, sampledRows, findings, text: textOf(table, sampledRows, findings) };
}

/** What is likely to spoil a run, and is hardly meant. */
const HURTS: readonly Finding["kind"][] = ["unscaled", "oneClass", "targetScale"];

/** What is to be said of data before a run, where figures.ts found that there is something. */
export function warningOf(data: CheckedRows): string {
  const found = [...scales(data, glance(data)), ...targets(data)].filter(({ kind }) => HURTS.includes(kind));
  const messages = found.map(({ message }) => message).join(" ");
  return `fit: ${messages} inspect(data) says more; fit with inspect: false does not look.`;
}

const isWarning = ({ severity }: Finding): boolean => severity === "warning";

function notFinite(bad: readonly number[], badTargets: number): Finding[] {
  const columns = [...bad.keys()].filter((j) => (bad[j] as number) > 0);
  const values = columns.reduce((sum, j) => sum + (bad[j] as number), 0);
  const found: Finding[] = [];
  const mend = "Fill missing values in, or drop the rows: dataset() refuses them.";
  if (columns.length > 0) {
    const places = listOf(columns, (j) => `${j} (${bad[j]})`);
    const what = `${count(values, "value")} of x ${values === 1 ? "is" : "are"} NaN, infinite or no number`;
    found.push(warning("notFinite", `${what}, in ${columnsIn(columns)} ${places}. ${mend}`, columns));
  }
  if (badTargets > 0) {
    const what = `${count(badTargets, "target")} ${badTargets === 1 ? "is" : "are"} NaN, infinite or no number`;
    found.push(warning("notFinite", `${what}. ${mend}`));
  }
  return found;
}

function scales(table: CheckedRows, columns: Columns): Finding[] {
  const { x, features } = table;
  const { least, most } = columns;
  const large = largeColumns(columns);
  const found: Finding[] = [];
  if (large.length > 0) {
    const bytes = x instanceof Uint8Array;
    const which =
      large.length === features
        ? "All columns are"
        : `${large.length} of ${count(features, "column")} ${large.length === 1 ? "is" : "are"}`;
    const places = listOf(large, (j) => `${j} (${short(least[j] as number)} to ${short(most[j] as number)})`);
    const mend = bytes
      ? "Leave scale out, and bytes become numbers from 0 to 1."
      : "Subtract each column's mean and divide by its standard deviation.";
    const what = `${which} far from the scale of about −1 to 1 that training wants: ${places}.`;
    found.push(warning("unscaled", `${what} ${mend}`, large));
  }
  const small = smallColumns(table, columns);
  if (small.length > 0) {
    const places = listOf(small, (j) => `${j} (to ${short(reach(columns, j))})`);
    const what = `${isOrAre(small)} less than 1/${SPREAD} of the size of others, and as good as left out: ${places}.`;
    found.push(warning("unscaled", `${what} Divide each column by its standard deviation.`, small));
  }
  return found;
}

/** Columns and rows that add nothing. */
function useless(table: CheckedRows, { least, most }: Columns, step: number): Finding[] {
  const { rows, features } = table;
  if (rows < 2) return [];
  const all = Array.from({ length: features }, (_, j) => j);
  const constant = all.filter((j) => least[j] === most[j] && isConstant(table, j));
  const found: Finding[] = [];
  if (constant.length > 0) {
    const places = listOf(constant, (j) => String(j));
    found.push(
      note(
        "constant",
        `${isOrAre(constant)} the same in every row: ${places}. Nothing is learned from them.`,
        constant,
      ),
    );
  }
  const varied = all.filter((j) => (least[j] as number) < (most[j] as number));
  const pairs = repeatedColumns(table, varied, step);
  if (pairs.length > 0) {
    const firsts = new Map(pairs);
    const columns = pairs.map(([column]) => column);
    const places = listOf(columns, (j) => `${j} (of ${firsts.get(j)})`);
    const what =
      columns.length === 1
        ? "1 column is a copy of another"
        : `${columns.length} columns are copies of others`;
    found.push(note("duplicateColumns", `${what}: ${places}. One of each is enough.`, columns));
  }
  const copies = repeatedRows(table, step);
  if (copies > 0) {
    const of = step === 1 ? "" : " of those looked at";
    const what = `${count(copies, "row")}${of} ${copies === 1 ? "is a copy" : "are copies"} of an earlier one`;
    found.push(
      note("duplicateRows", `${what}: if copies are trained on and validated with, validation flatters.`),
    );
  }
  return found;
}

function targets(table: CheckedRows): Finding[] {
  const { y, classes } = table;
  return y instanceof Int32Array ? ids(y, classes) : numbers(y, table);
}

function ids(y: Int32Array, classes: readonly string[] | undefined): Finding[] {
  const counts = new Map<number, number>();
  // an id below 0 marks rows that a loss ignores
  for (const id of y) if (id >= 0) counts.set(id, (counts.get(id) ?? 0) + 1);
  const list = [...counts].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  const [fewest, mostRows] = [list[0], list.at(-1)];
  if (fewest === undefined || mostRows === undefined) return [];
  const nameOf = (id: number): string => (classes?.[id] === undefined ? `class ${id}` : show(classes[id]));
  const found: Finding[] = [];
  if (list.length > 50 && y.length < 5 * list.length) {
    const what = `${list.length} classes have ${count(y.length, "row")} together`;
    const mend = "If these are numbers to come near to, pass Float32Array.from(y), and mse() for a loss.";
    return [warning("manyClasses", `${what}, too few to learn a class from. ${mend}`)];
  }
  if (isOneClass(y)) {
    found.push(warning("oneClass", `Every row is of ${nameOf(fewest[0])}: there is nothing to tell apart.`));
  } else if (mostRows[1] > IMBALANCE * fewest[1]) {
    const rows = `${nameOf(mostRows[0])} has ${mostRows[1]} rows, ${nameOf(fewest[0])} ${fewest[1]}`;
    const mend = "Accuracy says little here; look at f1, and think of crossEntropy({ weight }).";
    found.push(warning("imbalance", `Classes are out of balance: ${rows}. ${mend}`));
  }
  const rare = list.filter(([, rows]) => rows < RARE_ROWS).map(([id]) => id);
  if (rare.length > 0 && y.length >= 10 * RARE_ROWS && list.length > 1) {
    const places = listOf(rare, (id) => `${nameOf(id)} (${counts.get(id)})`);
    found.push(note("rareClass", `Classes with fewer than ${RARE_ROWS} rows: ${places}.`));
  }
  const ends = classes?.length ?? list.reduce((top, [id]) => Math.max(top, id + 1), 0);
  const absent =
    ends > 10_000 ? [] : Array.from({ length: ends }, (_, id) => id).filter((id) => !counts.has(id));
  if (absent.length > 0) {
    found.push(note("absentClass", `No row is of ${listOf(absent, nameOf)}.`));
  }
  return found;
}

function numbers(y: Float32Array, table: CheckedRows): Finding[] {
  const { rows, targets: width } = table;
  const columns = targetColumns(y, table);
  const { least, most } = columns;
  const all = Array.from({ length: width }, (_, j) => j);
  const found: Finding[] = [];
  const large = largeTargets(columns);
  if (large.length > 0) {
    const places = listOf(large, (j) => `${j} (${short(least[j] as number)} to ${short(most[j] as number)})`);
    const what = `Targets are far from 0, and so will be the first losses and steps: ${columnsIn(large)} ${places}.`;
    const mend = "Subtract the mean, divide by the standard deviation, and undo both behind predict.";
    found.push(warning("targetScale", `${what} ${mend}`, large));
  }
  const constant = all.filter((j) => rows > 1 && least[j] === most[j]);
  if (constant.length > 0) {
    const places = listOf(constant, (j) => String(j));
    found.push(
      note(
        "constantTarget",
        `Targets are the same in every row: ${columnsIn(constant)} ${places}.`,
        constant,
      ),
    );
  }
  if (width === 1 && (least[0] as number) >= 0 && y.every(Number.isInteger)) {
    const different = new Set(y).size;
    if (different > 2 && different <= 20 && rows >= 5 * different) {
      const what = `Targets are ${different} different integers`;
      found.push(note("idsAsNumbers", `${what}: if these are class ids, pass Int32Array.from(y).`));
    }
  }
  return found;
}

const warning = (kind: Finding["kind"], message: string, columns?: readonly number[]): Finding => ({
  kind,
  severity: "warning",
  ...(columns === undefined ? {} : { columns }),
  message,
});

const note = (...finding: Parameters<typeof warning>): Finding => ({
  ...warning(...finding),
  severity: "note",
});

/** "column", "columns" */
const columnsIn = (columns: readonly number[]): string => (columns.length === 1 ? "column" : "columns");

/** "1 column is", "2 columns are" */
const isOrAre = (columns: readonly number[]): string =>
  `${count(columns.length, "column")} ${columns.length === 1 ? "is" : "are"}`;

/** The first five, and how many more. */
function listOf(items: readonly number[], say: (item: number) => string): string {
  const some = items.slice(0, 5).map(say).join(", ");
  return items.length > 5 ? `${some} and ${items.length - 5} more` : some;
}

/** Four digits are enough to recognise a number. */
const short = (value: number): string => String(Number(value.toPrecision(4)));

const WIDTH = 80;

function textOf({ rows, features, x }: CheckedRows, sampled: number, findings: readonly Finding[]): string {
  const kind = x instanceof Uint8Array ? "byte" : "number";
  const looked = sampled === rows ? "" : `, ${sampled} rows looked at`;
  const lines = [`${count(rows, "row")} of ${count(features, kind)}${looked}.`];
  if (findings.length === 0) lines.push("Nothing odd was found.");
  for (const { severity, message } of findings) {
    let line = `${severity}:`.padEnd(8);
    for (const word of message.split(" ")) {
      if (line.length + 1 + word.length > WIDTH) {
        lines.push(line);
        line = " ".repeat(8);
      }
      line += ` ${word}`;
    }
    lines.push(line);
  }
  return lines.join("\n");
}
