// Starts measuring processes one after another, hands them samples of P as they ask for them, and collects what they
// found. Measures nothing itself.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Arguments } from "./cli.ts";
import { NPX_SHELL } from "./npx.ts";
import type { Peak } from "./peak-source.ts";
import type { Message, Outcome, Task } from "./protocol.ts";

/** How an engine runs a file. */
export interface Engine {
  readonly name: string;
  readonly command: string;
  /** before the file */
  readonly args: readonly string[];
}

/** The end of one process: an outcome, or why there is none. */
export interface Ended {
  readonly engine: Engine;
  /** engine and kind: the processes that repeat each other */
  readonly group: string;
  readonly outcome?: Outcome;
  readonly failure?: string;
}

const running = new Set<ChildProcess>();

/** From now on Ctrl-C, and every other end of this process, ends its children too. */
export function endChildrenWithUs(cleanUp: () => void): void {
  process.on("exit", () => {
    for (const child of running) child.kill();
    cleanUp();
  });
  process.on("SIGINT", () => process.exit(130));
  process.on("SIGTERM", () => process.exit(143));
  process.on("SIGHUP", () => process.exit(129));
}

/**
 * A process for each engine and kind, narrow and wide, then the same again as often as was asked: what changes slowly,
 * such as the machine's clock, then meets all of them.
 */
export async function* measureInProcesses(
  engines: readonly Engine[],
  { suites, filter, builds, tiles, threads, smoke, processes }: Arguments,
  file: string,
  peak: Peak | undefined,
  progress: (line: string) => void,
): AsyncGenerator<Ended> {
  const kinds = [builds.filter((build) => build !== "wide"), builds.filter((build) => build === "wide")];
  const plan = engines.flatMap((engine) =>
    kinds.filter((kind) => kind.length > 0).map((kind) => ({ engine, kind })),
  );
  const idle = new Set<(typeof plan)[number]>();
  for (let number = 1; number <= processes; number++) {
    for (const group of plan) {
      if (idle.has(group)) continue;
      const { engine, kind } = group;
      const repeated = `${engine.name} ${kind.join("+")}`;
      const heading = processes > 1 ? `${repeated} ${number}/${processes}` : repeated;
      try {
        const task: Task = { suites, filter, builds: kind, tiles, threads, smoke };
        const outcome = await runChild(engine, file, task, peak, (line) => progress(`${heading}: ${line}`));
        if (outcome.variants.length === 0 || outcome.wrong.length > 0) idle.add(group);
        yield { engine, group: repeated, outcome };
      } catch (error) {
        idle.add(group);
        yield { engine, group: repeated, failure: `${heading}: ${(error as Error).message}` };
      } finally {
        progress("");
      }
    }
  }
}

/** Rejects with what the process complained about when it ends without an outcome. */
function runChild(
  { command, args }: Engine,
  file: string,
  task: Task,
  peak: Peak | undefined,
  progress: (line: string) => void,
): Promise<Outcome> {
  const child = spawn(command, [...args, file], {
    stdio: ["pipe", "pipe", "pipe"],
    shell: command === "npx" && NPX_SHELL,
  });
  running.add(child);
  let complaints = "";
  child.stderr.on("data", (text: Buffer) => {
    complaints = (complaints + text).slice(-4000);
  });
  child.stdin.on("error", () => {}); // it ended; "close" below says so
  const say = (value: unknown): boolean => child.stdin.write(`${JSON.stringify(value)}\n`);
  say(task);
  return new Promise<Outcome>((resolve, reject) => {
    let outcome: Outcome | undefined;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const message = parsed(line);
      if (message === undefined) complaints += `${line}\n`;
      else if ("progress" in message) progress(message.progress);
      else if ("outcome" in message) {
        ({ outcome } = message);
        child.stdin.end();
      } else if (peak === undefined) say(null);
      else
        peak.sample().then(say, (error: Error) => {
          child.kill();
          reject(new Error(`P: ${error.message}`));
        });
    });
    child.on("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      running.delete(child);
      if (outcome !== undefined) resolve(outcome);
      else reject(new Error(`ended with ${signal ?? `code ${code}`}\n${complaints.trim()}`));
    });
  });
}

/** A message, or undefined where an engine wrote a line of its own. */
function parsed(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}
