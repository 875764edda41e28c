// The progress bar of a terminal; where there is none, only the lines.

import cliProgress from "cli-progress";
import type { Paint } from "../shared/style.ts";

export interface Screen {
  /** moves the bar to a share of `total` */
  progress(value: number, total: number, before: string, after: string): void;
  /** a line above the bar, for good */
  line(text: string): void;
  /** takes the bar away */
  clear(): void;
}

/** @param terminal  whether the stream can move its cursor */
export function screen(stream: NodeJS.WriteStream, terminal: boolean, paint: Paint): Screen {
  if (!terminal) {
    return {
      progress() {},
      line: (text) => void stream.write(`${text}\n`),
      clear() {},
    };
  }
  const bar = new cliProgress.SingleBar({
    stream,
    format: `{before}  ${paint("cyan", "{bar}")}  {percentage} %  {after}`,
    barsize: 16,
    autopadding: true,
    barCompleteChar: "█",
    barIncompleteChar: "░",
    clearOnComplete: true,
    hideCursor: true,
    fps: 15,
  });
  const clear = () => bar.stop();
  return {
    progress(value, total, before, after) {
      if (bar.isActive) bar.update(value, { before, after });
      else bar.start(total, value, { before, after });
    },
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
    clear,
  };
}
