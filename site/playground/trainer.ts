// Has a run go on and looks at it, once a frame at most and no sooner than the last look is drawn, as long as somebody wants it:
// one loop, in which one thing is done after the other. Draws nothing.

import { nextPicture } from "../shared/picture.ts";
import { runtime } from "../shared/runtime.ts";
import { type Curve, longer, NO_CURVE } from "./curve.ts";
import { type Picture, type Place, Run } from "./run.ts";
import type { Pace, Settings } from "./settings.ts";

export interface Report {
  readonly doing: "starting" | "training" | "waiting" | "failed";
  readonly picture?: Picture;
  readonly curve: Curve;
  /** steps a second lately, while it trains */
  readonly rate?: number;
  readonly error?: unknown;
}

export const AT_FIRST: Report = { doing: "starting", curve: NO_CURVE };

/** Until when to go on. */
type Goal = "none" | "endless" | "epoch" | { readonly steps: number };

/** Steps a second. */
const RATES: { readonly [K in Pace]: number } = { slow: 10, steady: 60, full: Number.POSITIVE_INFINITY };

/** How long steps take in a frame of 16.7 ms: the rest is for a look and for drawing it. Where a look takes longer, so do they. */
const STEPS_MS = 9;

/** The same on the way to the step of a link, of which little has to be seen. */
const WAY_MS = 30;

/** Looks are so far apart that showing them takes no more than this share of the page's time, however slow it is. */
const SHOWING = 1 / 4;

/** Between two changes of the lines of losses: of ten a second nothing is missed. */
const CURVE_MS = 100;

/** Over which the rate is taken. */
const RATE_MS = 500;

export class Trainer {
  readonly #show: (report: Report) => void;
  readonly #drawn: () => boolean;
  #settings: Settings;
  #goal: Goal;
  #pace: Pace;
  #place: Place = [0, 0];
  #run: Run | undefined;
  #report = AT_FIRST;
  /** that of the report, or newer */
  #curve = NO_CURVE;
  #curveTold = 0;
  /** steps at the last look at this run; none yet */
  #seen = -1;
  /** the probe is elsewhere than at the last look */
  #moved = false;
  #failed = false;
  #over = false;
  #wake: (() => void) | undefined;
  /** when the last turn was, for paces */
  #turned = 0;
  #owed = 0;
  /** what the last look took, in the worker for the most part */
  #lookMs = 0;
  /** until when the page is left in peace */
  #nextLook = 0;
  #measured = { at: 0, steps: 0 };

  /**
   * @param steps  to be done at once
   * @param drawn  whether everything that was shown is drawn: there is no look before, so that slow drawing makes fewer of them
   */
  constructor(
    settings: Settings,
    pace: Pace,
    steps: number,
    show: (report: Report) => void,
    drawn: () => boolean,
  ) {
    this.#settings = settings;
    this.#pace = pace;
    this.#goal = steps > 0 ? { steps } : "none";
    this.#show = show;
    this.#drawn = drawn;
    void this.#work();
  }

