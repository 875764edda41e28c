// The rows that a model was most wrong about, with what it saw of them.

import type { Column, Table } from "../../data.ts";
import type { Dataset } from "../../index.ts";
import { shortest } from "../text/format.ts";
import type { ClassAnswers, NumberAnswers } from "./answers.ts";
import { cut, finite } from "./bounds.ts";
import type { Mistake, Mistakes } from "./report.ts";

/** Mistakes on a page, and columns of their inputs. */
const MOST_MISTAKES = 12;
const MOST_COLUMNS = 100;

/** Where the inputs of a row come from. */
export interface Inputs {
  readonly dataset: Dataset;
  readonly table: Table | undefined;
  /** columns of the table that are no inputs */
  readonly targets: readonly string[];
  readonly image: { readonly width: number; readonly height: number } | undefined;
  /** numbers of the rows as the caller counts; from 1 where they are left out */
  readonly numbers: ArrayLike<number> | undefined;
}

/** A row that was wrong, before anybody looks at its inputs. */
type Wrong = Pick<Mistake, "output" | "truth" | "predicted" | "score"> & { readonly row: number };

/** Of the rows whose class is wrong, those that the model was surest of; of equally sure ones, the first. */
export function wrongClasses(answers: ClassAnswers, inputs: Inputs): Mistakes {
  const { names, truth, predicted, score, probabilities } = answers;
  const wrong: number[] = [];
  for (let row = 0; row < truth.length; row++) {
    // a row that is ignored, or has no weight, is not looked at
    const looked = names[truth[row] as number] !== undefined && inputs.dataset.weight?.[row] !== 0;
    if (looked && truth[row] !== predicted[row]) wrong.push(row);
  }
  // a score that is no number is not sure of anything
  const sure = (row: number): number => (Number.isNaN(score[row]) ? -Infinity : (score[row] as number));
  wrong.sort((a, b) => (sure(a) === sure(b) ? a - b : sure(b) - sure(a)));
  const rows = wrong.slice(0, MOST_MISTAKES).map((row) => ({
    row,
    output: null,
    truth: names[truth[row] as number] ?? "?",
    predicted: names[predicted[row] as number] ?? "?",
    score: finite(score[row]),
  }));
  return mistakes(rows, wrong.length, probabilities ? "probability" : "output", inputs);
}

/** The largest errors; of several outputs, in proportion to how far the truth of each is spread. */
export function largestErrors(answers: NumberAnswers, inputs: Inputs): Mistakes {
  const { names, truth, predicted } = answers;
  const all = names.flatMap((name, output) => {
    const [t, p] = [truth[output] as Float64Array, predicted[output] as Float64Array];
    const scale = names.length === 1 ? 1 : spread(t) || 1;
    return worst(t, p, inputs.dataset.weight).map((row) => ({
      off: size(t, p, row) / scale,
      row,
      output: names.length === 1 ? null : name,
      truth: shortest(t[row] as number),
      predicted: finite(shortest(p[row] as number)),
      score: finite(shortest((p[row] as number) - (t[row] as number))),
    }));
  });
  all.sort((a, b) => (a.off === b.off ? a.row - b.row : b.off - a.off));
  const shown = all.slice(0, MOST_MISTAKES).map(({ off, ...wrong }) => wrong);
  return mistakes(shown, truth[0]?.length ?? 0, "error", inputs);
}

/** Rows of the largest errors of one output. */
function worst(
  truth: Float64Array,
  predicted: Float64Array,
  weight: ArrayLike<number> | undefined,
): number[] {
  const sizes = predicted.map((_, row) => (weight?.[row] === 0 ? 0 : size(truth, predicted, row)));
  const rows = Uint32Array.from(sizes, (_, row) => row);
  rows.sort((a, b) => (sizes[a] === sizes[b] ? a - b : (sizes[b] as number) - (sizes[a] as number)));
  return [...rows.subarray(0, MOST_MISTAKES)].filter((row) => (sizes[row] as number) > 0);
}

/** |predicted − true|; no number is further off than any. */
function size(truth: Float64Array, predicted: Float64Array, row: number): number {
  const error = Math.abs((predicted[row] as number) - (truth[row] as number));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function spread(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

function mistakes(rows: readonly Wrong[], of: number, score: Mistakes["score"], inputs: Inputs): Mistakes {
  const { dataset, table, targets, image, numbers } = inputs;
  const columns = image === undefined ? columnsOf(dataset, table, targets) : [];
  const shown = columns.slice(0, MOST_COLUMNS);
  const pictures = image === undefined ? [] : pictured(rows, image, inputs);
  return {
    of,
    score,
    columns: shown.map(({ name }) => cut(name)),
    columnsOf: columns.length,
    image: image ?? null,
    rows: rows.map((wrong, i) => ({
      ...wrong,
      row: numbers?.[wrong.row] ?? wrong.row + 1,
      output: wrong.output === null ? null : cut(wrong.output),
      truth: typeof wrong.truth === "string" ? cut(wrong.truth) : wrong.truth,
      predicted: typeof wrong.predicted === "string" ? cut(wrong.predicted) : wrong.predicted,
      inputs: shown.map(({ at }) => at(wrong.row)),
      pixels: pictures[i] ?? null,
    })),
  };
}

/** A column of inputs: its name and its values as a page shows them. */
interface Input {
  readonly name: string;
  at(row: number): string | number | null;
}

/** The table's columns as they came; without a table, the features. */
function columnsOf(dataset: Dataset, table: Table | undefined, targets: readonly string[]): Input[] {
  if (table === undefined) {
    const { features, preprocessing, x } = dataset;
    return Array.from({ length: features }, (_, j) => ({
      name: preprocessing?.names[j] ?? `feature ${j + 1}`,
      at: (row) => finite(shortest(x[row * features + j] as number)),
    }));
  }
  const inputs = table.columns.filter(({ name }) => !targets.includes(name));
  return inputs.map((column) => ({ name: column.name, at: (row) => shownValue(column, row) }));
}

function shownValue(column: Column, row: number): string | number | null {
  const value = column.values[row] as number;
  if (column.type === "number") return finite(value);
  const text = column.categories[value];
  return text === undefined ? null : cut(text);
}

/** The pixels of each row as bytes: bytes as they are, numbers from the least (paper) to the largest (ink) of these rows. */
function pictured(
  rows: readonly Wrong[],
  image: { readonly width: number; readonly height: number },
  { dataset, table, targets }: Inputs,
): string[] {
  const size = image.width * image.height;
  const columns = columnsOf(dataset, table, targets).slice(0, size);
  const pixels = rows.map(({ row }) => columns.map(({ at }) => Number(at(row) ?? 0)));
  const bytes = table === undefined && dataset.x instanceof Uint8Array;
  const low = bytes ? 0 : pixels.flat().reduce((least, value) => Math.min(least, value), 0);
  const high = bytes ? 255 : pixels.flat().reduce((most, value) => Math.max(most, value), 0);
  const scale = high === low ? 0 : 255 / (high - low);
  return pixels.map((values) => {
    const ink = Uint8Array.from(values, (value) => Math.round((value - low) * scale));
    return Buffer.from(ink).toString("base64");
  });
}
