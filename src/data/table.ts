// A table: rows of named columns, of numbers or of categories, as they come from a file. It is plain data, so that it can be
// cloned and sent to other threads. What becomes of it in a model is preprocess.ts.

/** A column of a {@link Table}. */
export type Column =
  | {
      readonly name: string;
      readonly type: "number";
      /** `[rows]`; NaN where the value is missing */
      readonly values: Float64Array;
    }
  | {
      readonly name: string;
      readonly type: "category";
      /** `[rows]` places in `categories`; −1 where the value is missing */
      readonly values: Int32Array;
      /** all different, in the order in which they were met */
      readonly categories: readonly string[];
    };

/** Rows of named columns. */
export interface Table {
  readonly rows: number;
  /** all of different names */
  readonly columns: readonly Column[];
}

/** What a column holds. */
export type ColumnType = Column["type"];
