// ml-matrix: `mmul` of two matrices, plain JavaScript on 64-bit floats; no nets. Of its other ways
// (`mmulStrassen`, wrapped flat arrays, a transposed view on the right) none is faster throughout.

import { Matrix } from "ml-matrix";
import { versionOf } from "./version.mjs";

/** @returns {Promise<import("./system.d.ts").System>} */
export async function open() {
  return {
    version: versionOf("ml-matrix"),
    backend: "JavaScript, f64, 1 thread",
    gemm(n, a, b) {
      const left = Matrix.from1DArray(n, n, a);
      const right = Matrix.from1DArray(n, n, b);
      let product = Matrix.zeros(n, n);
      return {
        run() {
          product = left.mmul(right);
        },
        result: () => product.to1DArray(),
      };
    },
  };
}
