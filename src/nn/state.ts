// Whether a state dict is one of a network: names, shapes, numbers. Changes nothing.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import type { StateDict, TensorData } from "../base/spec.ts";
import type { Stored } from "./params.ts";

/** @throws {XentError} `STATE` */
export function checkState(state: StateDict, list: readonly Stored[]): void {
  if (typeof state !== "object" || state === null) {
    throw new XentError(
      "STATE",
      `loadStateDict: the state is ${show(state)}`,
      "Pass what stateDict() returns.",
    );
  }
  const names = list.map((param) => param.name);
  const expected = `Expected ${names.join(", ")}.`;
  for (const name of Object.keys(state)) {
    if (!names.includes(name))
      throw new XentError("STATE", `loadStateDict: no parameter is called "${name}"`, expected);
  }
  for (const { name, tensor, shape } of list) {
    if (state[name] === undefined) {
      throw new XentError("STATE", `loadStateDict: "${name}" is missing`, expected);
    }
    const given: Partial<TensorData> = state[name] ?? {};
    const { data } = given;
    if (
      !(data instanceof Float32Array) ||
      String(given.shape) !== String(shape) ||
      data.length !== tensor.rows * tensor.cols
    ) {
      const values = data instanceof Float32Array ? `${data.length} values` : show(data);
      throw new XentError(
        "STATE",
        `loadStateDict: "${name}" has shape [${given.shape}] and data ${values}`,
        `Expected a Float32Array of shape [${shape}].`,
      );
    }
    const variance = name.endsWith("running_var");
    const at = data.findIndex((value) => !Number.isFinite(value) || (variance && value < 0));
    if (at >= 0) {
      throw new XentError(
        "STATE",
        `loadStateDict: "${name}" holds ${data[at]} at position ${at}`,
        variance ? "Expected finite numbers of at least 0." : "Expected finite numbers.",
      );
    }
  }
}
