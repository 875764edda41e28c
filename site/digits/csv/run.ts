// A run on a visitor's table, and what it has come to so far; told at most once a frame.

import type { EpochEnd, HostedSequential } from "xent";
import { engine } from "../engine.ts";
import { netFor, type Prepared, prepare, type Wish } from "./table.ts";

/** One figure an epoch. */
export interface Curves {
  readonly epoch: number[];
  readonly loss: number[];
  readonly heldLoss: number[];
  /** accuracy, or R² */
  readonly metric: number[];
  readonly heldMetric: number[];
}

export interface CsvState {
  readonly phase: "ready" | "running" | "stopped" | "done" | "failed";
  readonly error: unknown;
  readonly prepared: Prepared | undefined;
  readonly model: HostedSequential | undefined;
  readonly epochs: number;
  readonly curves: Curves;
  readonly seconds: number;
}

export class CsvRun {
  state = fresh();
  readonly #tell: () => void;
  #frame = 0;
  #stopping = new AbortController();

  constructor(tell: () => void) {
    this.#tell = tell;
  }

  async run(file: Blob, wish: Wish): Promise<void> {
    const stopping = new AbortController();
    const { signal } = stopping;
    const before = this.state.model;
    this.clear();
    this.#stopping = stopping;
    this.#become({ phase: "running" });
    try {
      await before?.dispose();
      const prepared = await prepare(file, wish);
      const { layers, how } = netFor(prepared);
      const xent = await engine();
      const model = await xent.sequential({ input: prepared.preprocessing.features, seed: 1 }, layers);
      if (this.#stopping !== stopping) return void model.dispose();
      this.#become({ prepared, model, epochs: how.epochs ?? 0 });
      const start = performance.now();
      const onEpochEnd = (end: EpochEnd): void => {
        if (this.#stopping !== stopping) return;
        note(this.state.curves, end, prepared);
        this.#become({ seconds: (performance.now() - start) / 1000 });
      };
      const { stopped } = await model.fit(prepared.train, {
        ...how,
        validation: prepared.held,
        signal,
        callbacks: [{ onEpochEnd }],
      });
      if (this.#stopping === stopping) this.#become({ phase: stopped === "done" ? "done" : "stopped" });
    } catch (error) {
      if (this.#stopping === stopping) this.#become({ phase: "failed", error });
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Another table or another wish: what is there belongs to it no more. */
  clear(): void {
    this.stop();
    this.#stopping = new AbortController();
    this.#become(fresh());
  }

  leave(): void {
    // a worker that is lost has let go of it
    this.state.model?.dispose().catch(() => {});
    this.clear();
    cancelAnimationFrame(this.#frame);
  }

  #become(some: Partial<CsvState>): void {
    this.state = { ...this.state, ...some };
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#tell();
    });
  }
}

function note(curves: Curves, { epoch, loss, validation, ...metrics }: EpochEnd, { task }: Prepared): void {
  const name = task === "class" ? "accuracy" : "r2";
  curves.epoch.push(epoch + 1);
  curves.loss.push(loss);
  curves.heldLoss.push(validation?.loss ?? Number.NaN);
  curves.metric.push(metrics[name] ?? Number.NaN);
  curves.heldMetric.push(validation?.[name] ?? Number.NaN);
}

function fresh(): CsvState {
  return {
    phase: "ready",
    curves: { epoch: [], loss: [], heldLoss: [], metric: [], heldMetric: [] },
    ...{ error: undefined, prepared: undefined, model: undefined, epochs: 0, seconds: 0 },
  };
}
