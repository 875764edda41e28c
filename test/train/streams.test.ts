// Training and evaluation of data that come chunk by chunk: the bits are those of data in memory wherever the order of rows is
// the same, for chunks of any size; what is read from is let go of, whatever happens.

import { describe, expect, it } from "vitest";
import { type Dataset, dataset } from "../../src/data/dataset.ts";
import { type DataStream, datasetStream } from "../../src/data/stream.ts";
import type { FitOptions, StepsOptions } from "../../src/model/options.ts";
import { hosted, init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { mse } from "../../src/nn/losses.ts";
import { batchNorm1d, dropout } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import { cosine } from "../../src/train/schedules.ts";
import { floats } from "../oracle/data.ts";
import { blobSet, blobs, byteSet } from "../support/blobs.ts";
import { refuses, thrown } from "../support/errors.ts";
import { abortingAt } from "../support/resumed.ts";
import { hash, weights } from "../support/state.ts";

const xent = await init();
const [ROWS, FEATURES, CLASSES] = [103, 6, 4] as const;
const plain = blobSet(1, ROWS, FEATURES, CLASSES, 1.2);
const { x, y } = blobs(1, ROWS, FEATURES, CLASSES, 1.2);
const weight = Float32Array.from({ length: ROWS }, (_, i) => [1, 0.5, 2, 0.25][i % 4] as number);

/** Rows from `from` to before `to` as a data set of their own. */
function rowsOf(data: Dataset, from: number, to: number): Dataset {
  const { features, targets, scale, shift, classes } = data;
  return dataset({
    x: data.x.slice(from * features, to * features),
    y: data.y.slice(from * targets, to * targets),
    weight: data.weight?.slice(from, to),
    features,
    classes,
    ...(data.x instanceof Uint8Array ? { scale, shift } : {}),
  });
}

/** Counts what is open. */
const reading = { open: 0, passes: 0, chunks: 0 };

function streamOf(data: Dataset, size: number, more: Partial<DataStream> = {}): DataStream {
  return datasetStream({
    async *chunks() {
      reading.open++;
      reading.passes++;
      try {
        for (let from = 0; from < data.rows; from += size) {
          await Promise.resolve();
          reading.chunks++;
          yield rowsOf(data, from, Math.min(data.rows, from + size));
        }
      } finally {
        reading.open--;
      }
    },
    ...more,
  });
}

const options = (more: FitOptions = {}): FitOptions => ({
  loss: crossEntropy(),
  optimizer: adam({ lr: 0.01, schedule: cosine() }),
  epochs: 3,
  batchSize: 8,
  ...more,
});
const layers = (outputs: number = CLASSES) => [dense(9), batchNorm1d(), relu(), dropout(0.2), dense(outputs)];
const model = (outputs?: number) => xent.sequential({ input: FEATURES, seed: 3 }, layers(outputs));

async function trained(data: Dataset | DataStream, more: FitOptions = {}, outputs?: number) {
  const net = model(outputs);
  const history = await net.fit(data, options(more));
  expect(reading.open).toBe(0);
  return { history, weights: weights(net), net };
}

describe("one block gives the bits of a data set in memory", () => {
  const numbers = dataset({ x, y: floats(7, ROWS * 2, -1, 1), features: FEATURES });
  it.each([
    ["f32", plain, {}, CLASSES],
    ["u8", byteSet(2, ROWS, FEATURES, CLASSES, { scale: 0.01, shift: -1 }), {}, CLASSES],
    ["weights", dataset({ x, y, weight, features: FEATURES }), {}, CLASSES],
    ["ignored rows", plain, { loss: crossEntropy({ ignoreIndex: 2, weight: [1, 2, 1, 3] }) }, CLASSES],
    ["numbers", numbers, { loss: mse() }, 2],
    ["steps of several batches", plain, { accumulate: 3 }, CLASSES],
    ["no rest", plain, { dropLast: true }, CLASSES],
    ["a step of all rows", plain, { batchSize: 2 ** 40 }, CLASSES],
  ] as const)("%s", async (_, data, more, outputs) => {
    const whole = await trained(data, more, outputs);
    for (const size of [1, 7, 50, ROWS, 1000]) {
      const { history, weights } = await trained(streamOf(data, size), more, outputs);
      expect(weights, `chunks of ${size}`).toBe(whole.weights);
      expect(history).toEqual(whole.history);
    }
  });
});

describe("several blocks", () => {
  it("have the same bits for chunks of any size, and others than one block", async () => {
    const of = async (size: number, blockRows: number) =>
      (await trained(streamOf(plain, size, { blockRows }))).weights;
    const wanted = await of(16, 32);
    for (const size of [1, 5, 32, 33, ROWS]) expect(await of(size, 32)).toBe(wanted);
    // 39 is rounded to 4 steps of 8
    expect(await of(16, 39)).toBe(wanted);
    expect(await of(16, 40)).not.toBe(wanted);
    expect(await of(16, ROWS)).not.toBe(wanted);
  });

  it("that are not shuffled have the bits of the whole, metrics included", async () => {
    const more = { shuffle: false, metrics: ["accuracy", "f1", "top2", "logLoss"] } as const;
    const whole = await trained(plain, { ...more, validation: plain });
    for (const blockRows of [1, 8, 24, 80]) {
      const validation = streamOf(plain, 20, { blockRows });
      const part = await trained(streamOf(plain, 10, { blockRows }), { ...more, validation });
      expect(part.weights, `${blockRows}`).toBe(whole.weights);
      expect(part.history).toEqual(whole.history);
    }
  });

  it("may have one in which no row counts", async () => {
    const data = dataset({ x, y: y.map((id, i) => (i < 48 ? 2 : id)), features: FEATURES });
    const more = { shuffle: false, loss: crossEntropy({ ignoreIndex: 2 }) };
    const whole = await trained(data, { ...more, validation: data });
    const stream = streamOf(data, 10, { blockRows: 24 });
    const part = await trained(stream, { ...more, validation: stream });
    expect(part.weights).toBe(whole.weights);
    expect(part.history).toEqual(whole.history);
  });

  it("are each shuffled in another way, and in another way each epoch", async () => {
    // the weights are the sum of the rows so far: each step tells which row it was
    const hot = new Float32Array(64 * 16);
    for (let i = 0; i < 64; i++) hot[i * 16 + (i % 16)] = 1 + Math.floor(i / 16);
    const data = dataset({ x: hot, y: new Float32Array(64), features: 16 });
    const net = xent.sequential({ input: 16, seed: 5 }, [dense(1, { bias: false })]);
    const before = net.stateDict()["0.weight"]?.data as Float32Array;
    const orders: string[] = [];
    let order: number[] = [];
    const stream = streamOf(data, 13, { blockRows: 16 });
    for await (const { last, loss } of net.steps(stream, {
      ...{ loss: mse(), optimizer: adam({ lr: 1e-30 }) },
      ...{ epochs: 2, batchSize: 1 },
    })) {
      const block = Math.floor(order.length / 16) % 4;
      const root = Math.sqrt(loss) / (1 + block);
      order.push(before.findIndex((w) => Math.abs(Math.abs(w) - root) < 1e-5));
      if (!last) continue;
      for (let b = 0; b < 4; b++) {
        const rows = order.slice(b * 16, b * 16 + 16);
        expect([...rows].sort((p, q) => p - q)).toEqual(Array.from({ length: 16 }, (_, i) => i));
        orders.push(rows.join());
      }
      order = [];
    }
    expect(new Set(orders).size).toBe(8);
  });

  it("hold so many rows at once, and read each chunk once an epoch", async () => {
    const before = { ...reading };
    await trained(streamOf(plain, 8, { rows: ROWS, blockRows: 16 }));
    expect(reading.passes - before.passes).toBe(3);
    expect(reading.chunks - before.chunks).toBe(3 * Math.ceil(ROWS / 8));
    await trained(streamOf(plain, 8, { blockRows: 16 }));
    // rows are counted first
    expect(reading.passes - before.passes).toBe(3 + 4);
  });
});

describe("steps", () => {
  it("are those of fit, where the rows of a whole block are left out too", async () => {
    for (const dropLast of [false, true]) {
      // 103 rows in blocks of 48 and a last one of 7, no step of 16
      const stream = streamOf(plain, 20, { blockRows: 48 });
      const whole = await trained(stream, { batchSize: 16, dropLast });
      const net = model();
      const rows: number[] = [];
      const run = options({ batchSize: 16, dropLast }) as StepsOptions;
      for await (const step of net.steps(stream, run)) rows.push(step.rows);
      const epoch = dropLast ? [16, 16, 16, 16, 16, 16] : [16, 16, 16, 16, 16, 16, 7];
      expect(rows).toEqual([...epoch, ...epoch, ...epoch]);
      expect(weights(net)).toBe(whole.weights);
      expect(reading.open).toBe(0);
    }
  });
});

describe("evaluate", () => {
  it("gives what it gives for the whole", async () => {
    const { net } = await trained(plain);
    for (const metrics of [undefined, ["precision", "recall", "rocAuc"]] as const) {
      const asked = { ...(metrics && { metrics }) };
      const whole = await net.evaluate(plain, asked);
      for (const blockRows of [1, 30, 500]) {
        const parts = await net.evaluate(streamOf(plain, 11, { blockRows }), asked);
        const { loss, ...rest } = whole;
        expect(parts).toMatchObject(rest);
        // sums of parts of a chunk are rounded in another order: each to half an f32 ulp
        expect(Math.abs(parts.loss - loss)).toBeLessThanOrEqual(ROWS * 2 ** -24 * loss);
      }
    }
    const { rowLosses } = await net.evaluate(streamOf(plain, 11, { blockRows: 30 }), {
      loss: crossEntropy({ reduction: "none" }),
    });
    expect(rowLosses).toEqual(
      (await net.evaluate(plain, { loss: crossEntropy({ reduction: "none" }) })).rowLosses,
    );
    expect(reading.open).toBe(0);
  });
});

describe("a run that is stopped and gone on with", () => {
  it("is the run in one go, wherever it was stopped", async () => {
    const stream = streamOf(plain, 9, { rows: ROWS, blockRows: 24 });
    const more = { metrics: ["accuracy", "f1"] } as const;
    const whole = await trained(stream, more);
    for (let look = 3; look < 14; look += 2) {
      const first = model();
      const part = await first.fit(stream, options({ ...more, signal: abortingAt(look) }));
      expect(reading.open).toBe(0);
      if (part.stopped !== "signal") continue;
      const again = await xent.load(first.save());
      const history = await again.fit(stream, options({ ...more, resume: true }));
      expect(weights(again), `look ${look}`).toBe(whole.weights);
      expect(history).toEqual(whole.history);
    }
  });

  it("goes on in the middle of an epoch, in the block where it stood", async () => {
    const stream = streamOf(plain, 9, { rows: ROWS, blockRows: 24 });
    const run = options();
    const whole = model();
    for await (const _ of whole.steps(stream, run as object));
    for (const stop of [1, 3, 4, 9, 13, 14, 20]) {
      const first = model();
      let steps = 0;
      for await (const _ of first.steps(stream, run as object)) if (++steps === stop) break;
      expect(reading.open).toBe(0);
      const again = await xent.load(first.save());
      for await (const _ of again.steps(stream, { ...(run as object), resume: true }));
      expect(weights(again), `${stop}`).toBe(weights(whole));
    }
  });

  it("is refused for a stream that begins otherwise, or has more rows", async () => {
    const first = model();
    await first.fit(streamOf(plain, 9, { rows: ROWS }), options({ stopAfterEpoch: 1 }));
    const other = blobSet(9, ROWS, FEATURES, CLASSES);
    const resume = (data: DataStream) => () => first.fit(data, options({ resume: true }));
    await refuses(resume(streamOf(other, 9)), "STATE", "the data are not those");
    await refuses(resume(streamOf(plain, 9, { rows: ROWS + 1 })), "STATE", "the data are not those");
    expect(reading.open).toBe(0);
  });
});

describe("a hosted runtime", () => {
  it("pulls the rows, with the same bits, and lets go of what it has not read", async () => {
    const far = await hosted();
    try {
      const validation = streamOf(plain, 20, { blockRows: 40 });
      const run = options({ metrics: ["accuracy"] });
      const stream = streamOf(plain, 9, { blockRows: 24 });
      const near = model();
      const history = await near.fit(stream, { ...run, validation });
      const net = await far.sequential({ input: FEATURES, seed: 3 }, layers());
      expect(await net.fit(stream, { ...run, validation })).toEqual(history);
      expect(hash(await net.stateDict())).toBe(weights(near));
      let steps = 0;
      for await (const _ of net.steps(stream, { epochs: 2, batchSize: 8 })) if (++steps === 5) break;
      await expect.poll(() => reading.open).toBe(0);
      expect(await net.evaluate(stream)).toEqual(await net.evaluate(plain));
      const broken = datasetStream({
        rows: ROWS,
        chunks: function* () {
          yield rowsOf(plain, 0, 10);
          throw new RangeError("no more");
        },
      });
      await expect(net.fit(broken, run)).rejects.toThrow("no more");
    } finally {
      await far.dispose();
    }
    expect(reading.open).toBe(0);
  });
});

describe("a hosted runtime lets go", () => {
  it("of a pass that it was in when it was disposed of", async () => {
    const far = await hosted();
    const net = await far.sequential({ input: FEATURES, seed: 3 }, layers());
    let chunk = 0;
    const stream = datasetStream({
      rows: ROWS,
      async *chunks() {
        reading.open++;
        try {
          for (;;) {
            if (++chunk === 3) void far.dispose();
            yield rowsOf(plain, 0, 10);
          }
        } finally {
          reading.open--;
        }
      },
    });
    await refuses(() => net.fit(stream, options()), "DISPOSED");
    await expect.poll(() => reading.open).toBe(0);
  });

  it("of nothing that could not be opened, which is tried once", async () => {
    const far = await hosted();
    let opened = 0;
    const broken = datasetStream({
      rows: ROWS,
      chunks: () => {
        opened++;
        throw new RangeError("cannot open");
      },
    });
    const net = await far.sequential({ input: FEATURES, seed: 3 }, layers());
    await expect(net.fit(broken, options())).rejects.toThrow("cannot open");
    // what was said before is heard before the answer
    await net.fit(plain, options());
    expect(opened).toBe(1);
    await far.dispose();
  });
});

describe("what is wrong with a stream", () => {
  const gives = (...chunks: unknown[]) =>
    datasetStream({ rows: ROWS, chunks: () => chunks as Dataset[], blockRows: 16 });

  it("fewer rows, or more", async () => {
    const few = () => model().fit(gives(rowsOf(plain, 0, 40)), options());
    await refuses(few, "SHAPE", "fit: the stream gave only 40 rows of 103");
    const many = () => model().fit(gives(plain, plain), options());
    await refuses(many, "SHAPE", "fit: the stream gave more than 103 rows of 103");
    await refuses(() => model().fit(gives(), options()), "EMPTY", "the stream gave no rows");
  });

  it("chunks that differ, or are none", async () => {
    const first = rowsOf(plain, 0, 40);
    const behind = (chunk: unknown) => () => model().fit(gives(first, chunk), options());
    await refuses(behind(7), "OPTION", "a chunk of the stream is 7");
    await refuses(behind(blobSet(1, 20, 5, 4)), "SHAPE", "features of the chunk that begins at row 40", "5");
    await refuses(behind(byteSet(1, 20, FEATURES, 4)), "SHAPE", "type of x", "bytes", "f32");
    const named = dataset({ x, y, features: FEATURES, classes: ["a", "b", "c", "d"] });
    await refuses(behind(named), "SHAPE", "classes", "a, b, c, d", "none");
    const numbers = dataset({ x, y: new Float32Array(ROWS), features: FEATURES });
    await refuses(behind(numbers), "SHAPE", "type of y", "class ids", "numbers");
    await refuses(behind(null), "OPTION", "a chunk of the stream is null");
    const uncounted = datasetStream({ chunks: () => [first, null as never] });
    await refuses(() => model().fit(uncounted, options()), "OPTION", "a chunk of the stream is null");
    const promised = datasetStream({ chunks: (async () => [first]) as never });
    await refuses(() => model().fit(promised, options()), "OPTION", "chunks() of the stream gave an object");
    const far = dataset({ x, y: y.map((id) => id + 3), features: FEATURES });
    await refuses(behind(far), "LABEL", "the model has 4 outputs");
    const late = dataset({ x, y: y.with(90, 4), features: FEATURES });
    const labels = () => model().fit(streamOf(late, 9, { blockRows: 40 }), options());
    await refuses(labels, "LABEL", "fit, block from row 80: the class id in row 10 (counted from 0) is 4");
  });

  it("another number of rows than was counted, which the next call counts anew", async () => {
    let rows = 0;
    const growing = datasetStream({ chunks: () => (rows === 0 ? [] : [rowsOf(plain, 0, rows)]) });
    await refuses(() => model().fit(growing, options()), "EMPTY");
    for (rows of [40, 50]) {
      if (rows === 50)
        await refuses(() => model().fit(growing, options()), "SHAPE", "more than 40 rows", "counts anew");
      expect((await model().fit(growing, options({ epochs: 1 }))).steps).toBe(Math.ceil(rows / 8));
    }
  });

  it("a block that no memory can have", async () => {
    const many = streamOf(plain, ROWS, { rows: 2 ** 40, blockRows: 2 ** 40 });
    await refuses(() => model().fit(many, options()), "TOO_LARGE", "a block of 1099511627776 rows");
    expect(reading.open).toBe(0);
  });

  it("options", async () => {
    await refuses(() => datasetStream({ chunks: [] as never }), "OPTION", "chunks is", "a function");
    await refuses(() => datasetStream({ chunks: () => [], rows: 0 }), "OPTION", "rows is 0");
    await refuses(() => datasetStream({ chunks: () => [], blockRows: 0.5 }), "OPTION", "blockRows is 0.5");
    const unknown = { chunks: () => [], size: 3 } as never;
    await refuses(() => datasetStream(unknown), "OPTION", 'unknown option "size"');
    const split = () => model().fit(streamOf(plain, 9), options({ validation: { split: 0.1 } }));
    await refuses(split, "OPTION", "a stream cannot be split");
    const wrong = () => model().fit(streamOf(plain, 9), options({ batchSize: 0 }));
    await refuses(wrong, "OPTION", "fit: batchSize is 0");
    expect(reading.open).toBe(0);
  });

  it("leaves a model as it was, and free for other calls, where its own error ends a run", async () => {
    const net = model();
    const before = weights(net);
    const broken = datasetStream({
      rows: ROWS,
      chunks: () => {
        throw new RangeError("cannot open");
      },
    });
    expect(await thrown(() => net.fit(broken, options()))).toBeInstanceOf(RangeError);
    expect(weights(net)).toBe(before);
    await net.fit(plain, options());
  });
});
