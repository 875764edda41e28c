/**
 * Models for other runtimes, in the ONNX format.
 *
 * @module xent/onnx
 */

export { exportOnnx, type OnnxOptions } from "./model/onnx.ts";
