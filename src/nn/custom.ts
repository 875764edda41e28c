// A loss of the user's own, as a pair of functions. program/host.ts calls them.

import { OP_HOST } from "../base/abi.ts";
import { XentError } from "../base/errors.ts";
import { checkNames, show } from "../base/options.ts";
import { PARTS } from "../base/parts.ts";
import type { CustomLossSpec, Link, Reduction, RowLoss } from "../base/spec.ts";
import { bindHosts } from "../program/host.ts";
import { reductionOf } from "./cross-entropy.ts";
import type { LossParts } from "./parts.ts";

/** Options of {@link customLoss}. */
export interface CustomLossOptions extends RowLoss {
  /** default `batchmean` */
  reduction?: Reduction;
  /** what `predict` makes of the outputs, which then are logits; default `none` */
  link?: Link;
}

const LINKS: readonly Link[] = ["none", "softmax", "sigmoid"];

/**
 * A loss that the library has not, as two functions of one row of outputs and its row of targets.
 *
 * `loss` returns the loss of the row, summed over its outputs; `gradient` writes its derivative with respect to each output
 * into its third argument, which is all 0 before. Weights of rows and the reduction are multiplied in here; rows of weight 0
 * are not looked at. Class ids come as one-hot rows; with one output, as the number itself. The arrays are the same at every
 * call: nothing is to be kept of them. `gradCheck` tells whether the two belong together; it calls them with f64 rows.
 *
 * The accuracy is that of the largest output where targets are class ids or the link is `softmax`, that of each output
 * on its side where it is `sigmoid`.
 *
 * Make the loss once and pass it to every call: a model lays its programs anew for functions that it does not know. Both
 * are called on the thread that trains, so that a step takes longer than with a built-in loss; a hosted runtime
 * refuses them (`HOSTED_FUNCTION`). The bits of the weights are then as reproducible as what they compute: `Math.exp` and its
 * kin differ from engine to engine. What they throw ends the call, and the weights are those of the last step.
 *
 * @throws {XentError} `OPTION`; later, of the call that trains or evaluates: `LOSS` a `loss` that returns no number, or
 *                     a `gradient` that returns its result; `DIVERGED` a loss, an output or its gradient that is not finite;
 *                     `BUSY` a function that calls the model it is the loss of
 * @category Losses
 * @example
 * ```ts
 * import { customLoss, dense, gradCheck, init } from "xent";
 * const logCosh = customLoss({
 *   name: "log-cosh",
 *   loss(output, target) {
 *     let sum = 0;
 *     for (let j = 0; j < output.length; j++) sum += Math.log(Math.cosh(output[j] - target[j]));
 *     return sum;
 *   },
 *   gradient(output, target, gradient) {
 *     for (let j = 0; j < output.length; j++) gradient[j] = Math.tanh(output[j] - target[j]);
 *   },
 * });
 * const xent = await init();
 * const model = xent.sequential({ input: 1, loss: logCosh }, [dense(1)]);
 * (await gradCheck(model, { x: [[1], [2]], y: [0.5, 2.5] })).passed; // → true
 * ```
 */
export function customLoss(options: CustomLossOptions): CustomLossSpec {
  checkNames("customLoss", options, ["name", "loss", "gradient", "reduction", "link"]);
  const { name, loss, gradient, link = "none" } = options;
  if (typeof name !== "string" || name === "") {
    const hint = "Pass a short text: it stands in messages.";
    throw new XentError("OPTION", `customLoss: name is ${show(name)}, expected a text`, hint);
  }
  for (const [key, value] of Object.entries({ loss, gradient })) {
    if (typeof value === "function") continue;
    throw new XentError(
      "OPTION",
      `customLoss: ${key} is ${show(value)}, expected a function`,
      "Pass loss(output, target), which returns a number, and gradient(output, target, gradient), which writes the last.",
    );
  }
  if (!LINKS.includes(link)) {
    throw new XentError("OPTION", `customLoss: link is ${show(link)}`, `Known: ${LINKS.join(", ")}.`);
  }
  const reduction = reductionOf("customLoss", options, "batchmean");
  return { kind: "custom", name, loss, gradient, reduction, link, [PARTS]: CUSTOM };
}

const CUSTOM: LossParts<CustomLossSpec> = {
  of: "loss",
  make: customLoss,
  link: ({ link }) => link,
  criterion: () => ({ op: OP_HOST, parameters: [] }),
  bind: bindHosts,
};
