// A net and its training run, apart from the page that shows them: what comes from the worker is gathered, and told at most once a frame.

import { crossEntropy, type HostedSequential, type Info, type Progress } from "xent";
import type { Half } from "./data.ts";
import { engine } from "./engine.ts";
import { type Score, scoreOf } from "./score.ts";
import { layersOf, type Settings } from "./settings.ts";
import { PIXELS } from "./subset.ts";

/** A figure a report; null where that report has none. */
export interface Series {
  readonly step: number[];
  readonly loss: (number | null)[];
  readonly accuracy: (number | null)[];
  readonly testLoss: (number | null)[];
  readonly testAccuracy: (number | null)[];
}

export interface State {
  /** `making`: the worker starts, or makes a net */
  readonly phase: "making" | "ready" | "running" | "stopped" | "done" | "failed";
  readonly error: unknown;
  readonly info: Info | undefined;
  readonly progress: Progress | undefined;
  /** of the test digits, as the net sees them now */
  readonly score: Score | undefined;
  /** grows in place */
  readonly series: Series;
  /** since the click, pauses left out */
  readonly seconds: number;
  /** seconds until 95 % of the test digits were right */
  readonly reached: number | undefined;
}

/** Between two looks at the test digits. Each costs some 15 ms of the worker's time. */
const LOOK_MS = 250;
const GOAL = 0.95;

export class Trainer {
  state: State = fresh("making");
  readonly #tell: () => void;
  #frame = 0;
  #model: HostedSequential | undefined;
  /** of the net: what belongs to an earlier one is not listened to */
  #turn = 0;
  #settings: Settings | undefined;
  #stopping = new AbortController();
  #recent = lastSteps();
  #test: Half | undefined;

  /** @param tell  called in a frame in which the state is another */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  get model(): HostedSequential | undefined {
    return this.#model;
  }

  /** A new net with weights by lot; the one before is gone. */
  async reset(settings: Settings): Promise<void> {
    this.#stopping.abort();
    const turn = ++this.#turn;
    const before = this.#model;
    this.#model = undefined;
    this.#settings = settings;
    this.#recent = lastSteps();
    this.#become({ ...fresh("making"), info: this.state.info });
    try {
      await before?.dispose();
      const xent = await engine();
      const model = await xent.sequential(
        { input: PIXELS, seed: 1, loss: crossEntropy() },
        await layersOf(settings),
      );
      if (turn !== this.#turn) return void model.dispose();
      this.#model = model;
      this.#become({ phase: "ready", info: xent.info });
      await this.#look();
    } catch (error) {
      if (turn === this.#turn) this.#become({ phase: "failed", error });
    }
  }

  /** The digits that are looked at from now on, also by a net that has learnt nothing yet. */
  async watch(test: Half): Promise<void> {
    this.#test = test;
    if (this.state.phase === "ready") await this.#look().catch((error: unknown) => this.#become({ error }));
  }

  /** Trains, or goes on where the run was stopped. */
  async run(train: Half): Promise<void> {
    const [model, settings, turn] = [this.#model, this.#settings, this.#turn];
    const { phase } = this.state;
    if (model === undefined || settings === undefined || (phase !== "ready" && phase !== "stopped")) return;
    const resume = phase === "stopped" && this.state.progress !== undefined;
    const stopping = new AbortController();
    this.#stopping = stopping;
    const start = performance.now() - this.state.seconds * 1000;
    const elapsed = () => (performance.now() - start) / 1000;
    this.#become({ phase: "running", error: undefined });
    const noteGoal = (seconds: number) => {
      const { reached, score } = this.state;
      if (reached === undefined && score !== undefined && score.accuracy >= GOAL)
        this.#become({ reached: seconds });
    };
    const onProgress = (progress: Progress) => {
      if (turn !== this.#turn) return;
      this.#note(progress.step, this.#recent(progress, Number(settings.batch), train.labels.length));
      this.#become({ progress, seconds: elapsed() });
    };
    let running = true;
    const looks = async () => {
      for (;;) {
        await new Promise((done) => setTimeout(done, LOOK_MS));
        if (!running) return;
        await this.#look();
        if (turn === this.#turn) noteGoal(elapsed());
      }
    };
    // what ends them ends the run, and is told there
    looks().catch(() => {});
    try {
      const { fitting } = await import("./fitting.ts");
      const { stopped } = await model.fit(train.dataset, {
        ...fitting(settings),
        resume,
        signal: stopping.signal,
        callbacks: [{ onProgress }],
      });
      running = false;
      const seconds = elapsed();
      if (turn !== this.#turn) return;
      await this.#look();
      if (turn !== this.#turn) return;
      noteGoal(seconds);
      const { info } = await engine();
      this.#become({ phase: stopped === "done" ? "done" : "stopped", seconds, info });
    } catch (error) {
      if (turn === this.#turn) this.#become({ phase: "failed", error });
    } finally {
      running = false;
    }
  }

  /** Ends the run after the step under way. */
  stop(): void {
    this.#stopping.abort();
  }

  /** The page is gone. */
  leave(): void {
    this.#turn++;
    this.stop();
    // a worker that is lost has let go of it
    this.#model?.dispose().catch(() => {});
    cancelAnimationFrame(this.#frame);
  }

  async #look(): Promise<void> {
    const [model, test, turn] = [this.#model, this.#test, this.#turn];
    if (model === undefined || test === undefined) return;
    const score = scoreOf(await model.predict(test.images), test.labels);
    if (turn !== this.#turn) return;
    // the net is at most a turn of the worker further than the step that it has last told of
    this.#note(this.state.progress?.step ?? 0, { testLoss: score.loss, testAccuracy: score.accuracy });
    this.#become({ score });
  }

  #note(step: number, figures: Partial<Record<Exclude<keyof Series, "step">, number>>): void {
    const { series } = this.state;
    series.step.push(step);
    for (const name of ["loss", "accuracy", "testLoss", "testAccuracy"] as const)
      series[name].push(figures[name] ?? null);
  }

  #become(some: Partial<State>): void {
    this.state = { ...this.state, ...some };
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#tell();
    });
  }
}

function fresh(phase: State["phase"]): State {
  const series = { step: [], loss: [], accuracy: [], testLoss: [], testAccuracy: [] };
  return {
    ...{ phase, series, seconds: 0 },
    ...{ error: undefined, info: undefined, progress: undefined, score: undefined, reached: undefined },
  };
}

/** Progress tells means over an epoch so far; what the steps since the last report came to is a difference of sums. */
function lastSteps() {
  let before = { epoch: -1, seen: 0, loss: 0, hits: 0 };
  return ({ epoch, epochs, step, steps, loss, accuracy }: Progress, batch: number, rows: number) => {
    const seen = Math.min((step - (epoch * steps) / epochs) * batch, rows);
    const from = epoch === before.epoch ? before : { seen: 0, loss: 0, hits: 0 };
    const now = { epoch, seen, loss: loss * seen, hits: accuracy * seen };
    before = now;
    const count = seen - from.seen;
    return count > 0
      ? { loss: (now.loss - from.loss) / count, accuracy: (now.hits - from.hits) / count }
      : {};
  };
}
