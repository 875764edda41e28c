// Who is measured, and in which ways each of them may run.

import type { Net } from "../baselines/systems/system.d.ts";
import { type Product, productName } from "../shapes.ts";

export type Kind = "gemm" | "step" | "predict" | "learn" | "first";

/** A library in one of the ways in which it runs. */
export interface Contestant {
  readonly system: string;
  /** in `../baselines/systems`; undefined for PyTorch, which has a process of its own */
  readonly file: string | undefined;
  readonly threads: number;
  /** as its file understands it */
  readonly backend?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** of xent */
  readonly own?: { readonly build: string; readonly wide: boolean };
  readonly kinds: readonly Kind[];
  /** what of a kind it is not asked for; all of it, where left out */
  readonly without?: (work: Work) => boolean;
}

/** A piece of work, with what its process must know. */
export type Work = { readonly name: string } & (
  | { readonly kind: "gemm"; readonly n: number }
  | { readonly kind: "step" | "predict"; readonly net: Net }
  | { readonly kind: "first"; readonly net: Net; readonly more: number }
  | {
      readonly kind: "learn";
      readonly net: Net;
      readonly target: number;
      readonly epochs: number;
      readonly lr: number;
    }
);

export const THREADS = 2;
const BOTH = [1, THREADS] as const;

const own = (backend: string, build: string, threads: number): Contestant => ({
  system: "xent",
  file: "xent.mjs",
  threads,
  backend,
  own: { build, wide: backend === "wide" },
  kinds: backend === "strict" ? ["gemm", "step", "predict"] : ["gemm", "step", "predict", "learn", "first"],
});

/** xent in its builds: what the ratios are to. */
export const OWN: readonly Contestant[] = [
  own("strict", "simd", 1),
  ...BOTH.map((threads) => own("fast", "relaxed", threads)),
  ...BOTH.map((threads) => own("wide", "relaxed", threads)),
];

const smallest = (net: Net): boolean => (net.widths[0] as number) * (net.widths[1] as number) < 50_000;
/** Its runs would take seconds. */
const large = (work: Work): boolean => (work.kind === "gemm" ? work.n > 512 : false);
const withAdam = (work: Work): boolean => work.kind !== "gemm" && work.net.optimizer === "adam";
const quadratic = (work: Work): boolean => work.kind !== "gemm" && work.net.loss === "quadratic";
const pytorch: Kind[] = ["gemm", "step", "predict", "learn", "first"];

export const PEERS: readonly Contestant[] = [
  ...BOTH.map((threads) => ({ system: "PyTorch", file: undefined, threads, kinds: pytorch })),
  // the instructions that V8 has: what `wide` is to be compared with
  ...BOTH.map(
    (threads): Contestant => ({
      system: "PyTorch, MKL AVX2",
      file: undefined,
      threads,
      env: { MKL_ENABLE_INSTRUCTIONS: "AVX2" },
      kinds: ["gemm", "step"],
      without: (work) => work.kind === "step" && smallest(work.net),
    }),
  ),
  {
    system: "jax-js wasm",
    file: "jax.mjs",
    backend: "wasm",
    threads: 1,
    kinds: ["gemm", "step", "predict", "learn", "first"],
    without: quadratic,
  },
  {
    system: "tfjs wasm",
    file: "tfjs-layers.mjs",
    backend: "wasm",
    threads: 1,
    kinds: ["step", "first"],
    without: quadratic,
  },
  // around what is slow in it: faster than anything that its documents show
  {
    system: "tfjs wasm, tuned",
    file: "tfjs.mjs",
    backend: "wasm",
    threads: 1,
    kinds: ["gemm", "step", "predict", "learn"],
    without: quadratic,
  },
  {
    system: "tfjs cpu",
    file: "tfjs.mjs",
    backend: "cpu",
    threads: 1,
    kinds: ["gemm", "step", "first"],
    without: (work) => large(work) || quadratic(work),
  },
  ...BOTH.map(
    (threads): Contestant => ({
      system: "onnxruntime-web",
      file: "onnxruntime.mjs",
      threads,
      kinds: ["gemm", "predict"],
    }),
  ),
  {
    system: "ConvNetJS",
    file: "convnetjs.mjs",
    threads: 1,
    kinds: ["step", "predict", "first"],
    without: (work) => quadratic(work) || withAdam(work), // it has no Adam
  },
  {
    system: "brain.js",
    file: "brain.mjs",
    threads: 1,
    kinds: ["step"],
    without: (work) => !quadratic(work),
  },
  { system: "ml-matrix", file: "ml-matrix.mjs", threads: 1, kinds: ["gemm"] },
  {
    system: "plain TypeScript",
    file: "plain.ts",
    threads: 1,
    kinds: ["gemm", "step", "predict"],
    without: large,
  },
];

const net = (
  widths: number[],
  batch: number,
  activation: Net["activation"],
  { loss = "crossEntropy", optimizer = "sgd" }: { loss?: Net["loss"]; optimizer?: Net["optimizer"] } = {},
): Net => ({ widths, batch, activation, loss, optimizer });

const MNIST_NET = net([784, 512, 256, 10], 128, "relu");
const MNIST_ADAM: Net = { ...MNIST_NET, optimizer: "adam" };
const NETS: readonly Net[] = [
  net([784, 128, 10], 128, "relu"),
  MNIST_NET,
  net([784, 30, 10], 10, "sigmoid"),
  net([64, 32, 10], 32, "sigmoid"),
  net([4, 16, 3], 16, "sigmoid"),
  // what brain.js trains: row by row, with a quadratic cost
  net([784, 30, 10], 1, "sigmoid", { loss: "quadratic" }),
  net([784, 512, 512, 10], 128, "relu", { optimizer: "adam" }),
];
const ROWS_TO_PREDICT = [1, 32, 1024];

const nameOf = ({ widths, batch, activation, loss }: Net): string =>
  `${widths.join("-")} b${batch} ${activation}${loss === "quadratic" ? " quadratic" : ""}`;
const square = (n: number): Product => ({ form: "NN", m: n, n, k: n });

export const WORKS: readonly Work[] = [
  ...[128, 256, 512, 1024].map((n): Work => ({ kind: "gemm", name: productName(square(n)), n })),
  ...NETS.map((each): Work => ({ kind: "step", name: `step ${nameOf(each)} ${each.optimizer}`, net: each })),
  ...[net([784, 128, 10], 1, "relu"), MNIST_NET].flatMap((each) =>
    ROWS_TO_PREDICT.map((batch): Work => {
      const sized = { ...each, batch };
      return { kind: "predict", name: `predict ${nameOf(sized)}`, net: sized };
    }),
  ),
  {
    kind: "first",
    name: `first step ${nameOf(net([784, 128, 10], 128, "relu"))} sgd`,
    net: net([784, 128, 10], 128, "relu"),
    more: 50,
  },
  {
    kind: "learn",
    name: `98 % of MNIST ${nameOf(MNIST_ADAM)} adam`,
    net: MNIST_ADAM,
    target: 0.98,
    epochs: 40,
    lr: 0.001,
  },
];

/** Those that can do a piece of work; xent first. */
export function contestantsOf(work: Work): Contestant[] {
  return [...OWN, ...PEERS].filter(({ kinds, without }) => kinds.includes(work.kind) && !without?.(work));
}
