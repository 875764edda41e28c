// The suite `gemm`: matrix products as a training step runs them, packing of B included where there is any. Operands lie
// as they do in a net (rows padded to cache lines), the same ones in every run: warm in whatever cache holds them.

import { HYPER_BYTES, RECORD_BYTES } from "../src/base/abi.ts";
import { wholeTiles } from "../src/base/tile.ts";
import { Arena } from "../src/memory/arena.ts";
import { leadingDimension, Plan, type Region, type Tensor } from "../src/memory/plan.ts";
import { right } from "../src/nn/lower-dense.ts";
import { Builder, scratchBytes } from "../src/program/builder.ts";
import { Program } from "../src/program/program.ts";
import type { Core } from "../src/wasm/runtime.ts";
import { bytesOf, type Case, type Spec } from "./case.ts";
import { bits, fillNormal } from "./random.ts";
import { NETS, netName, type Product, productFlops, productName, products, SQUARES } from "./shapes.ts";

/** Squares, then the products of each net; a product that two nets share is measured once. */
export function gemmSpecs(): Spec[] {
  const groups: [string, readonly Product[]][] = [
    ["squares", SQUARES],
    ...NETS.map((net): [string, Product[]] => [netName(net), products(net)]),
  ];
  const specs = new Map<string, Spec>();
  for (const [group, list] of groups) {
    for (const product of list) {
      const name = productName(product);
      if (!specs.has(name)) specs.set(name, { name, group, make: (core) => gemmCase(core, product) });
    }
  }
  return [...specs.values()];
}

function gemmCase(core: Core, product: Product): Case {
  const { form, m, n, k } = product;
  const [turnA, turnB] = [form === "TN", form === "NT"];
  const plan = new Plan();
  const hyper = plan.tensor("hyper", "hyper", 1, HYPER_BYTES / 4, { given: true });
  const matrix = (region: Region, name: string, rows: number, cols: number): Tensor =>
    plan.tensor(region, name, rows, cols, { ld: leadingDimension(cols), given: region === "data" });
  const a = turnA ? matrix("data", "a", k, m) : matrix("data", "a", m, k);
  const b = turnB ? matrix("data", "b", n, k) : matrix("data", "b", k, n);
  const c = matrix("activations", "c", m, n);
  const builder = new Builder(plan.tensor("scratch", "edge tiles", 1, scratchBytes() / 4), core.tile);
  builder.label = productName(product);
  builder.sgemm(a, right(builder, plan, m, b, turnB), c, { transposeA: turnA });
  const room = plan.tensor("program", "program", builder.length, RECORD_BYTES / 4, { given: true });
  const arena = new Arena(core, plan.layout().total);
  const program = new Program(arena, builder, room, hyper);

  const random = bits(m + 3 * n + 7 * k);
  for (const tensor of [a, b]) fillNormal(arena.f32(tensor), tensor.rows, tensor.cols, tensor.ld, random);

  return {
    name: productName(product),
    work: { flops: productFlops(product), bytes: bytesOf(program), lanes: n / wholeTiles(core.tile, n) },
    run: () => program.run(),
    check() {
      const [av, bv, cv] = [arena.f32(a), arena.f32(b), arena.f32(c)];
      cv.fill(Number.NaN);
      program.run();
      for (const [i, j] of sample(m, n)) {
        let exact = 0;
        let size = 0;
        for (let p = 0; p < k; p++) {
          const x = av[turnA ? p * a.ld + i : i * a.ld + p] as number;
          const y = bv[turnB ? j * b.ld + p : p * b.ld + j] as number;
          exact += x * y;
          size += Math.abs(x * y);
        }
        const got = cv[i * c.ld + j] as number;
        const bound = gamma(k + 2) * size;
        if (!(Math.abs(got - exact) <= bound)) {
          return `C[${i}, ${j}] is ${got}, expected ${exact} ± ${bound.toPrecision(2)}`;
        }
      }
      return undefined;
    },
  };
}

/** γ(k) = k·u / (1 − k·u), u = 2⁻²⁴: the most that k roundings do to a number (docs/numerics.md). */
export function gamma(k: number): number {
  return (k * 2 ** -24) / (1 - k * 2 ** -24);
}

const SAMPLES = 300;

/** All elements of a small matrix; else the last row, the last column and others at random. */
function sample(m: number, n: number): [number, number][] {
  if (m * n <= SAMPLES) return Array.from({ length: m * n }, (_, at) => [Math.floor(at / n), at % n]);
  const random = bits(m * n);
  return Array.from({ length: SAMPLES }, (_, at) => [
    at % 3 === 0 ? m - 1 : random.below(m),
    at % 3 === 1 ? n - 1 : random.below(n),
  ]);
}
