/**
 * Readers of data files.
 *
 * @module xent/data
 */

export { type IdxArray, readIdx } from "./data/idx.ts";
