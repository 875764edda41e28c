// What a library must do to be measured. A file of this folder exports `open(options)`, which gives a `System`; it has the
// kinds of work that the library can do, each in the fastest way that its users write. Nothing here measures or compares:
// that is `../peer.mjs` and the command above it.

/** A multilayer perceptron whose dense layers have `activation` between them, and how it is trained. */
export interface Net {
  /** features, hidden widths, classes */
  readonly widths: readonly number[];
  /** rows of a step */
  readonly batch: number;
  readonly activation: "relu" | "sigmoid";
  /**
   * `crossEntropy`: the mean over rows of softmax cross entropy; the last layer gives logits. `quadratic`: a sigmoid follows the
   * last layer too, and the loss of a row is ½ Σ (a − t)², t being 1 for the row's class and 0 elsewhere.
   */
  readonly loss: "crossEntropy" | "quadratic";
  /** `sgd` without momentum; `adam` with β 0.9 and 0.999, ε 10⁻⁸ outside the root, no weight decay */
  readonly optimizer: "sgd" | "adam";
}

/** Of one dense layer, as in PyTorch: `weight` is [out, in], row after row. */
export interface Layer {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

/** Rows and their class ids. */
export interface Rows {
  /** [rows, features] */
  readonly x: Float32Array;
  readonly y: Int32Array;
}

export interface System {
  /** of what is installed, as its package says */
  readonly version: string;
  /** what it really runs on, asked of the library after it began, such as "wasm, SIMD, 1 thread" */
  readonly backend: string;
  /** C ← A·B of n × n matrices, row after row */
  gemm?(n: number, a: Float32Array, b: Float32Array): Product | Promise<Product>;
  /** training on batches of `net.batch` rows, which are as many as there are rows of `data` for */
  step?(net: Net, layers: readonly Layer[], data: Rows): Training | Promise<Training>;
  /** probabilities of `net.batch` rows */
  predict?(net: Net, layers: readonly Layer[], x: Float32Array): Prediction | Promise<Prediction>;
  /** training on rows in a given order, and the share of other rows that the net has right */
  learn?(net: Net, layers: readonly Layer[], train: Rows, test: Rows): Learning | Promise<Learning>;
}

export interface Product {
  run(): void | Promise<void>;
  /** C, [n, n], of the last run */
  result(): ArrayLike<number> | Promise<ArrayLike<number>>;
}

export interface Training {
  /** what `count` is a multiple of where steps are timed; 1 where it is left out */
  readonly unit?: number;
  /**
   * So many steps, each on the next batch, the first one's after the last's. Done when it returns: nothing is left to be
   * computed later.
   */
  steps(count: number, lr: number): void | Promise<void>;
  /** of the last step's batch, before its update: the mean over its rows */
  loss(): number | Promise<number>;
}

export interface Prediction {
  /** [rows, classes], in JavaScript's hands */
  run(): ArrayLike<number> | Promise<ArrayLike<number>>;
}

export interface Learning {
  /** One step for each `net.batch` rows in that order; the last has those that are left. */
  epoch(order: Int32Array, lr: number): void | Promise<void>;
  /** share of the test rows whose largest output is their class's */
  accuracy(): number | Promise<number>;
  /**
   * Epochs and accuracies in turn until `target` is reached, in the way that the library has for it: only where its users would
   * not write that loop themselves. Gives the accuracies.
   */
  until?(target: number, epochs: number, lr: number): Promise<number[]>;
}

export interface OpenOptions {
  /** threads to run with, where the library has any choice */
  readonly threads: number;
  /** of the order of rows, for a library that makes it itself */
  readonly seed?: number;
  /** which of its backends, where there are several */
  readonly backend: string | undefined;
}
