// Whether something is a model whose weights are on this thread, for those that make other files of it.

import { XentError } from "../base/errors.ts";
import { show } from "../base/options.ts";
import { Sequential } from "./sequential.ts";

/** @throws {XentError} `OPTION` */
export function exportable(where: string, model: unknown): Sequential {
  if (model instanceof Sequential) return model;
  const hosted = typeof Object(model).save === "function";
  throw new XentError(
    "OPTION",
    hosted
      ? `${where}: the model is a hosted one, whose weights are in a worker`
      : `${where}: the model is ${show(model)}`,
    hosted
      ? `Bring it here, with the runtime of init: ${where}(await xent.load(await model.save())).`
      : "Pass what sequential() or load() of init's runtime gives.",
  );
}
