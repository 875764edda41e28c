// Data sets that do not fit: a window of shuffled rows at a time, with the bits of the whole.

import { describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import type { LossSpec } from "../../src/base/spec.ts";
import { type CheckedRows, type Dataset, dataset } from "../../src/data/dataset.ts";
import { more } from "../../src/model/extras.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { bceWithLogits, huber } from "../../src/nn/losses.ts";
import { Network } from "../../src/nn/network.ts";
import { Course } from "../../src/train/course.ts";
import { type Block, fed } from "../../src/train/feed.ts";
import { optimizing } from "../../src/train/optimizing.ts";
import { ratesFor } from "../../src/train/rates.ts";
import { Run } from "../../src/train/run.ts";
import { score } from "../../src/train/scoring.ts";
import { sgd } from "../../src/train/sgd.ts";
import { type Step, steps } from "../../src/train/steps.ts";
import { Slice } from "../../src/train/turn.ts";
import { roomiest, Window, windowRows } from "../../src/train/window.ts";
import { floats, integers } from "../oracle/data.ts";
import { blobSet, byteSet } from "../support/blobs.ts";
import { coreOf, cores } from "../support/core.ts";
import { sharedCore } from "../support/crew.ts";
import { hash } from "../support/state.ts";

const optimizer = sgd({ lr: 0.2 });

function run(
  data: Dataset,
  batchSize: number,
  window: number,
  shuffle = true,
  loss: LossSpec = crossEntropy(),
): { hash: string; losses: number[] } {
  const network = new Network(cores[0] as (typeof cores)[0], data.features, [dense(11), relu(), dense(4)], 7);
  const features = data.x instanceof Uint8Array ? "u8" : "f32";
  const scoring = score("test", data as CheckedRows, loss, 4, undefined);
  const { kind: targets, hits, weight } = scoring;
  const weighted = weight !== undefined;
  const base = {
    batchSize,
    windowRows: window,
    features,
    loss,
    optimizer: optimizing(sgd({ lr: 1 })),
  } as const;
  const session = network.train({ ...base, targets, weighted, hits });
  expect(session.x.length).toBe(window * data.features);
  const options = {
    ...{ epochs: 3, batchSize, accumulate: 1, dropLast: false, scoring, shuffle },
    feed: fed(session, data, scoring, undefined, window),
    ...{ course: new Course(optimizer.lr, ratesFor(network, optimizer)), onNaN: "error" as const, more },
  };
  const [block] = options.feed.blocks(new Run({}, 0)) as [Block];
  const run = new Run({}, 0);
  const losses: number[] = [];
  for (; run.epoch < 3; run.endEpoch()) {
    for (const step of steps(network, session, block, options, run, new Slice()))
      losses.push((step as Step).loss);
  }
  return { hash: hash(network.state()), losses };
}

describe("windowRows", () => {
  const data = blobSet(1, 100, 5, 4);

  it("is the whole set where it fits, to the byte", () => {
    expect(windowRows(data, 8)).toBe(100);
    expect(windowRows(data, 8, 100 * 5 * 4)).toBe(100);
    expect(windowRows(byteSet(1, 100, 5, 4), 8, 100 * 5)).toBe(100);
  });

  it("else whole batches, as many as fit, and at least one", () => {
    expect(windowRows(data, 8, 100 * 5 * 4 - 1)).toBe(96);
    expect(windowRows(data, 8, 17 * 20)).toBe(16);
    expect(windowRows(data, 8, 8 * 20)).toBe(8);
    expect(windowRows(data, 8, 0)).toBe(8);
    expect(windowRows(data, 100, 0)).toBe(100);
    expect(windowRows(byteSet(1, 100, 5, 4), 8, 100 * 5 - 1)).toBe(96);
  });
});

describe("the window gives the bits of the whole", () => {
  // 101 rows: the last window and the last batch are never full
  it.each([
    ["f32", blobSet(1, 101, 5, 4)],
    ["u8", byteSet(2, 101, 5, 4)],
  ] as const)("%s, for every size of the window", (_, data) => {
    const whole = run(data, 8, 101);
    expect(whole.losses.length).toBe(3 * 13);
    for (const window of [8, 16, 48, 96]) expect(run(data, 8, window)).toEqual(whole);
    expect(run(data, 8, 101, false)).not.toEqual(whole);
    expect(run(data, 8, 16, false)).toEqual(run(data, 8, 101, false));
  });

  const { x } = blobSet(5, 101, 5, 4);
  const features = 5;
  const ids = integers(6, 101, 0, 3);
  const weight = Float32Array.from(integers(7, 101, 0, 4), (v) => v / 2);
  it.each<[string, Dataset, LossSpec]>([
    ["ids with weights", dataset({ x, y: ids, features, weight }), crossEntropy({ weight: [1, 2, 3, 0.5] })],
    [
      "ids, some ignored",
      dataset({ x, y: ids, features }),
      crossEntropy({ ignoreIndex: 2, labelSmoothing: 0.1 }),
    ],
    ["rows of targets", dataset({ x, y: floats(8, 404), features }), huber()],
    ["rows of targets with weights", dataset({ x, y: floats(8, 404), features, weight }), huber()],
    ["ids as rows, with weights", dataset({ x, y: ids, features, weight }), bceWithLogits({ posWeight: 2 })],
  ])("%s", (_, data, loss) => {
    const whole = run(data, 8, 101, true, loss);
    for (const window of [8, 48, 96]) expect(run(data, 8, window, true, loss)).toEqual(whole);
    const others = run(dataset({ x, y: data.y, features, weight: weight.toReversed() }), 8, 48, true, loss);
    expect(others.hash).not.toBe(whole.hash);
  });

  it("where windows divide the data evenly", () => {
    const data = blobSet(3, 96, 5, 4);
    expect(run(data, 16, 32)).toEqual(run(data, 16, 96));
    expect(run(data, 16, 16)).toEqual(run(data, 16, 96));
  });
});

describe("roomiest", () => {
  it.each(["MEMORY", "TOO_LARGE"] as const)(
    "halves the window until there is a memory for it, in whole batches: %s",
    (code) => {
      const asked: number[] = [];
      const lay = (most: number) => (rows: number) => {
        asked.push(rows);
        if (rows > most) throw new XentError(code, "refused", "");
        return `${rows} rows`;
      };
      expect(roomiest(1000, 32, lay(1000))).toEqual([1000, "1000 rows"]);
      expect(roomiest(1000, 32, lay(300))).toEqual([224, "224 rows"]);
      expect(roomiest(1000, 32, lay(32))).toEqual([32, "32 rows"]);
      expect(asked).toEqual([1000, 1000, 480, 224, 1000, 480, 224, 96, 32]);
      expect(() => roomiest(1000, 32, lay(31))).toThrow("refused");
      expect(() => roomiest(20, 32, lay(19))).toThrow("refused");
      expect(() =>
        roomiest(1000, 32, () => {
          throw new Error("another");
        }),
      ).toThrow("another");
    },
  );

  it.each([false, true])("fit goes through a smaller window to the same bits; shared: %s", async (shared) => {
    const data = blobSet(1, 40_000, 8, 3);
    const run = async (most: number): Promise<unknown> => {
      const { Memory } = WebAssembly;
      const made: number[] = [];
      WebAssembly.Memory = class extends Memory {
        constructor(descriptor: WebAssembly.MemoryDescriptor) {
          if (descriptor.initial > most) throw new RangeError("out of memory");
          super(descriptor);
          made.push(descriptor.initial);
          expect(descriptor.maximum).toBe(descriptor.initial);
          expect(descriptor.shared).toBe(shared);
        }
      };
      try {
        const core = shared ? sharedCore("simd-threads") : coreOf("simd");
        const options = { input: 8, seed: 1, loss: crossEntropy(), optimizer };
        const model = new Sequential(core, options, [dense(5), relu(), dense(3)]);
        await model.fit(data, { batchSize: 64, epochs: 2 });
        expect(made.length).toBeGreaterThan(0);
        return model.stateDict();
      } finally {
        WebAssembly.Memory = Memory;
      }
    };
    // 40,000 rows of 8 numbers are 20 pages
    expect(await run(15)).toEqual(await run(100));
  });
});

describe("Window", () => {
  it("holds the rows in the epoch's order, and says where a batch stands", () => {
    const data = blobSet(4, 10, 2, 3);
    const network = new Network(cores[0] as (typeof cores)[0], 2, [dense(3)], 0);
    const loss = crossEntropy();
    const base = {
      batchSize: 2,
      windowRows: 4,
      features: "f32",
      loss,
      optimizer: optimizing(sgd({ lr: 1 })),
    } as const;
    const config = { ...base, targets: "ids", weighted: false, hits: "fused" } as const;
    const session = network.train(config);
    const window = new Window(session, data, score("test", data as CheckedRows, loss, 3, undefined), 4);
    window.order.set([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    window.begin();
    const places: number[] = [];
    for (let row = 0; row < 10; row += 2) {
      const at = window.at(row);
      places.push(at);
      for (let i = 0; i < 2; i++) {
        const source = session.order[at + i] as number;
        const wanted = 9 - row - i;
        expect(session.x.subarray(2 * source, 2 * source + 2)).toEqual(
          data.x.subarray(2 * wanted, 2 * wanted + 2),
        );
        expect(session.targets[source]).toBe(data.y[wanted]);
      }
    }
    expect(places).toEqual([0, 2, 0, 2, 0]);
  });
});
