// The worker that measures: says what there is to measure, and takes one order. All timing is in here, in the thread that
// calls the kernels; the page only shows.

import { init, type Xent, XentError } from "xent";
import { BUDGETS, CASES, nameOf } from "./cases.ts";
import { clockStep, stretch } from "./clock.ts";
import type { Engine, Message, Order } from "./messages.ts";
import { openPeak, type Peak } from "./peak.ts";
import { productOf } from "./products.ts";
import { type Entry, measure } from "./rounds.ts";
import { stepOf } from "./steps.ts";

/** A sample of the peak, in milliseconds, where the clock allows it. */
const PEAK_MS = 3;

const say = (message: Message): void => postMessage(message);

const failed = (error: unknown): void => say({ kind: "failed", problem: inWords(error) });

const ready = begin();
ready.then(({ engine }) => say({ kind: "ready", engine }), failed);

addEventListener("message", ({ data }: MessageEvent<Order>) => {
  ready
    .then((what) => run(what, data))
    .then(() => say({ kind: "done" }))
    .catch(failed);
});

interface Ready {
  readonly xent: Xent;
  readonly peak: Peak;
  readonly engine: Engine;
}

async function begin(): Promise<Ready> {
  const [xent, peak] = await Promise.all([init(), openPeak()]);
  const noPeak = "reason" in peak ? peak.reason : undefined;
  return { xent, peak, engine: { info: xent.info, clockMs: clockStep(), noPeak } };
}

async function run({ xent, peak, engine }: Ready, { form }: Order): Promise<void> {
  const { threads } = xent.info;
  // one with a number of threads starts them at once
  const runtimes = threads === 1 ? [xent] : await Promise.all([init({ threads: 1 }), init({ threads })]);
  const entries = CASES.flatMap((of, item) =>
    runtimes.map((runtime): Entry => {
      const run = of.kind === "product" ? productOf(runtime, of) : stepOf(runtime, of);
      return { name: nameOf(of), item, threads: runtime.info.threads, run };
    }),
  );
  const { rounds, turnMs, warmMs } = BUDGETS[form];
  await measure(entries, {
    rounds,
    turnMs: stretch(engine.clockMs, turnMs),
    warmMs,
    peakMs: stretch(engine.clockMs, PEAK_MS),
    samplePeak: "reason" in peak ? undefined : peak.sample,
    tell: (at) => say({ kind: "at", at }),
    took: (turn) => say({ kind: "turn", turn }),
  });
}

function inWords(error: unknown): string {
  if (error instanceof XentError && error.code === "UNSUPPORTED")
    return `This browser cannot run xent: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
