// A graph of operators as the bytes of an ONNX file: which protobuf field each thing is. It knows nothing of layers: what a model
// becomes is model/onnx.ts. Source of the fields: https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto.

import { bytes, type Encoded, float, integer, join, message, text } from "./protobuf.ts";

/** Element types, by the numbers that the format has for them. */
export const TYPES = { f32: 1, u8: 2, f64: 11 } as const;
export type OnnxType = keyof typeof TYPES;

/** A constant. */
export interface OnnxTensor {
  readonly name: string;
  /** `[]` is a single value */
  readonly shape: readonly number[];
  /** row-major */
  readonly data: Float32Array | Float64Array;
}

/** What goes in or comes out: a matrix of any number of rows. */
export interface OnnxMatrix {
  readonly name: string;
  readonly type: OnnxType;
  readonly columns: number;
}

/** The format tells integers from floats, JavaScript does not. */
export type OnnxAttribute = { readonly int: number } | { readonly float: number };

/** An operator of the default domain; its one output has the node's name, or another. */
export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

export interface OnnxGraph {
  readonly name: string;
  readonly input: OnnxMatrix;
  readonly output: OnnxMatrix;
  /** every one behind those whose outputs it takes */
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxTensor[];
  /** what else the file tells */
  readonly metadata: readonly (readonly [key: string, value: string])[];
}

/** The version of the format, and of the operators: 8 came with 17, in ONNX 1.12 of June 2022. */
const IR_VERSION = 8;
const OPSET = 17;

/** The name that stands for the number of rows. */
const ROWS = "N";

/** Types of attributes. */
const [FLOAT, INT] = [1, 2];

/**
 * The bytes of a file. The same graph gives the same bytes.
 *
 * @throws {XentError} `EXPORT` over 2 GiB, which protobuf does not allow; `MEMORY` the host cannot hold them
 */
export function encodeOnnx(where: string, graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  return join(where, [
    integer(1, IR_VERSION),
    text(2, "xent"),
    message(
      7,
      // flat, for a call cannot have as many arguments as a net may have layers
      graph.nodes.flatMap(nodeProto),
      text(2, graph.name),
      graph.constants.flatMap(tensorProto),
      message(11, ...valueInfo(graph.input)),
      message(12, ...valueInfo(graph.output)),
    ),
    // the domain that is left out is ONNX's own
    message(8, integer(2, OPSET)),
    ...graph.metadata.map(([key, value]) => message(14, text(1, key), text(2, value))),
  ]);
}

function nodeProto({ op, name, inputs, output, attributes }: OnnxNode): Encoded {
  return message(
    1,
    ...inputs.map((input) => text(1, input)),
    text(2, output),
    text(3, name),
    text(4, op),
    ...Object.entries(attributes).map(([key, value]) => message(5, text(1, key), ...attribute(value))),
  );
}

function attribute(value: OnnxAttribute): Encoded[] {
  if ("float" in value) return [float(2, value.float), integer(20, FLOAT)];
  return [integer(3, value.int), integer(20, INT)];
}

/** The format's raw data are little-endian, as WebAssembly's memory and so every host of it is. */
function tensorProto({ name, shape, data }: OnnxTensor): Encoded {
  return message(
    5,
    ...shape.map((size) => integer(1, size)),
    integer(2, data instanceof Float32Array ? TYPES.f32 : TYPES.f64),
    text(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
}

function valueInfo({ name, type, columns }: OnnxMatrix): Encoded[] {
  const shape = message(2, message(1, text(2, ROWS)), message(1, integer(1, columns)));
  return [text(1, name), message(2, message(1, integer(1, TYPES[type]), shape))];
}
