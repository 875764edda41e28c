/**
 * Readers and writers of data files, tables, what makes numbers of raw rows, streams, and files of named tensors.
 *
 * @module xent/data
 */

export type { AbortSignalLike, BlobLike, ReadableStreamLike, ReaderLike } from "./base/platform.ts";
export type {
  CategoryColumn,
  ColumnSpec,
  NumberColumn,
  PreprocessingSpec,
  TargetSpec,
} from "./base/spec.ts";
export { readCsv, streamCsv } from "./data/csv.ts";
export type { CsvOptions, StreamCsvOptions } from "./data/csv-options.ts";
export type { CheckedFeatures } from "./data/dataset.ts";
export {
  asIs,
  type CategoryEncoding,
  type Encoding,
  ids,
  type MinMaxOptions,
  minMax,
  type NumberEncoding,
  type OneHotOptions,
  oneHot,
  standardize,
} from "./data/encodings.ts";
export { type IdxArray, readIdx } from "./data/idx.ts";
export { type TableOptions, table } from "./data/make-table.ts";
export { type NpyArray, type NpySource, readNpy, writeNpy } from "./data/npy.ts";
export type { NpyDtype } from "./data/npy-header.ts";
export type { PreprocessOptions } from "./data/plan-columns.ts";
export { preprocessingOf } from "./data/prepare.ts";
export type { Preprocessing, RawRows } from "./data/prepared.ts";
export { preprocess, preprocessStream } from "./data/preprocess.ts";
export { type SplitTableOptions, splitTable, type TableSplit } from "./data/split-table.ts";
export { type DataStream, datasetStream, type StreamOptions } from "./data/stream.ts";
export {
  type Column,
  type ColumnType,
  records,
  selectColumns,
  type Table,
  takeRows,
} from "./data/table.ts";
export type { StreamedResponseLike, TextSource } from "./data/text.ts";
export { decodeSafetensors as readSafetensors, type Safetensors } from "./io/decode.ts";
export type { SafeArray, SafeDtype, SafeTensor } from "./io/safetensors.ts";
export {
  type ReadStateDictOptions,
  readStateDict,
  type SafeSource,
  writeSafetensors,
} from "./io/state-dict.ts";
