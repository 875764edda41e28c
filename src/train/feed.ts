// Where the rows of an epoch come from: a data set in one block, or a stream (streamed.ts) block after block.

import type { Dataset } from "../data/dataset.ts";
import type { TrainSession } from "../nn/session.ts";
import type { Meters } from "./metrics.ts";
import type { Run } from "./run.ts";
import type { Scoring } from "./scoring.ts";
import { Window } from "./window.ts";

/** Rows of an epoch that are in reach at once, in any order. */
export interface Block {
  readonly window: Window;
  readonly scoring: Scoring;
  readonly meters: Meters | undefined;
  /** counted from 0 */
  readonly number: number;
  /** row of the epoch that is its first */
  readonly start: number;
}

/** The blocks of each epoch; each is used up before the next is asked for. */
export interface Feed {
  /** of an epoch */
  readonly rows: number;
  /** the one block of every epoch, where there is one: a short epoch takes less time than a promise for it */
  readonly whole?: Block;
  /** Those of the run's epoch from the one on in which the run stands. */
  blocks(run: Run): Iterable<Block> | AsyncIterable<Block>;
}

/** Feeds from a data set. */
export function fed(
  session: TrainSession,
  data: Dataset,
  scoring: Scoring,
  meters: Meters | undefined,
  capacity: number,
): Feed {
  const window = new Window(session, data, scoring, capacity);
  const whole = { window, scoring, meters, number: 0, start: 0 };
  return { rows: data.rows, whole, blocks: () => [whole] };
}
