// One piece of work, all who can do it: each in a fresh process, checked before it is timed, then in turns, there and back, so
// that whatever the machine does meets all of them. While one has its turn the others wait for a line on stdin.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Child, type Engines, type Gain } from "./child.ts";
import type { Contestant, Work } from "./contestants.ts";
import { type Expected, wrongLosses } from "./data.ts";

/** What came out of the turns of all. */
export interface Race {
  readonly runs: readonly Timed[];
  /** in each round, the least that two threads gained which never wait for each other, before and after the turns of two threads */
  readonly gains: readonly number[];
}

export interface Budget {
  readonly rounds: number;
  /** of each turn */
  readonly turnMs: number;
  /** before the first: engines compile hot code anew in the background */
  readonly warmMs: number;
  /** turns of those that take longer than a turn for one run */
  readonly slowRounds: number;
}

export const FULL: Budget = { rounds: 11, turnMs: 60, warmMs: 500, slowRounds: 3 };
export const SMOKE: Budget = { rounds: 1, turnMs: 1, warmMs: 1, slowRounds: 1 };

/** Before each turn: caches and branch predictors forget while the others run. */
const WAKE_MS = 4;
/** Before each turn, in which threads of the one before fall asleep. */
const PAUSE_MS = 5;

/** What one contestant took. */
export interface Timed {
  readonly contestant: Contestant;
  readonly version: string;
  readonly backend: string;
  /** milliseconds of a run, round by round, NaN where it had no turn; empty where it failed */
  readonly turns: readonly number[];
  /** why it has no figures */
  readonly failure?: string;
}

export async function race(
  work: Work,
  contestants: readonly Contestant[],
  { folder, expected }: { folder: string; expected: Expected },
  { engines, gain }: { engines: Engines; gain: Gain },
  budget: Budget,
  progress: (line: string) => void,
): Promise<Race> {
  const entries = contestants.map((contestant, i) => ({
    contestant,
    result: `result-${i}`,
    child: undefined as Child | undefined,
    turns: [] as number[],
    failure: undefined as string | undefined,
    slow: false,
    version: "",
    backend: "",
  }));
  const attempt = async (entry: (typeof entries)[number], what: () => Promise<void>): Promise<void> => {
    try {
      await what();
    } catch (error) {
      entry.failure = (error as Error).message;
      await entry.child?.end();
    }
  };
  const turn = async ({ contestant, child, slow, turns }: (typeof entries)[number], round: number) => {
    progress(`${work.name}: round ${round + 1}/${budget.rounds}  ${contestant.system}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (!slow) await child?.turn(Math.min(WAKE_MS, budget.turnMs));
    turns.push((await child?.turn(budget.turnMs)) as number);
  };
  const alive = () => entries.filter(({ failure }) => failure === undefined);

  for (const [i, entry] of entries.entries()) {
    progress(`${work.name}: check ${i + 1}/${entries.length}  ${entry.contestant.system}`);
    await attempt(entry, async () => {
      const child = new Child(
        entry.contestant,
        { work, folder, weights: "weights", result: entry.result },
        engines,
      );
      entry.child = child;
      const losses =
        expected.losses === undefined ? undefined : ((await child.read("losses")).losses as number[]);
      Object.assign(entry, await child.ready());
      const wrong =
        losses !== undefined
          ? wrongLosses(expected.losses ?? [], losses)
          : expected.result?.(floats(join(folder, entry.result)));
      if (wrong !== undefined) throw new Error(`WRONG: ${wrong}`);
    });
  }
  for (const entry of alive()) {
    progress(`${work.name}: warm-up  ${entry.contestant.system}`);
    await attempt(entry, async () => {
      const first = await entry.child?.turn(1);
      entry.slow = (first as number) > budget.warmMs;
      // the first says how many runs fill the second
      if (!entry.slow) for (const part of [0.2, 0.8]) await entry.child?.turn(part * budget.warmMs);
    });
  }
  const gains: number[] = [];
  // without it there are no rounds that are known to have had the cores, and that is all
  const gained = (): Promise<number> => gain.now().catch(() => Number.NaN);
  for (let round = 0; round < budget.rounds; round++) {
    const several = alive().filter(({ contestant }) => contestant.threads > 1);
    const one = alive().filter(({ contestant }) => contestant.threads === 1);
    const turnsOf = async (list: typeof entries): Promise<void> => {
      for (const entry of round % 2 === 0 ? list : list.reverse()) {
        const skipped = entry.slow && round >= budget.slowRounds;
        if (skipped) entry.turns.push(Number.NaN);
        else await attempt(entry, () => turn(entry, round));
      }
    };
    const before = several.length === 0 ? 1 : await gained();
    await turnsOf(several);
    gains.push(several.length === 0 ? 1 : Math.min(before, await gained()));
    await turnsOf(one);
  }
  for (const entry of alive()) await entry.child?.end();
  const runs = entries.map(({ contestant, version, backend, turns, failure }) => ({
    contestant,
    version,
    backend,
    turns: failure === undefined ? turns : [],
    ...(failure === undefined ? {} : { failure }),
  }));
  return { runs, gains };
}

function floats(path: string): Float32Array {
  const { buffer, byteOffset, byteLength } = readFileSync(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
