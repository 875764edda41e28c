// ONNX files as onnx-proto reads them, which is generated from the format's own description.

import { createRequire } from "node:module";

/** What onnx-proto makes of one of the format's messages. Its own types need a package that is not there. */
export interface MessageType {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): unknown;
}

// it is CommonJS
const { onnx } = createRequire(import.meta.url)("onnx-proto") as {
  onnx: Readonly<Record<"ModelProto" | "TensorProto", MessageType>>;
};
export const { ModelProto, TensorProto } = onnx;

/** A message as plain data: integers of 64 bits as numbers, enumerations by name, fields that are not there left out. */
export function decoded(type: MessageType, bytes: Uint8Array): Record<string, unknown> {
  const plain = type.toObject(type.decode(bytes), { longs: Number, enums: String });
  return plain as Record<string, unknown>;
}
