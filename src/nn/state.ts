// Tensors of a net as they stand in memory, and as a state dict has them: unpadded, matrices turned to PyTorch's [out, in].

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { StateDict, TensorData } from "../base/spec.ts";
import type { Arena } from "../memory/arena.ts";
import type { Stored } from "./params.ts";

/** What stands `offset` bytes behind each of these: gradients and slots are laid out as parameters are. */
export function readState(arena: Arena, list: readonly Stored[], offset = 0): StateDict {
  const state: StateDict = {};
  for (const { name, tensor, shape } of list) {
    const data = arena.f32({ ...tensor, address: tensor.address + offset });
    const { rows, cols, ld } = tensor;
    const out = new Float32Array(rows * cols);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * ld + j] as number;
    }
    state[name] = { shape, data: out };
  }
  return state;
}

/** The way back, of a state that was checked. */
export function writeState(arena: Arena, list: readonly Stored[], state: StateDict, offset = 0): void {
  for (const { name, tensor } of list) {
    const data = arena.f32({ ...tensor, address: tensor.address + offset });
    const { rows, cols, ld } = tensor;
    const from = (state[name] as TensorData).data;
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) data[i * ld + j] = from[j * rows + i] as number;
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
  list: readonly Stored[],
  state: StateDict,
  finite = true,
): void {
  if (typeof state !== "object" || state === null) {
    throw new XentError(code, `${where}: the state is ${show(state)}`, "Pass what stateDict() returns.");
  }
  const names = new Set(list.map(({ name }) => name));
  const expected = `Expected ${[...names].join(", ")}.`;
  for (const name of Object.keys(state)) {
    if (!names.has(name)) throw new XentError(code, `${where}: no parameter is called "${name}"`, expected);
  }
  for (const { name, tensor, shape } of list) {
    if (state[name] === undefined) throw new XentError(code, `${where}: "${name}" is missing`, expected);
    const given: Partial<TensorData> = state[name] ?? {};
    const { data } = given;
    const fits = data instanceof Float32Array && data.length === tensor.rows * tensor.cols;
    if (!fits || String(given.shape) !== String(shape)) {
      const values = data instanceof Float32Array ? `${data.length} values` : show(data);
      throw new XentError(
        code,
        `${where}: "${name}" has shape [${given.shape}] and data ${values}`,
        `Expected a Float32Array of shape [${shape}].`,
      );
    }
    if (!finite) continue;
    const variance = name.endsWith("running_var");
    const at = data.findIndex((value) => !Number.isFinite(value) || (variance && value < 0));
    if (at >= 0) {
      throw new XentError(
        code,
        `${where}: "${name}" holds ${data[at]} at position ${at}`,
        variance ? "Expected finite numbers of at least 0." : "Expected finite numbers.",
      );
    }
  }
}
