// Names and FLOP counts of the bench: other tools look results up by them.

import { expect, test } from "vitest";
import {
  NETS,
  productFlops,
  productName,
  products,
  SQUARES,
  stepFlops,
  stepName,
} from "../../bench/shapes.ts";

const [mnist, deep, small] = NETS as [(typeof NETS)[0], (typeof NETS)[0], (typeof NETS)[0]];

test("names of squares and steps", () => {
  expect(SQUARES.map(productName)).toEqual([
    "gemm 64x64x64 NN",
    "gemm 128x128x128 NN",
    "gemm 256x256x256 NN",
    "gemm 512x512x512 NN",
    "gemm 1024x1024x1024 NN",
  ]);
  expect(NETS.map(stepName)).toEqual([
    "step 784-128-10 b128 relu sgd",
    "step 784-512-256-10 b128 relu sgd",
    "step 784-30-10 b10 sigmoid sgd",
    "step 64-32-10 b32 sigmoid sgd",
    "step 4-16-3 b16 sigmoid sgd",
  ]);
});

test("a net's products: forward, weight gradient, and input gradient of all layers but the first", () => {
  expect(products(mnist).map(productName)).toEqual([
    "gemm 128x128x784 NN",
    "gemm 784x128x128 TN",
    "gemm 128x10x128 NN",
    "gemm 128x10x128 TN",
    "gemm 128x128x10 NT",
  ]);
  expect(products(deep)).toHaveLength(8);
  for (const net of NETS) {
    const names = products(net).map(productName);
    expect(new Set(names).size).toBe(names.length);
  }
});

test("a step's FLOPs are those of its products", () => {
  expect(productFlops({ form: "NN", m: 3, n: 5, k: 7 })).toBe(210);
  expect(stepFlops(mnist)).toBe(2 * 128 * (2 * 784 * 128 + 3 * 128 * 10));
  expect(stepFlops(small)).toBe(2 * 10 * (2 * 784 * 30 + 3 * 30 * 10));
});
