// How often each fault is tried: in full by `npm run test:soak`, in short by `npm test`. docs/reliability.md has the same numbers. Not the
// faults: those stand in faults/.

/** In full, and in short. */
export const COUNTS = {
  /** a process killed while it writes checkpoints */
  kills: [1000, 6],
  /** files that end at a limit of the system's, a byte count each */
  limits: [200, 8],
  /** threads that die at a random moment of a run */
  deaths: [200, 6],
  /** runs stopped at a random moment */
  aborts: [1000, 30],
  /** steps of a small net, without a pause */
  steps: [10_000_000, 200_000],
  /** models made, fitted and disposed of: one a minute, for a week */
  cycles: [10_080, 200],
  /** ways in which each request for memory is refused: once, and with all that follow it */
  refusals: [2, 1],
  /** bits of each byte of a small model, changed one by one; in short of each third */
  bits: [8, 1],
  /** files that were made to do harm */
  hostile: [17, 4],
} satisfies Record<string, readonly [full: number, short: number]>;

export type Count = keyof typeof COUNTS;

export const times = (of: Count): number => COUNTS[of][process.env.XENT_FAULTS === "short" ? 1 : 0];
