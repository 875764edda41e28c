// A host record keeps to its entry in the op table: what it writes, bit for bit, between canaries; what it reads; that a row of
// weight 0 is not looked at; how a run is cut into parts; and what programs without one pay, which is nothing.

import { describe, expect, it } from "vitest";
import * as abi from "../../src/base/abi.ts";
import { cost } from "../../src/base/cost.ts";
import { whole } from "../../src/base/ops.ts";
import type { Tensor } from "../../src/memory/plan.ts";
import { bindHosts, type HostLoss } from "../../src/program/host.ts";
import { dump } from "../../src/program/inspect.ts";
import { view } from "../../src/program/record.ts";
import { verify } from "../../src/program/verify.ts";
import { builds, Rig } from "../kernels/harness.ts";
import { floats, SEED } from "../oracle/data.ts";

const [ROWS, CAPACITY, COLS] = [13, 17, 5];
const SCALE = 0.3;
const BATCH = { batch: true, shift: 1 };

const weights = floats(3, CAPACITY, 0.5, 2).map((r, i) => (i % 4 === 2 ? 0 : r));

/** Every call, with copies of its rows. */
interface Seen {
  readonly output: number[];
  readonly target: number[];
}

function setUp(build: (typeof builds)[number], options: { dz?: boolean; weight?: boolean } = {}) {
  const { dz: wanted = true, weight: weighted = true } = options;
  const seen: Seen[] = [];
  const loss: HostLoss = {
    name: "probe",
    loss(output, target) {
      seen.push({ output: [...output], target: [...target] });
      const value = (output[0] as number) * 3 + (target[COLS - 1] as number);
      // copies: neither changes a thing
      output.fill(77);
      target.fill(78);
      return value;
    },
    gradient(output, target, gradient) {
      expect([...gradient]).toEqual(new Array(COLS).fill(0));
      // one is left as it is: it stays 0
      for (let j = 0; j < COLS - 1; j++) gradient[j] = (output[j] as number) / 3 + (target[j] as number);
      output.fill(79);
    },
    bind: bindHosts,
  };
  const rig = new Rig(build);
  const values = { z: floats(1, CAPACITY * COLS, -3, 3), target: floats(2, CAPACITY * COLS, -3, 3) };
  const z = rig.input("z", CAPACITY, COLS, values.z, { ...BATCH, ld: 16 });
  const target = rig.input("target", CAPACITY, COLS, values.target, { batch: true, ld: COLS + 2 });
  const dz = wanted ? rig.output("dz", CAPACITY, COLS, { ...BATCH, ld: 32 }) : undefined;
  const rowLoss = rig.output("loss", CAPACITY, 1, { batch: true, shift: 5 });
  const weight = weighted ? rig.input("weight", CAPACITY, 1, weights, { batch: true }) : undefined;
  rig.builder.hostLoss(loss, { z, target, dz, rowLoss, weight });
  return { rig, values, seen, dz, rowLoss };
}