  /** A new net with these settings; a run without an end goes on with it. */
  begin(settings: Settings): void {
    this.#settings = settings;
    if (this.#goal !== "endless") this.#goal = "none";
    this.#failed = false;
    this.#call();
  }

  /** A new net with the same settings, standing still. */
  startOver(): void {
    this.#goal = "none";
    this.begin({ ...this.#settings });
  }

  train(): void {
    this.#turned = performance.now();
    this.#pursue("endless");
  }

  pause(): void {
    this.#pursue("none");
  }

  step(): void {
    const goal = this.#goal;
    // one that is under way is not forgotten
    this.#pursue({ steps: (typeof goal === "object" ? goal.steps : (this.#run?.steps ?? 0)) + 1 });
  }

  epoch(): void {
    this.#pursue("epoch");
  }

  set pace(pace: Pace) {
    this.#pace = pace;
  }

  /** Where the probe is. */
  set place(place: Place) {
    this.#place = place;
    this.#moved = true;
    this.#call();
  }

  end(): void {
    this.#over = true;
    this.#call();
  }

  #pursue(goal: Goal): void {
    if (this.#failed) return;
    this.#goal = goal;
    this.#measured = { at: performance.now(), steps: this.#run?.steps ?? 0 };
    this.#call();
  }

  async #work(): Promise<void> {
    while (!this.#over) {
      const settings = this.#settings;
      try {
        if (this.#run?.settings !== settings) await this.#renew();
        await this.#turn();
      } catch (error) {
        // that of a net that nobody wants any more is nobody's concern
        if (settings === this.#settings) {
          this.#failed = true;
          this.#goal = "none";
          this.#tell({ doing: "failed", error });
        }
      }
      await (this.#idle ? this.#called() : nextPicture());
    }
    await this.#run?.dispose();
  }

  get #idle(): boolean {
    if (this.#over) return false;
    if (this.#failed) return true;
    return this.#goal === "none" && this.#current && this.#run?.settings === this.#settings;
  }

  /** The last look is what one would be now. */
  get #current(): boolean {
    return !this.#moved && this.#run?.steps === this.#seen;
  }

  async #renew(): Promise<void> {
    const settings = this.#settings;
    await this.#run?.dispose();
    this.#run = undefined;
    this.#seen = -1;
    this.#owed = 0;
    this.#measured = { at: performance.now(), steps: 0 };
    // the same bits on every engine, so that a link shows to everybody what its sender saw
    this.#run = await Run.start(await runtime({ precision: "strict", threads: 1 }), settings);
    this.#curve = NO_CURVE;
    this.#curveTold = 0;
  }

  /** The steps of a frame, and a look. */
  async #turn(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    // the first look is at the weights that it begins with
    if (this.#seen >= 0) await this.#steps(run);
    const due = !this.#current && this.#drawn() && performance.now() >= this.#nextLook;
    if (due) {
      this.#moved = false;
      const asked = performance.now();
      const picture = await run.look(this.#place);
      this.#lookMs = performance.now() - asked;
      // of a net that nobody wants any more
      if (run.settings !== this.#settings) return;
      this.#seen = picture.steps;
      this.#curve = longer(this.#curve, picture);
      this.#report = { ...this.#report, picture };
    }
    const doing = this.#goal === "none" ? "waiting" : "training";
    const news = due || doing !== this.#report.doing;
    // it waits once its last steps are seen
    if (!news || (doing === "waiting" && run.steps !== this.#seen)) return;
    const start = performance.now();
    this.#tell({ doing });
    if (!due) return;
    await rendered();
    const now = performance.now();
    this.#nextLook = now + (now - start) * (1 / SHOWING - 1);
  }

  async #steps(run: Run): Promise<void> {
    const start = performance.now();
    const most = typeof this.#goal === "object" ? WAY_MS : Math.max(STEPS_MS, this.#lookMs);
    let steps = Number.POSITIVE_INFINITY;
    if (this.#goal === "endless" && this.#pace !== "full") {
      // what a slow frame could not do is not made up for
      this.#owed = Math.min(this.#owed + (RATES[this.#pace] * (start - this.#turned)) / 1000, 3);
      steps = Math.floor(this.#owed);
      this.#owed -= steps;
    }
    this.#turned = start;
    for (let done = 0; done < steps; done++) {
      if (this.#goal === "none" || run.settings !== this.#settings) return;
      const last = await run.step();
      // it may be another by now
      const goal = this.#goal as Goal;
      if (goal === "epoch" ? last : typeof goal === "object" && run.steps >= goal.steps) this.#goal = "none";
      if (performance.now() - start > most) return;
    }
  }

  #tell(news: Pick<Report, "doing" | "error">): void {
    const { error: _, rate, ...report } = this.#report;
    const shown = news.doing === "training" ? (this.#rate() ?? rate) : undefined;
    this.#report = { ...report, ...news, ...(shown !== undefined && { rate: shown }) };
    const now = performance.now();
    if (news.doing !== "training" || now - this.#curveTold > CURVE_MS) {
      this.#report = { ...this.#report, curve: this.#curve };
      this.#curveTold = now;
    }
    this.#show(this.#report);
  }

  /** undefined as long as there is nothing new to say */
  #rate(): number | undefined {
    const { at, steps } = this.#measured;
    const [now, done] = [performance.now(), this.#run?.steps ?? 0];
    if (now - at < RATE_MS) return undefined;
    this.#measured = { at: now, steps: done };
    return (1000 * (done - steps)) / (now - at);
  }

  #called(): Promise<void> {
    return new Promise((wake) => {
      this.#wake = wake;
    });
  }

  #call(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** What is told is rendered before the next task. */
function rendered(): Promise<void> {
  return new Promise((done) => setTimeout(done, 0));
}
