// Where the command's words go. What is asked for goes to stdout: text, or with --json one JSON object a line. All else (the progress
// bar, warnings, and with --json the text) goes to stderr.

import { fstatSync, writeFileSync } from "node:fs";
import cliProgress from "cli-progress";
import { harmless } from "./harmless.ts";
import { type Paint, painter } from "./style.ts";

export interface Screen {
  readonly json: boolean;
  /** of what `say` writes */
  readonly paint: Paint;
  /** columns of the terminal that `say` writes to; 80 where there is none */
  readonly columns: number;
  /** lines for people; nothing with --quiet */
  say(...lines: readonly string[]): void;
  /** a line on stderr, whatever was asked for; it may name what is in a file */
  log(line: string): void;
  /** an event for programs; nothing without --json */
  emit(event: string, facts: object): void;
  /** moves the progress bar to a share of `total` */
  progress(value: number, total: number, before: string, after: string): void;
  /** takes the bar away */
  clear(): void;
}

export interface ScreenOptions {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  /** stdout carries data, so text goes to stderr */
  readonly piped?: boolean | undefined;
}

export function openScreen({ json = false, quiet = false, piped = false }: ScreenOptions): Screen {
  const { stdout, stderr } = process;
  const stream = json || piped ? stderr : stdout;
  const paint = painter(stream.isTTY === true, process.env);
  const bar =
    quiet || stderr.isTTY !== true || process.env.TERM === "dumb"
      ? undefined
      : new cliProgress.SingleBar({
          stream: stderr,
          format: `{before}  ${painter(true, process.env)("cyan", "{bar}")}  {percentage} %  {after}`,
          barsize: (stderr.columns ?? 80) < 100 ? 8 : 16,
          autopadding: true,
          barCompleteChar: "█",
          barIncompleteChar: "░",
          clearOnComplete: true,
          hideCursor: true,
          fps: 15,
          // a resize or a signal is ours to deal with
          gracefulExit: false,
        });
  const clear = (): void => bar?.stop();
  // the stream would write to a file once, and not look how much of it a full disk has taken
  const isFile = fstatSync(stdout.fd).isFile();
  const write = (to: NodeJS.WriteStream, line: string): void => {
    clear();
    if (to === stdout && isFile) writeFileSync(stdout.fd, `${line}\n`);
    else to.write(`${line}\n`);
  };
  return {
    json,
    paint,
    columns: stream.columns ?? 80,
    say(...lines) {
      if (!quiet) for (const line of lines) write(stream, line);
    },
    log: (line) => write(stderr, harmless(line)),
    emit(event, facts) {
      if (json) write(stdout, jsonLine({ event, ...facts }));
    },
    progress(value, total, before, after) {
      if (bar === undefined) return;
      if (bar.isActive) bar.update(value, { before, after });
      else bar.start(total, value, { before, after });
    },
    clear,
  };
}

/** JSON without line ends; what is not finite is null. */
export function jsonLine(value: object): string {
  return JSON.stringify(value);
}
