// A stream as a run's feed, and as parts to evaluate: each block is scored when it comes. Loaded with the first stream.

import type { CheckedRows } from "../data/dataset.ts";
import type { OpenStream } from "../data/stream.ts";
import type { TrainSession } from "../nn/session.ts";
import type { Part } from "./evaluate.ts";
import type { Block, Feed } from "./feed.ts";
import type { Meters } from "./metrics.ts";
import type { Run } from "./run.ts";
import type { Scoring } from "./scoring.ts";
import { Window } from "./window.ts";

/** What a loss makes of a block, and what measures it; `at` says which for messages. Meters of all blocks take each other's state. */
export type ScoreBlock = (
  data: CheckedRows,
  at: string,
) => {
  readonly scoring: Scoring;
  readonly meters: Meters | undefined;
};

/** Feeds from a stream, whose blocks have at most `capacity` rows in memory. */
export function streamed(
  stream: OpenStream,
  session: TrainSession,
  capacity: number,
  score: ScoreBlock,
): Feed {
  return {
    rows: stream.rows,
    async *blocks(run: Run): AsyncGenerator<Block, void> {
      const { row } = run;
      let [number, start] = [0, 0];
      for await (const data of stream.blocks()) {
        if (start + data.rows > row) {
          const { scoring, meters } = score(data, blockFrom(start));
          run.meters = goOn(meters, run.meters);
          yield { window: new Window(session, data, scoring, capacity), scoring, meters, number, start };
        }
        number++;
        start += data.rows;
      }
    },
  };
}

/** The blocks to evaluate; they can be asked for again. */
export function streamedParts(stream: OpenStream, score: ScoreBlock): AsyncIterable<Part> {
  return {
    async *[Symbol.asyncIterator](): AsyncGenerator<Part, void> {
      let last: Meters | undefined;
      let start = 0;
      for await (const data of stream.blocks()) {
        const { scoring, meters } = score(data, blockFrom(start));
        start += data.rows;
        last = goOn(meters, last);
        yield { x: data.x, scoring, meters };
      }
    },
  };
}

/** Meters with what those before have measured. */
function goOn(meters: Meters | undefined, before: Meters | undefined): Meters | undefined {
  if (meters !== before && before !== undefined) meters?.load(before.state());
  return meters;
}

function blockFrom(start: number): string {
  return start === 0 ? "" : `, block from row ${start}`;
}
