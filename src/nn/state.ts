// Tensors of a net as they stand in memory, and as a state dict has them: unpadded, matrices turned to PyTorch's [out, in].

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { StateDict, TensorData } from "../base/spec.ts";
import type { Arena } from "../memory/arena.ts";
import type { Named, Stored } from "./params.ts";

/** What stands `offset` bytes behind each of these: gradients and slots are laid out as parameters are. */
export function readState(arena: Arena, list: readonly Stored[], offset = 0): StateDict {
  const state: StateDict = {};
  for (const { name, tensor, shape } of list) {
    const data = arena.f32({ ...tensor, address: tensor.address + offset });
    const { rows, cols, ld } = tensor;
    const out = new Float32Array(rows * cols);
    transpose(data, ld, out, rows, rows, cols);
    state[name] = { shape, data: out };
  }
  return state;
}

/** The way back, of a state that was checked. */
export function writeState(arena: Arena, list: readonly Stored[], state: StateDict, offset = 0): void {
  for (const { name, tensor } of list) {
    const data = arena.f32({ ...tensor, address: tensor.address + offset });
    const { rows, cols, ld } = tensor;
    transpose((state[name] as TensorData).data, rows, data, ld, cols, rows);
  }
}

/**
 * Side of the square blocks of a transposition: 32 rows of two cache lines on either side, 8 KiB in all. Without blocks every
 * element of a column is a line of its own, which is gone before the next column comes.
 */
const BLOCK = 32;

/** to[j, i] = from[i, j]: `from` has `rows` rows of `cols` numbers that begin `ldFrom` apart, those of `to` begin `ldTo` apart. */
function transpose(
  from: Float32Array,
  ldFrom: number,
  to: Float32Array,
  ldTo: number,
  rows: number,
  cols: number,
): void {
  for (let i0 = 0; i0 < rows; i0 += BLOCK) {
    const i1 = Math.min(i0 + BLOCK, rows);
    for (let j0 = 0; j0 < cols; j0 += BLOCK) {
      const j1 = Math.min(j0 + BLOCK, cols);
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) to[j * ldTo + i] = from[i * ldFrom + j] as number;
      }
    }
  }
}

/**
 * Refuses a state that is not one of these tensors, all of them and no other, with finite numbers.
 *
 * @param finite  false lets any numbers pass: the squares that an optimiser keeps leave f32 before the weights do
 * @throws {XentError} of `code`: the first thing that does not fit
 */
export function checkState(
  where: string,
  code: "STATE" | "CHECKPOINT",
  list: readonly Named[],
  state: StateDict,
  finite = true,
): void {
  if (typeof state !== "object" || state === null) {
    throw new XentError(code, `${where}: the state is ${show(state)}`, "Pass what stateDict() returns.");
  }
  const names = new Set(list.map(({ name }) => name));
  const first = list.slice(0, 20).map(({ name }) => name);
  const expected = `Expected ${first.join(", ")}${list.length > first.length ? ", …" : ""}.`;
  for (const name of Object.keys(state)) {
    if (names.has(name)) continue;
    const rename = code === "STATE" ? " Of a file with other names: readStateDict(bytes, { rename })." : "";
    throw new XentError(code, `${where}: no parameter is called ${show(name)}`, expected + rename);
  }
  for (const { name, shape } of list) {
    if (state[name] === undefined) throw new XentError(code, `${where}: "${name}" is missing`, expected);
    const given: Partial<TensorData> = state[name] ?? {};
    const { data } = given;
    const fits =
      data instanceof Float32Array && data.length === shape.reduce((product, size) => product * size, 1);
    if (!fits || String(given.shape) !== String(shape)) {
      const values = data instanceof Float32Array ? `${data.length} values` : show(data);
      throw new XentError(
        code,
        `${where}: "${name}" has shape [${given.shape}] and data ${values}`,
        `Expected a Float32Array of shape [${shape}].`,
      );
    }
    if (!finite) continue;
    const least = name.endsWith("running_var") ? 0 : Number.NEGATIVE_INFINITY;
    const at = firstOdd(data, least);
    if (at < data.length) {
      throw new XentError(
        code,
        `${where}: "${name}" holds ${data[at]} at position ${at}`,
        least === 0 ? "Expected finite numbers of at least 0." : "Expected finite numbers.",
      );
    }
  }
}

/** Where the first number stands that is not finite or below `least`; the length if there is none. */
function firstOdd(data: Float32Array, least: number): number {
  for (let i = 0; i < data.length; i++) {
    const value = data[i] as number;
    if (!(Number.isFinite(value) && value >= least)) return i;
  }
  return data.length;
}
