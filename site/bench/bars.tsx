// The chart: a bar for each case and number of threads, as long as its share of one core's peak; or, where no peak can be
// measured, as its GFLOP/s. The table below it says the same in figures.

import type { ComponentChildren } from "preact";
import { ticks } from "../shared/format.ts";
import { CASES } from "./cases.ts";
import type { Figures, Row, Summary } from "./results.ts";
import { gflops, share, threadsOf } from "./words.ts";

interface BarsProps {
  readonly rows: readonly Row[];
  /** numbers of threads, one first */
  readonly kinds: readonly number[];
  readonly peak: Summary | undefined;
  readonly hasPeak: boolean;
  /** the case that is being measured */
  readonly current: number | undefined;
}

/** What a bar's end stands at, and where the lines across are. */
interface Scale {
  readonly full: number;
  readonly lines: readonly { readonly at: number; readonly text: string; readonly peak: boolean }[];
  of(figures: Figures): number;
}

export function Bars({ rows, kinds, peak, hasPeak, current }: BarsProps) {
  const scale = hasPeak ? ofShares(rows, kinds) : ofSpeed(rows);
  const groups = [
    { name: "Matrix products", unit: "m × n × k", kind: "product" },
    { name: "Training steps", unit: "net, rows a step", kind: "step" },
  ];
  return (
    <div class="bench-bars" role="img" aria-label={told(rows, hasPeak)}>
      <div class="key">
        {kinds.map((threads, i) => (
          <span key={threads}>
            <i class={`swatch ${i === 0 ? "accent" : "second"}`} />
            {threadsOf(threads)}
          </span>
        ))}
        <span class="at">
          {hasPeak
            ? `100 % is the peak of one core${peak === undefined ? "" : `, ${gflops(peak)} GFLOP/s`}`
            : "GFLOP/s"}
        </span>
      </div>
      <div class="bar-row axis">
        <span />
        <div class="track">
          {scale.lines.map(({ at, text, peak }) => (
            <span key={text} class={peak ? "tick peak" : "tick"} style={{ left: percentOf(at, scale) }}>
              {text}
            </span>
          ))}
        </div>
      </div>
      {groups.map(({ name, unit, kind }) => (
        <div key={kind} class="group">
          <div class="bar-row head-row">
            <span class="name">
              <b>{name}</b> <small>{unit}</small>
            </span>
            <Track scale={scale} />
          </div>
          {rows.map(({ name, of, figures }, item) =>
            of.kind !== kind ? null : (
              <div key={name} class={item === current ? "bar-row now" : "bar-row"}>
                <span class="name">{name}</span>
                <Track scale={scale}>
                  {kinds.map((threads, i) => {
                    const found = figures.find((figures) => figures.threads === threads);
                    return (
                      <span key={threads} class="slot">
                        <i
                          class={`bar ${i === 0 ? "accent" : "second"}`}
                          style={{ width: found === undefined ? "0" : percentOf(scale.of(found), scale) }}
                        />
                        <span class="value">{found === undefined ? "" : gflops(found.gflops)}</span>
                      </span>
                    );
                  })}
                </Track>
              </div>
            ),
          )}
        </div>
      ))}
    </div>
  );
}

function Track({ scale, children }: { readonly scale: Scale; readonly children?: ComponentChildren }) {
  return (
    <div class="track">
      {scale.lines.map(({ at, text, peak }) => (
        <i key={text} class={peak ? "rule peak" : "rule"} style={{ left: percentOf(at, scale) }} />
      ))}
      {children}
    </div>
  );
}

/** In peaks of one core: as far as one thread or two could come, or as far as more of them did. */
function ofShares(rows: readonly Row[], kinds: readonly number[]): Scale {
  const most = kinds.at(-1) ?? 1;
  const of = ({ share, threads }: Figures): number => (share?.median ?? 0) * threads;
  const reached = Math.max(...[0, ...rows.flatMap(({ figures }) => figures.map(of))]);
  const full = Math.max(reached, Math.min(most, 2));
  const step = full < 1.5 ? 0.25 : full < 3 ? 0.5 : Math.ceil(full / 6);
  const lines = Array.from({ length: Math.floor(full / step + 1e-9) + 1 }, (_, i) => i * step);
  return {
    full,
    of,
    lines: lines.map((at) => ({ at, text: `${Math.round(100 * at)} %`, peak: at === 1 })),
  };
}

function ofSpeed(rows: readonly Row[]): Scale {
  const of = ({ gflops }: Figures): number => gflops.median;
  const reached = Math.max(...[1, ...rows.flatMap(({ figures }) => figures.map(of))]);
  const size = 10 ** Math.floor(Math.log10(reached));
  const step = [0.2, 0.5, 1, 2].map((part) => part * size).find((part) => reached / part <= 6) ?? size;
  const full = Math.ceil(reached / step) * step;
  const lines = Array.from({ length: Math.round(full / step) + 1 }, (_, i) => i * step);
  const texts = ticks(lines);
  return { full, of, lines: lines.map((at, i) => ({ at, text: texts[i] ?? "", peak: false })) };
}

function percentOf(at: number, { full }: Scale): string {
  return `${(100 * at) / full}%`;
}

function told(rows: readonly Row[], hasPeak: boolean): string {
  const found = rows.flatMap(({ name, figures }) =>
    figures.map(
      (some) =>
        `${name} on ${threadsOf(some.threads)} ${hasPeak ? share(some.share) : `${gflops(some.gflops)} GFLOP/s`}`,
    ),
  );
  return found.length === 0
    ? `Bars for ${CASES.length} cases; nothing is measured yet`
    : `Bars${hasPeak ? ", as shares of the peak of as many cores as threads" : ""}: ${found.join(", ")}`;
}