describe.each(builds)(`a host record, $name build (seed ${SEED})`, (build) => {
  it.each([
    { dz: true, weight: true },
    { dz: true, weight: false },
    { dz: false, weight: true },
    { dz: false, weight: false },
  ])("writes what the table says and nothing else: %o", (options) => {
    const { rig, values, seen, dz, rowLoss } = setUp(build, options);
    rig.prepare({ rows: ROWS, scale: SCALE });
    const before = rig.memory().slice();
    rig.program.run();

    const scale = Math.fround(SCALE);
    const expected = { dz: new Float32Array(ROWS * COLS), loss: new Float32Array(ROWS) };
    const calls: Seen[] = [];
    for (let i = 0; i < ROWS; i++) {
      const r = options.weight ? (weights[i] as number) : 1;
      if (r === 0) continue;
      const [output, target] = [values.z, values.target].map((all) => [
        ...all.subarray(i * COLS, (i + 1) * COLS),
      ]) as [number[], number[]];
      calls.push({ output, target });
      expected.loss[i] = r * (3 * (output[0] as number) + (target[COLS - 1] as number));
      for (let j = 0; j < COLS - 1; j++) {
        const g = Math.fround((output[j] as number) / 3 + (target[j] as number));
        expected.dz[i * COLS + j] = g * Math.fround(scale * r);
      }
    }
    expect(seen).toEqual(calls);
    expect(rig.read(rowLoss).subarray(0, ROWS)).toEqual(expected.loss);
    if (dz !== undefined) expect(rig.read(dz).subarray(0, ROWS * COLS)).toEqual(expected.dz);

    const { reads, writes } = whole(view(rig.words, 0, ROWS));
    expect(new Set(writes.map(({ operand }) => operand))).toEqual(new Set(options.dz ? [2, 3] : [3]));
    expect(new Set(reads.map(({ operand }) => operand))).toEqual(
      new Set(options.weight ? [0, 1, 4] : [0, 1]),
    );
    const after = rig.memory().slice();
    for (const { start, rows, bytes, stride } of writes) {
      for (let i = 0; i < rows; i++) {
        const at = start + i * stride;
        // each of these was poison
        expect(Buffer.compare(after.subarray(at, at + bytes), before.subarray(at, at + bytes))).not.toBe(0);
        after.set(before.subarray(at, at + bytes), at);
      }
    }
    expect(Buffer.compare(after, before)).toBe(0);
  });

  it("trips WebAssembly, which has no kernel for it", () => {
    const { rig } = setUp(build);
    rig.prepare({ rows: ROWS, scale: SCALE });
    expect(() => rig.share(0, 0, 1)).toThrow(WebAssembly.RuntimeError);
  });

  it("is known to verify, dump and the cost model", () => {
    const { rig } = setUp(build);
    rig.prepare({ rows: ROWS, scale: SCALE });
    for (const threads of [1, 2, 3, 8]) expect(verify(rig.words, rig.builder.drafts, threads)).toEqual([]);
    expect(dump(rig.program)).toBe("  0 host                 z, target, weight -> dz, loss");
    const record = view(rig.words, 0, ROWS);
    expect(cost(record, undefined, 8)).toBe(cost(record));
  });
});

describe("a program with host records", () => {
  const [build] = builds as [(typeof builds)[number]];
  const values = floats(1, COLS, 1, 2);

  /** relu, a, relu, b, c, relu; each of the three adds its name to what happened. */
  function chain() {
    const happened: string[] = [];
    const throwAt = new Map<string, Error>();
    const rig = new Rig(build);
    const target = rig.input("target", 1, COLS, floats(2, COLS, 1, 2), { batch: true });
    const rowLoss = rig.output("loss", 1, 1, { batch: true });
    const outputs: Tensor[] = [rig.input("x", 1, COLS, values, { batch: true })];
    const next = (name: string): [z: Tensor, out: Tensor] => {
      const z = outputs.at(-1) as Tensor;
      const out = rig.output(name, 1, COLS, { batch: true });
      outputs.push(out);
      return [z, out];
    };
    const relu = (): void => rig.builder.unary(abi.OP_RELU_FORWARD, ...next("relu"));
    const own = (name: string, factor: number): void => {
      const [z, dz] = next(name);
      const loss: HostLoss = {
        name,
        loss() {
          if (throwAt.has(name)) throw throwAt.get(name);
          return happened.push(name);
        },
        gradient(output, _, gradient) {
          for (let j = 0; j < COLS; j++) gradient[j] = factor * (output[j] as number);
        },
        bind: bindHosts,
      };
      rig.builder.hostLoss(loss, { z, target, dz, rowLoss, weight: undefined });
    };
    relu();
    own("a", 2);
    relu();
    own("b", 4);
    own("c", -1);
    relu();
    rig.prepare({ rows: 1, scale: 1 });
    return { rig, happened, throwAt, read: (i: number) => rig.read(outputs[i] as Tensor) };
  }

  it.each([
    ["at once", [0, 6]],
    ["cut before one", [0, 1, 6]],
    ["cut behind them", [0, 2, 4, 4, 6]],
    ["cut between two", [0, 3, 4, 5, 6]],
  ])("runs them in order, each once: %s", (_, cuts) => {
    const { rig, happened, read } = chain();
    for (const [i, first] of cuts.slice(0, -1).entries()) rig.program.run(first, cuts[i + 1]);
    expect(happened).toEqual(["a", "b", "c"]);
    expect(read(4)).toEqual(values.map((v) => 8 * v));
    expect(read(5)).toEqual(values.map((v) => -8 * v));
    expect(read(6)).toEqual(values.map(() => 0));
  });

  it("stops where one throws, and runs again", () => {
    const error = new Error("no");
    const { rig, happened, throwAt } = chain();
    throwAt.set("b", error);
    expect(() => rig.program.run()).toThrow(error);
    expect(happened).toEqual(["a"]);
    throwAt.clear();
    rig.program.run();
    expect(happened).toEqual(["a", "a", "b", "c"]);
  });
});
