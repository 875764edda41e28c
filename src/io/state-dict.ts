// Safetensors files for users: read, written, and taken as a state dict, of which other frameworks wrote the numbers. What a saved
// model of xent means is not known here, but which of its tensors are no parameters.

import { XentError } from "../base/errors.ts";
import { widenHalves } from "../base/half.ts";
import { checkNames, show } from "../base/options.ts";
import type { StateDict, TensorData } from "../base/spec.ts";
import { decodeSafetensors } from "./decode.ts";
import { isDangerous } from "./limits.ts";
import { encodeSafetensors, type SafeArray, type SafeDtype, type SafeTensor, TYPES } from "./safetensors.ts";

/** A tensor that {@link writeSafetensors} writes. */
export interface SafeSource {
  /** default: the type that the array has; `F16`, `BF16` and `BOOL` must be named */
  readonly dtype?: SafeDtype;
  /** one size a dimension, outermost first */
  readonly shape: readonly number[];
  /** row-major; of `F16` and `BF16` the 16 bits, of `BOOL` bytes */
  readonly data: SafeArray;
}

/**
 * The bytes of a safetensors file. The same tensors and metadata give the same bytes, in whatever order the tensors come.
 *
 * @param tensors   by name: an object, such as `model.stateDict()`, or a `Map`, such as that of `readSafetensors`
 * @param metadata  texts by key, in their order
 * @throws {XentError} `CHECKPOINT` an array that does not fit its dtype or shape, or a name that the format or this reader does not
 *         take; `MEMORY` the host cannot hold the bytes
 * @category Files
 * @example
 * ```ts
 * import { readSafetensors, writeSafetensors } from "xent/data";
 * const mean = { shape: [3], data: Float32Array.of(1, 2, 3) };
 * const { tensors, metadata } = readSafetensors(writeSafetensors({ mean }, { unit: "cm" }));
 * [tensors.get("mean")?.data, metadata.get("unit")]; // → [[1, 2, 3], "cm"]
 * ```
 */
export function writeSafetensors(
  tensors: Readonly<Record<string, SafeSource>> | ReadonlyMap<string, SafeSource>,
  metadata: Readonly<Record<string, string>> | ReadonlyMap<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const list = entriesOf("tensors", tensors).map(([name, source]): [string, SafeTensor] => {
    const { dtype, shape, data } = Object(source) as SafeSource;
    return [name, { dtype: dtype ?? dtypeOf(name, data), shape, data }];
  });
  return encodeSafetensors(list, entriesOf("metadata", metadata));
}

/** Options of {@link readStateDict}. */
export interface ReadStateDictOptions {
  /** the model's name for a tensor of the file, or undefined to leave it out; default: the same name */
  rename?: (name: string) => string | undefined;
}

/**
 * The parameters and running statistics of a safetensors file, as `model.loadStateDict` takes them: of PyTorch, of xent, or of others.
 *
 * F32 is taken as it is, F16 and BF16 exactly, F64 rounded to the nearest. `num_batches_tracked` is left out, and of a file that `save`
 * wrote what belongs to training alone. A model's own names are PyTorch's for a `Sequential`: `"0.weight"`, by the layer's position.
 *
 * @param bytes  the whole file; the arrays may be views of it
 * @throws {XentError} `CHECKPOINT` the bytes are no such file; a tensor of whole numbers or truth values, or two of one name; `OPTION` an
 *         unknown option, or a rename that is no function or gives no name
 * @category Files
 * @example
 * ```ts
 * import { dense, init } from "xent";
 * import { readStateDict, writeSafetensors } from "xent/data";
 * // of PyTorch, with class Net: self.fc1 = nn.Linear(2, 1, bias=False)
 * const bytes = writeSafetensors({ "fc1.weight": { shape: [1, 2], data: Float32Array.of(3, 4) } });
 * const xent = await init();
 * const model = xent.sequential({ input: 2 }, [dense(1, { bias: false })]);
 * model.loadStateDict(readStateDict(bytes, { rename: (name) => name.replace("fc1", "0") }));
 * model.logits([[10, 1]]); // → [34]
 * ```
 */
export function readStateDict(
  bytes: Uint8Array | ArrayBuffer,
  options: ReadStateDictOptions = {},
): StateDict {
  checkNames("readStateDict", options, ["rename"]);
  const { rename = (name: string) => name } = options;
  if (typeof rename !== "function") {
    const problem = `readStateDict: rename is ${show(rename)}, expected a function`;
    throw new XentError("OPTION", problem, "Pass (name) => string.");
  }
  const { tensors, metadata } = decodeSafetensors(bytes);
  const own = metadata.has("xent");
  const state: Record<string, TensorData> = {};
  for (const [name, tensor] of tensors) {
    if (name.endsWith("num_batches_tracked") || (own && OF_TRAINING.test(name))) continue;
    const given: unknown = rename(name);
    if (given === undefined) continue;
    if (typeof given !== "string" || isDangerous(given)) {
      const problem = `readStateDict: rename(${show(name)}) is ${show(given)}, expected a name`;
      throw new XentError("OPTION", problem, "Return a string, or undefined to leave the tensor out.");
    }
    if (Object.hasOwn(state, given)) {
      const problem = `readStateDict: two tensors are called ${show(given)}, the second is ${show(name)} in the file`;
      throw new XentError("CHECKPOINT", problem, "Let rename give each a name of its own.");
    }
    state[given] = { shape: tensor.shape, data: asF32(name, tensor) };
  }
  return state;
}

/** Tensors of a saved model that are not its net: model/saving.ts names them. */
const OF_TRAINING = /^(optimizer\.\d+\.|best\.|last\.|metrics$)/;

function entriesOf<T>(
  what: string,
  given: Readonly<Record<string, T>> | ReadonlyMap<string, T>,
): (readonly [string, T])[] {
  if (given instanceof Map) return [...given];
  if (typeof given === "object" && given !== null && !Array.isArray(given) && !ArrayBuffer.isView(given)) {
    return Object.entries(given as Readonly<Record<string, T>>);
  }
  const problem = `writeSafetensors: ${what} are ${show(given)}, expected an object or a Map by name`;
  throw new XentError("OPTION", problem, "Pass { name: { shape, data } }, and texts as metadata.");
}

/** Of arrays that have one meaning in the format first. */
function dtypeOf(name: string, data: unknown): SafeDtype {
  const found = DEFAULTS.find((dtype) => data instanceof TYPES[dtype]);
  if (found !== undefined) return found;
  const problem = `writeSafetensors: the data of ${show(name)} is ${show(data)}, expected a typed array`;
  throw new XentError("CHECKPOINT", problem, "Pass { shape, data } with data as a Float32Array.");
}

const DEFAULTS = ["F32", "F64", "I32", "I64", "U8", "U16", "U32", "U64", "I8", "I16"] as const;

function asF32(name: string, { dtype, data }: SafeTensor): Float32Array {
  switch (dtype) {
    case "F32":
      return data as Float32Array;
    case "F64":
      return new Float32Array(data as Float64Array);
    case "BF16":
      // the upper half of an f32
      return new Float32Array(Uint32Array.from(data as Uint16Array, (bits) => bits << 16).buffer);
    case "F16":
      return widenHalves(data as Uint16Array, new Float32Array(data.length));
    default:
      throw new XentError(
        "CHECKPOINT",
        `readStateDict: tensor ${show(name)} is ${dtype}, expected F32, F64, F16 or BF16`,
        "It is no parameter of a dense net: leave it out, rename: (name) => (name === … ? undefined : name).",
      );
  }
}
