// The table: all figures of a run, a row for each case and number of threads.

import { Scroll } from "../shared/scroll.tsx";
import { CASES } from "./cases.ts";
import type { Row } from "./results.ts";
import { gflops, microseconds, samples, share, times } from "./words.ts";

interface TableProps {
  readonly rows: readonly Row[];
  /** numbers of threads, one first */
  readonly kinds: readonly number[];
}

export function Table({ rows, kinds }: TableProps) {
  return (
    <Scroll label="All figures, a table">
      <table class="figures-table">
        <caption>
          Time, speed, share of the peak, and what threads gain, of each product and each training step
        </caption>
        <thead>
          <tr>
            <th scope="col">Measured</th>
            <th scope="col">Threads</th>
            <th scope="col">GFLOP/s</th>
            <th scope="col">Share of peak</th>
            <th scope="col">Time</th>
            <th scope="col">Samples/s</th>
            <th scope="col">Speed-up</th>
          </tr>
        </thead>
        {rows.map(({ name, figures }, item) => (
          <tbody key={name} class={CASES[item]?.kind !== CASES[item - 1]?.kind ? "first" : ""}>
            {kinds.map((threads, i) => {
              const found = figures.find((figures) => figures.threads === threads);
              return (
                <tr key={threads}>
                  {i === 0 && (
                    <th scope="rowgroup" rowSpan={kinds.length}>
                      {name}
                    </th>
                  )}
                  <td>{threads}</td>
                  <td>{gflops(found?.gflops)}</td>
                  <td>{share(found?.share)}</td>
                  <td>{found === undefined ? "–" : microseconds(found.microseconds)}</td>
                  <td>{samples(found?.samplesPerSecond)}</td>
                  <td>{times(found?.speedUp)}</td>
                </tr>
              );
            })}
          </tbody>
        ))}
      </table>
    </Scroll>
  );
}
