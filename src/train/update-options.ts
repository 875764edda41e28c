// Checks of what several optimisers take: their common options, groups of parameters, decays.

import { XentError } from "../base/errors.ts";
import { checkNames, positive, show, within } from "../base/options.ts";
import type { ParamGroup, UpdateOptions } from "../base/spec.ts";

/**
 * A group for `groups`: biases, and scales and shifts of normalisation and slopes of activations, are neither decayed nor drawn
 * to 0.
 * @category Optimisers
 * @example
 * ```ts
 * import { dense, init, mse, noDecay, ones, sgd } from "xent";
 * const xent = await init();
 * const optimizer = sgd({ lr: 0.5, weightDecay: 0.5, groups: [noDecay] });
 * const layer = dense(1, { init: ones(), biasInit: ones() });
 * const model = xent.sequential({ input: 1, loss: mse(), optimizer }, [layer]);
 * await model.trainOnBatch([[0]], [1]); // is right already: nothing but decay is left
 * Object.values(model.stateDict()).map(({ data }) => data[0]); // → [0.75, 1]
 * ```
 */
export const noDecay: ParamGroup = { roles: ["bias", "norm", "slope"], weightDecay: 0, l1: 0 };

const GROUP = ["lrScale", "weightDecay", "l1"] as const;
export const UPDATE = ["weightDecay", "l1", "clipNorm", "clipValue", "groups", "schedule"];

/** What all optimisers take, as far as it is given. */
export function updateOptions(where: string, options: UpdateOptions): UpdateOptions {
  const { weightDecay, l1, clipNorm, clipValue, groups, schedule } = options;
  if (clipNorm !== undefined && clipValue !== undefined) excluded(where, "clipNorm", "clipValue");
  return {
    ...(weightDecay !== undefined && { weightDecay: within(`${where}: weightDecay`, weightDecay, 0) }),
    ...(l1 !== undefined && { l1: within(`${where}: l1`, l1, 0) }),
    ...(clipNorm !== undefined && { clipNorm: positive(`${where}: clipNorm`, clipNorm) }),
    ...(clipValue !== undefined && { clipValue: positive(`${where}: clipValue`, clipValue) }),
    ...(groups !== undefined && { groups: checkGroups(`${where}: groups`, groups) }),
    ...(schedule !== undefined && { schedule }),
  };
}

function checkGroups(where: string, groups: readonly ParamGroup[]): readonly ParamGroup[] {
  if (!Array.isArray(groups)) {
    throw new XentError("OPTION", `${where} are ${show(groups)}`, "Pass an array such as [noDecay].");
  }
  return groups.map((group, i) => {
    const one = `${where}[${i}]`;
    checkNames(one, group, ["roles", "layers", ...GROUP]);
    for (const name of ["roles", "layers"] as const) {
      const list: unknown = group[name];
      if (list === undefined) continue;
      const known = name === "roles" ? ROLES : undefined;
      if (
        Array.isArray(list) &&
        list.every((item) => typeof item === "string" && (known?.includes(item) ?? true))
      )
        continue;
      const shown = Array.isArray(list) ? list.map(show).join(", ") : show(list);
      throw new XentError(
        "OPTION",
        `${one}: ${name} are ${shown}`,
        known ? `Known: ${known.map(show).join(", ")}.` : 'Pass positions of layers as text: ["0", "3.1"].',
      );
    }
    for (const name of GROUP) if (group[name] !== undefined) within(`${one}: ${name}`, group[name], 0);
    return { ...group };
  });
}

const ROLES: readonly string[] = ["weight", "bias", "norm", "slope"];

export function excluded(where: string, one: string, other: string): never {
  throw new XentError(
    "OPTION",
    `${where}: ${one} with ${other}`,
    "Leave one of them out, or see its formula.",
  );
}
