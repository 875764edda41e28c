// The figures as JSON, which is a contract: bench/README.md lists the fields. A ratio is theirs over ours, so what is above 1
// is xent's advantage.

import type { Setting } from "../report.ts";
import { rounded, summarize } from "../statistics.ts";
import { hasCores } from "../windows.ts";
import type { Alone } from "./alone.ts";
import { type Contestant, THREADS, type Work } from "./contestants.ts";

export interface Header extends Setting {
  readonly engine: string;
  /** turns of each in a process, at least for those that are not slow */
  readonly rounds: number;
  readonly systems: readonly {
    readonly system: string;
    readonly version: string;
    /** what it really ran on, in its own words */
    readonly backends: readonly string[];
  }[];
}

/** What a contestant took for a piece of work, beside one way in which xent ran it. */
export interface Result {
  readonly work: string;
  readonly system: string;
  /** of xent's: build, whether widened, threads */
  readonly build: string;
  readonly wide: boolean;
  readonly threads: number;
  readonly peerThreads: number;
  /** the system's, in milliseconds; where `system` is xent, its own */
  readonly medianMs: number;
  /** medianMs / xent's, of training runs over the seeds that both had; 1 where `system` is xent */
  readonly ratio: number;
  readonly spread: { readonly p10Ms: number; readonly p90Ms: number };
  /** turns that the median is of */
  readonly turns: number;
  /**
   * Where one of the two has several threads: the median of the ratios, round by round, over rounds in which threads that never
   * wait gained what so many cores give; null where there were fewer than three such rounds. `rounds` says how many there were.
   */
  readonly withCores: { readonly ratio: number | null; readonly rounds: number } | null;
}

/** The most memory a process had, and how many epochs a training run took: medians. */
export interface Note {
  readonly work: string;
  readonly system: string;
  readonly build: string | null;
  readonly wide: boolean | null;
  readonly threads: number;
  readonly maxRssBytes?: number;
  readonly epochs?: number;
}

export interface Size {
  readonly name: string;
  readonly pageBytes: number;
  readonly installBytes: number;
}

export interface Report {
  readonly header: Header;
  readonly results: readonly Result[];
  readonly notes: readonly Note[];
  readonly sizes: readonly Size[];
  /** who has no figures for what, and why */
  readonly failures: readonly { readonly work: string; readonly system: string; readonly reason: string }[];
}

/** All times for a piece of work, from all processes. */
export interface Collected {
  readonly work: Work;
  readonly runs: readonly Alone[];
  /** of each round, see `Race`; none where there are no rounds */
  readonly gains: readonly number[];
}

/** Rounds of which a median is taken. */
const FEWEST = 3;

export function makeReport(
  header: Omit<Header, "systems">,
  collected: readonly Collected[],
  sizes: readonly Size[],
): Report {
  const systems = new Map<string, { version: string; backends: Set<string> }>();
  for (const { contestant, version, backend, turns } of collected.flatMap(({ runs }) => runs)) {
    if (turns.length === 0) continue;
    const known = systems.get(contestant.system) ?? { version, backends: new Set() };
    known.backends.add(backend);
    systems.set(contestant.system, known);
  }
  return {
    header: {
      ...header,
      systems: [...systems].map(([system, { version, backends }]) => ({
        system,
        version,
        backends: [...backends],
      })),
    },
    results: collected.flatMap(resultsOf),
    notes: collected.flatMap(notesOf),
    sizes,
    failures: collected.flatMap(({ work, runs }) =>
      runs.flatMap(({ contestant, failure }) =>
        failure === undefined ? [] : [{ work: work.name, system: nameOf(contestant), reason: failure }],
      ),
    ),
  };
}

/** `PyTorch × 2`, `xent wide` */
function nameOf({ system, threads, own, backend }: Contestant): string {
  const kind = own === undefined ? system : `${system} ${backend}`;
  return threads === 1 ? kind : `${kind} × ${threads}`;
}

const timed = (turns: readonly number[]): number[] => turns.filter((ms) => !Number.isNaN(ms));

function resultsOf({ work, runs, gains }: Collected): Result[] {
  const measured = runs.filter(({ turns }) => turns.length > 0);
  const own = measured.filter(({ contestant }) => contestant.own !== undefined);
  return measured.flatMap(({ contestant, turns }) => {
    const { median, p10, p90 } = summarize(timed(turns));
    const beside =
      contestant.own === undefined ? own : own.filter((entry) => entry.contestant === contestant);
    return beside.map((ours): Result => {
      const { build, wide } = ours.contestant.own as NonNullable<Contestant["own"]>;
      return {
        work: work.name,
        system: contestant.system,
        build,
        wide,
        threads: ours.contestant.threads,
        peerThreads: contestant.threads,
        medianMs: rounded(median),
        ratio: rounded(ratioOf(turns, ours.turns)),
        spread: { p10Ms: rounded(p10), p90Ms: rounded(p90) },
        turns: timed(turns).length,
        withCores: withCores(contestant, ours.contestant, turns, ours.turns, gains),
      };
    });
  });
}

/** Of medians. Who is slow has fewer training runs, of the first seeds: then the other's are those of the same seeds. */
function ratioOf(theirs: readonly number[], ours: readonly number[]): number {
  const both = Math.min(theirs.length, ours.length);
  const median = (turns: readonly number[]): number => summarize(timed(turns.slice(0, both))).median;
  return median(theirs) / median(ours);
}

function withCores(
  peer: Contestant,
  own: Contestant,
  theirs: readonly number[],
  ours: readonly number[],
  gains: readonly number[],
): Result["withCores"] {
  if (gains.length === 0 || Math.max(peer.threads, own.threads) === 1) return null;
  const slow = summarize(timed(theirs)).median;
  const ratios = gains.flatMap((gain, round) => {
    const their = theirs[round] as number;
    return !hasCores(THREADS, gain) ? [] : [(Number.isNaN(their) ? slow : their) / (ours[round] as number)];
  });
  return {
    ratio: ratios.length < FEWEST ? null : rounded(summarize(ratios).median),
    rounds: ratios.length,
  };
}

function notesOf({ work, runs }: Collected): Note[] {
  return runs.flatMap(({ contestant: { system, own, threads }, turns, maxRssBytes, epochs }) => {
    if (turns.length === 0 || (maxRssBytes === undefined && epochs === undefined)) return [];
    const middle = (values: readonly number[]): number => summarize(values).median;
    return [
      {
        work: work.name,
        system,
        build: own?.build ?? null,
        wide: own?.wide ?? null,
        threads,
        ...(maxRssBytes === undefined ? {} : { maxRssBytes: middle(maxRssBytes) }),
        ...(epochs === undefined ? {} : { epochs: middle(epochs) }),
      },
    ];
  });
}
