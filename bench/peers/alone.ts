// Work for which each has the machine to itself: the first step of a fresh process with the memory that it takes, and a
// training run until it is good enough.

import { Child, type Engines } from "./child.ts";
import type { Contestant, Work } from "./contestants.ts";
import { type Expected, prepareSeed, wrongLosses } from "./data.ts";
import type { Timed } from "./race.ts";

/** What else is told of such work. */
export interface Alone extends Timed {
  /** the most memory that the process had, each time */
  readonly maxRssBytes?: readonly number[];
  /** epochs that each training run took */
  readonly epochs?: readonly number[];
}

type Notes = { version: string; backend: string; turns: number[]; failure?: string };

const notesOf = (contestants: readonly Contestant[]): Map<Contestant, Notes> =>
  new Map(contestants.map((contestant) => [contestant, { version: "", backend: "", turns: [] }]));

/** What a process does, and its end; a failure leaves no figures. */
async function attempt(note: Notes, child: Child, what: () => Promise<void>): Promise<void> {
  try {
    await what();
  } catch (error) {
    Object.assign(note, { failure: (error as Error).message, turns: [] });
  }
  await child.end();
}

/** Each `times` times, all once before any twice; milliseconds from the start of the process to the end of its first step. */
export async function firstSteps(
  work: Work,
  contestants: readonly Contestant[],
  { folder, expected }: { folder: string; expected: Expected },
  engines: Engines,
  times: number,
  progress: (line: string) => void,
): Promise<Alone[]> {
  const notes = notesOf(contestants);
  const memory = new Map<Contestant, number[]>(contestants.map((contestant) => [contestant, []]));
  for (let time = 0; time < times; time++) {
    for (const contestant of contestants) {
      const note = notes.get(contestant) as Notes;
      if (note.failure !== undefined) continue;
      progress(`${work.name}: ${time + 1}/${times}  ${contestant.system}`);
      const start = performance.now();
      const child = new Child(contestant, { work, folder, weights: "weights" }, engines);
      await attempt(note, child, async () => {
        const { stepped } = await child.read("stepped");
        note.turns.push(performance.now() - start);
        const wrong = wrongLosses(expected.losses?.slice(0, 1) ?? [], [stepped as number]);
        if (wrong !== undefined) throw new Error(`WRONG: ${wrong}`);
        memory.get(contestant)?.push((await child.read("maxRssBytes")).maxRssBytes as number);
        Object.assign(note, await child.ready());
      });
    }
  }
  return contestants.map((contestant) => ({
    contestant,
    ...(notes.get(contestant) as Notes),
    maxRssBytes: memory.get(contestant) ?? [],
  }));
}

/** How far the accuracies of two may lie apart that begin alike and see the same rows in the same order. */
const APART = 0.01;

/**
 * Milliseconds until the accuracy on the test rows is `target`, evaluation after each epoch included, for each seed: first
 * weights and orders of rows are the seed's.
 *
 * @param seedsOf  how many seeds a contestant is asked for: none would wait for the slowest
 */
export async function learning(
  work: Extract<Work, { kind: "learn" }>,
  contestants: readonly Contestant[],
  { folder, rows }: { folder: string; rows: number },
  engines: Engines,
  seedsOf: (contestant: Contestant) => number,
  progress: (line: string) => void,
): Promise<Alone[]> {
  const notes = notesOf(contestants);
  const epochs = new Map<Contestant, number[]>(contestants.map((contestant) => [contestant, []]));
  const most = Math.max(...contestants.map(seedsOf));
  for (let seed = 1; seed <= most; seed++) {
    prepareSeed(folder, work, rows, seed);
    let exact: number[] | undefined;
    for (const contestant of contestants) {
      const note = notes.get(contestant) as Notes;
      if (note.failure !== undefined || seed > seedsOf(contestant)) continue;
      progress(`${work.name}: seed ${seed}/${seedsOf(contestant)}  ${contestant.system}`);
      const child = new Child(contestant, { work, folder, weights: "weights", seed }, engines);
      await attempt(note, child, async () => {
        Object.assign(note, await child.ready());
        child.say({});
        const { accuracies, ms } = (await child.read("accuracies")) as { accuracies: number[]; ms: number };
        note.turns.push(ms);
        epochs.get(contestant)?.push(accuracies.length);
        const wrong = wrongAccuracies(accuracies, exact ?? accuracies, work.target);
        if (wrong !== undefined) throw new Error(`WRONG: ${wrong}`);
        exact ??= accuracies;
      });
    }
  }
  return contestants.map((contestant) => ({
    contestant,
    ...(notes.get(contestant) as Notes),
    epochs: epochs.get(contestant) ?? [],
  }));
}

function wrongAccuracies(
  got: readonly number[],
  first: readonly number[],
  target: number,
): string | undefined {
  if (!((got.at(-1) ?? 0) >= target))
    return `${target} was not reached in ${got.length} epochs: ${got.at(-1)}`;
  const apart = Math.abs((got[0] as number) - (first[0] as number));
  return apart <= APART ? undefined : `${got[0]} after the first epoch, the first contestant had ${first[0]}`;
}
