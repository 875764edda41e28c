// What a report says, as plain JSON: numbers that JSON does not have (NaN, ±∞) are null. How it is found is collect.ts, what it
// looks like page/.

/** A number, or null where it is none. */
export type Figure = number | null;

/** A line of a table of names and values. */
export type Setting = readonly [name: string, value: string];

/** The rows that the figures of a report speak of: which part of the data they are. */
export type Seen = "test" | "validation" | "training";

/** One page. */
export interface Report {
  /** what the model was trained on, such as the name of a file */
  readonly title: string;
  /** what the model says of a row: one class of several; numbers; or several yes or no, or shares */
  readonly problem: "classes" | "numbers" | "labels";
  readonly rows: RowCounts;
  readonly evaluation: Evaluated;
  readonly training: TrainingFacts;
  readonly curves: Curves;
  readonly rates: Rates;
  readonly confusion: Confusion | null;
  readonly roc: Roc | null;
  /** predicted against true, one an output of a regression */
  readonly fits: readonly Fit[];
  readonly mistakes: Mistakes | null;
  readonly weights: Weights;
  /** what each record of a step took; empty where it was not measured */
  readonly kernels: readonly Kernel[];
  /** the layers in words */
  readonly summary: string;
  readonly settings: readonly Setting[];
  readonly environment: readonly Setting[];
}

export interface RowCounts {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** The model over the rows that the report speaks of. */
export interface Evaluated {
  readonly on: Seen;
  readonly rows: number;
  readonly loss: Figure;
  /** by their names in the library, the most telling first: accuracy, f1, rocAuc; r2, mae, rmse in the target's own units */
  readonly metrics: readonly (readonly [name: string, value: Figure])[];
}

/** How the training went. */
export interface TrainingFacts {
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly stopped: "done" | "signal" | "early" | "nan";
  /** the best epoch, counted from 1, where it was looked for */
  readonly best: number | null;
  /** what was not finite, where it ended so */
  readonly problem: string | null;
  readonly parameters: number;
}

/** Loss and metrics, epoch by epoch. */
export interface Curves {
  /** counted from 1; those that are shown */
  readonly epochs: readonly number[];
  /** how many there were */
  readonly of: number;
  readonly series: readonly {
    /** `loss`, or a metric's name */
    readonly name: string;
    readonly train: readonly Figure[];
    readonly validation: readonly Figure[] | null;
  }[];
}

/** The learning rate at the end of epochs. */
export interface Rates {
  readonly epochs: readonly number[];
  readonly values: readonly Figure[];
}

export interface Confusion {
  /** names of the classes, in the order of their ids */
  readonly names: readonly string[];
  /** `counts[truth][predicted]`; null where there are too many classes for a table */
  readonly counts: readonly (readonly number[])[] | null;
  /** classes that are taken for others, the most frequent pairs first, by ids */
  readonly pairs: readonly { readonly truth: number; readonly predicted: number; readonly count: number }[];
  /** pairs of two classes that occur, all told */
  readonly pairsOf: number;
}

/** True against false positives of one of two classes, from the largest score to the smallest. */
export interface Roc {
  /** the class whose answers are the positive ones, and the other */
  readonly positive: string;
  readonly negative: string;
  /** what the model gives the positive class, in the rows that are of it and in those of the other */
  readonly given: { readonly positive: Histogram; readonly negative: Histogram };
  readonly area: number;
  /** shares of the other class, and of this one, that are above the threshold; both begin with 0 and end with 1 */
  readonly falsePositive: readonly number[];
  readonly truePositive: readonly number[];
  /** what the model gives the positive class there; null at the first point, which is above all */
  readonly threshold: readonly Figure[];
  /** corners of the whole curve */
  readonly of: number;
}

/** Predicted against true of one output, in the target's own units. */
export interface Fit {
  readonly name: string;
  readonly r2: Figure;
  readonly mae: Figure;
  readonly rmse: Figure;
  readonly truth: readonly number[];
  readonly predicted: readonly Figure[];
  /** rows that these were taken from */
  readonly of: number;
  /** predicted − true, of all rows */
  readonly residuals: Histogram;
}

/** The rows that the model was most wrong about. */
export interface Mistakes {
  /** rows whose class is wrong; of a regression, all */
  readonly of: number;
  /** whether what a row has as `score` is a probability; of a regression it is the error */
  readonly score: "probability" | "output" | "error";
  /** names of the inputs; none where they are pixels */
  readonly columns: readonly string[];
  /** columns that there are, shown or not */
  readonly columnsOf: number;
  readonly image: { readonly width: number; readonly height: number } | null;
  readonly rows: readonly Mistake[];
}

export interface Mistake {
  /** its number, as the caller counts */
  readonly row: number;
  /** of a regression with several outputs: which */
  readonly output: string | null;
  readonly truth: string | number;
  readonly predicted: string | Figure;
  readonly score: Figure;
  /** as many as columns; null where a value is missing */
  readonly inputs: readonly (string | number | null)[];
  /** base64 of `width · height` bytes, 0 is paper and 255 ink; null where there is no image */
  readonly pixels: string | null;
}

/** The values of each tensor of the model. */
export interface Weights {
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly values: Histogram;
  }[];
  /** tensors that there are, shown or not */
  readonly of: number;
}

/** How often values fall into bins of equal width from the least to the largest of them. */
export interface Histogram {
  readonly low: number;
  readonly high: number;
  /** the last bin has its upper edge too; one bin where all values are the same, none where there is no value */
  readonly counts: readonly number[];
  readonly mean: number;
  /** over n */
  readonly std: number;
  /** values that are NaN or infinite, and in no bin */
  readonly notFinite: number;
}

export interface Kernel {
  readonly op: string;
  readonly label: string;
  /** a step */
  readonly ms: number;
  /** of the time of all */
  readonly share: number;
  readonly gflops: number;
}
