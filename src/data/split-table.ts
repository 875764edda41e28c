// Splits a table as split.ts splits a data set: the same rows for the same seed.

import { XentError } from "../base/errors.ts";
import { checkNames, show } from "../base/options.ts";
import { noColumn } from "./names.ts";
import { chooseRows, type SplitOptions } from "./split.ts";
import { checkTable, gather, type Table } from "./table.ts";

/** How `splitTable` chooses the rows to validate with. */
export interface SplitTableOptions extends Pick<SplitOptions, "validation" | "seed" | "shuffle"> {
  /** A column of categories of which each keeps its share on both sides; rows without a value are a group of their own. */
  stratified?: string | undefined;
}

/** Both parts of a table. */
export interface TableSplit {
  readonly train: Table;
  readonly validation: Table;
}

/**
 * Splits a table in two, before anything is fitted on its rows. The same seed and shares choose the rows that `split` chooses of a
 * data set with as many; both parts have all categories of the whole, in the same order.
 *
 * @throws {XentError} `OPTION` a name or a value, what is no table; `EMPTY` not two rows, or, stratified, no category of two;
 *   `COLUMN` a column that is not there, or, stratified, holds numbers
 * @category Tables
 * @example
 * ```ts
 * import { readFile } from "node:fs/promises";
 * import { readCsv, splitTable } from "xent/data";
 * const iris = await readCsv(await readFile("iris.csv"));
 * const { train, validation } = splitTable(iris, { validation: 0.2, stratified: "species" });
 * [train.rows, validation.rows]; // → [120, 30]
 * ```
 */
export function splitTable(table: Table, options: SplitTableOptions): TableSplit {
  checkNames("splitTable", options, ["validation", "seed", "stratified", "shuffle"]);
  const { rows, columns } = checkTable("splitTable", table);
  const groups =
    options.stratified === undefined ? undefined : groupsOf({ rows, columns }, options.stratified);
  const { train, validation } = chooseRows("splitTable", rows, groups, options);
  return { train: gather(columns, train), validation: gather(columns, validation) };
}

function groupsOf({ columns }: Table, name: unknown): Int32Array {
  if (typeof name !== "string") {
    throw new XentError(
      "OPTION",
      `splitTable: stratified is ${show(name)}, expected the name of a column`,
      'Pass the column of the classes, such as "species".',
    );
  }
  const column = columns.find((each) => each.name === name);
  if (column === undefined)
    throw noColumn(
      "splitTable: stratified",
      name,
      columns.map((each) => each.name),
    );
  if (column.type === "category") return column.values;
  throw new XentError(
    "COLUMN",
    `splitTable: stratified is ${show(name)}, a column of numbers, expected one of categories`,
    `Read it as such: types: { ${JSON.stringify(name)}: "category" }; or leave stratified out.`,
  );
}
