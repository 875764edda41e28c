// init: which build and tile it takes, what it says of them, and what it does with one that computes wrong things.

import { afterEach, describe, expect, it, vi } from "vitest";
import { TILES, tileName } from "../../src/base/tile.ts";
import { type InitOptions, init } from "../../src/model/runtime.ts";
import { selfTest } from "../../src/model/selftest.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { sgd } from "../../src/train/sgd.ts";
import * as load from "../../src/wasm/builds.ts";
import { blobSet } from "../support/blobs.ts";
import { coreOf, wasmBytes } from "../support/core.ts";
import { stubEngine } from "../support/engine.ts";
import { refuses } from "../support/errors.ts";
import { compileMutant, type Mutation } from "../support/mutants.ts";

vi.mock(import("../../src/wasm/builds.ts"), { spy: true });
afterEach(() => {
  vi.resetAllMocks();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const mutant = async (...mutations: Mutation[]): Promise<WebAssembly.Module> =>
  new WebAssembly.Module(await compileMutant(mutations));
const mutated = (file: string, from: string, to: string): Mutation => ({
  file: `assembly/${file}`,
  from,
  to,
});

/** What is wrong in one of them shows in nothing that a compiler or a validator would see. */
/** In sgdStep, and in no other kernel of its file. */
const SGD = "const low = V.flush(V.madd(rate, v128.load(g), v128.load(p)), exponents);";

const MUTANTS: [string, Mutation][] = [
  ["a product's depth", mutated("gemm/sgemm.ts", "min(deep, k - p);", "min(deep, k - p) - 1;")],
  ["a single row", mutated("gemm/ukernel.ts", "v128.load(b, 112), c7)", "v128.load(b, 96), c7)")],
  ["what a product is added to", mutated("gemm/sgemm.ts", "f32x4.mul(s, v128.load(at))", "v128.load(at)")],
  [
    "sums that begin with C",
    mutated("gemm/sgemm.ts", "const rowZ = sums ? row : 0;", "const rowZ: usize = 0;"),
  ],
  ["columns at the edge", mutated("gemm/sgemm.ts", "if ((cols & 1) != 0)", "if ((cols & 1) == 9)")],
  ["rows at the edge", mutated("gemm/sgemm.ts", "min(tall, m - i),", "min(tall, m - i) - i32(n > 20),")],
  [
    "packing of a transposed matrix",
    mutated("gemm/pack.ts", "b0 + <usize>min(last, 1) * stride", "b0 + <usize>min(last, 2) * stride"),
  ],
  ["the logistic function", mutated("lib/math.ts", "24.0, // 68", "0.0, // 68")],
  [
    "the loss",
    mutated(
      "softmax.ts",
      "const value = logOf(sum) + (top - zt);",
      "const value = logOf(sum) + (top - zt) + 1;",
    ),
  ],
  ["the gradient of the loss", mutated("softmax.ts", "(pt - 1) * s", "pt * s")],
  [
    "hits",
    mutated(
      "softmax.ts",
      "store<i32>(hit, i32(first && value == value));\n    }\n    z += (<usize>ldz) << 2;\n    dz += (<usize>lddz) << 2;\n    target += 4;",
      "store<i32>(hit, 1);\n    }\n    z += (<usize>ldz) << 2;\n    dz += (<usize>lddz) << 2;\n    target += 4;",
    ),
  ],
  ["the step of SGD", mutated("optim.ts", SGD, SGD.replace("V.madd(rate,", "V.madd(f32x4.neg(rate),"))],
];

describe("the self-test", () => {
  it.each(["simd", "debug", "relaxed"] as const)("passes the %s build with every tile", (build) => {
    for (const tile of TILES) {
      expect(selfTest(coreOf(build, tile))).toEqual({ problem: undefined, fused: build === "relaxed" });
    }
  });

  it.each(MUTANTS)("finds a fault in %s", async (_, mutation) => {
    const { problem } = selfTest({ ...coreOf("simd"), module: await mutant(mutation) });
    expect(problem).toMatch(/ is .*, expected /);
  });

  it("replaces a build that traps", async () => {
    const trapping = await mutant(mutated("optim.ts", SGD, `unreachable();\n    ${SGD}`));
    const { compileBuild } = await vi.importActual<typeof load>("../../src/wasm/builds.ts");
    vi.mocked(load.compileBuild).mockImplementation(async (name) =>
      name === "relaxed" ? trapping : compileBuild(name),
    );
    const { info } = await init({ threads: 1 });
    expect(info.build).toBe("simd");
    expect(info.reasons[0]).toMatch(/the self-test of relaxed failed \(unreachable\)/);
    await refuses(() => init({ wasm: trapping }), "UNSUPPORTED", "self-test of custom failed (unreachable)");
  });

  it("replaces a build that fails it, and says so", async () => {
    const broken = await mutant((MUTANTS[0] as [string, Mutation])[1]);
    const { compileBuild } = await vi.importActual<typeof load>("../../src/wasm/builds.ts");
    vi.mocked(load.compileBuild).mockImplementation(async (name) =>
      name === "relaxed" ? broken : compileBuild(name),
    );
    stubEngine("24.1.0");
    const { info } = await init({ threads: 1 });
    expect(info).toMatchObject({ build: "simd", tile: "5x8", fused: false });
    expect(info.reasons[0]).toMatch(/^build: simd, .*the self-test of relaxed failed \(element/);
    vi.mocked(load.compileBuild).mockResolvedValue(broken);
    await refuses(() => init(), "UNSUPPORTED", "self-test of relaxed failed", "self-test of simd failed");
    await refuses(() => init({ wasm: broken }), "UNSUPPORTED", "self-test of custom failed");
  });
});

describe("precision", () => {
  it("takes the build with fused multiply-adds where there is one, and the exact one when asked", async () => {
    stubEngine("24.1.0");
    const fast = (await init({ threads: 2 })).info;
    expect(fast).toMatchObject({ build: "relaxed", tile: "6x8", threads: 2, wide: false, fused: true });
    const strict = (await init({ precision: "strict" })).info;
    expect(strict).toMatchObject({ build: "simd", tile: "5x8", fused: false });
    expect(fast.reasons.map((reason) => reason.split(":")[0])).toEqual(["build", "tile", "wide", "threads"]);
    expect(strict.reasons[0]).toContain("same bits on every engine");
  });

  it("falls back to simd where relaxed SIMD is not to be had", async () => {
    const { validate } = WebAssembly;
    vi.spyOn(WebAssembly, "validate").mockImplementation(
      (bytes) => bytes.byteLength > 100 && validate(bytes),
    );
    const { info } = await init({ threads: 1 });
    expect(info.build).toBe("simd");
    expect(info.reasons[0]).toMatch(/relaxed SIMD/);
  });

  it("strict gives the same weights as the build itself, fast others", async () => {
    const data = blobSet(3, 60, 5, 3);
    const run = async (options: InitOptions): Promise<string> => {
      const xent = await init(options);
      const model = xent.sequential(
        { input: 5, seed: 2, loss: crossEntropy(), optimizer: sgd({ lr: 0.5 }) },
        [dense(9), dense(3)],
      );
      await model.fit(data, { epochs: 20, inspect: false });
      return String(model.stateDict()["0.weight"]?.data);
    };
    const strict = await run({ precision: "strict" });
    expect(await run({ wasm: wasmBytes("simd") })).toBe(strict);
    expect(await run({})).not.toBe(strict);
    expect(await run({ wasm: wasmBytes("relaxed") })).toBe(await run({}));
  });
});

describe("the tile by rule", () => {
  it.each([
    ["Node 20", "4x8", "4x8", "20.20.2", {}],
    ["Node 22", "4x8", "4x8", "22.23.3", {}],
    ["Node 23", "4x8", "4x8", "23.11.1", {}],
    ["Node 24", "6x8", "5x8", "24.0.0", {}],
    ["Node 26", "6x8", "5x8", "26.10.0", {}],
    [
      "Bun, which says that it is Node 22",
      "6x8",
      "5x8",
      "22.1.0",
      { versions: { node: "22.1.0", bun: "1.2.0" } },
    ],
    ["a page", "6x8", "5x8", "", { versions: undefined }],
  ])("on %s is %s, strict %s", async (_, fast, strict, node, more) => {
    stubEngine(node, more);
    const taken = (await init()).info;
    expect(taken).toMatchObject({ build: "relaxed", tile: fast });
    expect(taken.reasons[1]).toBe(`tile: ${fast}, by rule for relaxed`);
    expect((await init({ precision: "strict" })).info).toMatchObject({ build: "simd", tile: strict });
  });
});

describe("tune", () => {
  it("takes the fastest tile and shows all speeds", async () => {
    const { info } = await init({ tune: true });
    const tile = info.reasons[1] as string;
    const [, taken, list] = /^tile: (\w+), measured: (.*) GFLOP\/s$/.exec(tile) ?? [];
    expect(taken).toBe(info.tile);
    const speeds = new Map((list ?? "").split(", ").map((part) => part.split(" ") as [string, string]));
    expect([...speeds.keys()]).toEqual(TILES.map(tileName));
    expect(Number(speeds.get(info.tile))).toBe(Math.max(...[...speeds.values()].map(Number)));
  });
});

describe("refusals", () => {
  const any = (options: unknown): Promise<unknown> => init(options as InitOptions);
  it.each([
    [{ precision: "exact" }, 'precision is "exact"'],
    [{ wide: 1 }, "wide is 1"],
    [{ tune: "yes" }, 'tune is "yes"'],
    [{ threads: 0 }, 'threads is 0, expected "auto" or an integer from 1 to 64'],
    [{ threads: 65 }, "threads is 65"],
    [{ threads: 1.5 }, "threads is 1.5"],
    [{ threads: "2" }, 'threads is "2"'],
    [{ cores: 2 }, 'unknown option "cores"'],
    [{ wasm: "simd.wasm" }, 'wasm is "simd.wasm"'],
  ])("%o", async (options, piece) => {
    await refuses(() => any(options), "OPTION", piece);
  });
});
