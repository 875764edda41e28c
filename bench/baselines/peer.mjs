// A process that measures one library on one piece of work. It is told what on a line of stdin, makes it, says what came out
// of it, and then times as many runs as it is asked for: lines of JSON both ways. `peer.py` does the same for PyTorch.

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** Steps whose losses are told, counted from 1. */
const CHECKED = [1, 20];
/** Of the steps that are timed: weights stay what they are, and no gradient decays into subnormal numbers. */
const TIMED_LR = 1e-9;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => {
  const { value, done } = await lines.next();
  return done ? undefined : JSON.parse(value);
};
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const task = await read();
const { open } = await import(new URL(`systems/${task.file}`, import.meta.url).href);
const system = await open(task.options);
if (system[task.kind === "first" ? "step" : task.kind] === undefined)
  throw new Error(`it has no ${task.kind}`);
const { version, backend } = system;

const floats = (name) => {
  const { buffer, byteOffset, byteLength } = readFileSync(`${task.folder}/${name}`);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
};
const ids = (name) => new Int32Array(floats(name).buffer);
const rows = (name) => ({ x: floats(`${name}.x`), y: ids(`${name}.y`) });

/** Layers from one file: weight and bias of the first, of the second, and so on. */
function layers({ widths }) {
  const all = floats(task.weights);
  let at = 0;
  const take = (count) => {
    at += count;
    return all.slice(at - count, at);
  };
  return widths.slice(1).map((out, i) => ({ weight: take(out * widths[i]), bias: take(out) }));
}

/** Milliseconds of a run, over as many as fill `ms`. */
function timer(run, unit = 1) {
  let each = 0;
  return async (ms) => {
    const count = Math.max(1, Math.round(ms / Math.max(each, 1e-5) / unit)) * unit;
    const runs = each === 0 ? unit : count;
    const start = performance.now();
    await run(runs);
    const spent = performance.now() - start;
    each = spent / runs;
    return { ms: each, runs, spent };
  };
}

/** Times what `run` does once; it may give a promise. */
const repeated = (run) => async (count) => {
  for (let i = 0; i < count; i++) {
    const promise = run();
    if (promise instanceof Promise) await promise;
  }
};

const KINDS = {
  async gemm() {
    const product = await system.gemm(task.n, floats("a"), floats("b"));
    await product.run();
    writeFileSync(`${task.folder}/${task.result}`, Float32Array.from(await product.result()));
    return timer(repeated(() => product.run()));
  },

  async step() {
    const training = await system.step(task.net, layers(task.net), rows("train"));
    const losses = [];
    const lr = task.checkLr;
    for (let step = 1; step <= Math.max(...CHECKED); step++) {
      await training.steps(1, lr);
      if (CHECKED.includes(step)) losses.push(await training.loss());
    }
    // back to the first batch, where whole rounds begin
    const unit = training.unit ?? 1;
    for (let step = Math.max(...CHECKED); step % unit !== 0; step++) await training.steps(1, lr);
    say({ losses });
    return timer((count) => training.steps(count, TIMED_LR), unit);
  },

  async predict() {
    const prediction = await system.predict(task.net, layers(task.net), floats("predict.x"));
    writeFileSync(`${task.folder}/${task.result}`, Float32Array.from(await prediction.run()));
    return timer(repeated(() => prediction.run()));
  },

  /** The first step and its loss, whose end the other side takes the time of; then some more, and the memory that it all took. */
  async first() {
    const training = await system.step(task.net, layers(task.net), rows("train"));
    await training.steps(1, task.checkLr);
    say({ stepped: await training.loss() });
    await training.steps(task.more, task.checkLr);
    say({ maxRssBytes: 1024 * process.resourceUsage().maxRSS });
  },

  async learn() {
    const learning = await system.learn(task.net, layers(task.net), rows("train"), rows("test"));
    const orders = new Int32Array(ids("orders"));
    const { target, epochs, lr } = task;
    await read();
    const start = performance.now();
    const accuracies = [];
    if (learning.until !== undefined) accuracies.push(...(await learning.until(target, epochs, lr)));
    else {
      const length = orders.length / epochs;
      while (accuracies.length < epochs && !(accuracies.at(-1) >= target)) {
        const at = accuracies.length * length;
        await learning.epoch(orders.subarray(at, at + length), lr);
        accuracies.push(await learning.accuracy());
        say({ accuracy: accuracies.at(-1) });
      }
    }
    say({ accuracies, ms: performance.now() - start });
  },
};

const ended = KINDS[task.kind]();
if (task.kind === "learn") say({ version, backend, ready: true });
const turn = await ended;
if (turn !== undefined) {
  say({ version, backend, ready: true });
  for (let line = await read(); line !== undefined; line = await read()) say(await turn(line.ms));
} else if (task.kind === "first") say({ version, backend, ready: true });
process.exit(0);
