// A process that measures one contestant on one piece of work (../baselines/peer.mjs, or peer.py), and what it says.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Contestant, Work } from "./contestants.ts";

/** What runs them. */
export interface Engines {
  /** a Node, by its path, and its version */
  readonly node: string;
  readonly nodeVersion: string;
  /** a Python that has PyTorch, or why there is none */
  readonly python: string | undefined;
}

export interface Task {
  readonly work: Work;
  /** where the data are; results go there too */
  readonly folder: string;
  readonly seed?: number;
  readonly weights?: string;
  /** name of the file for what was computed */
  readonly result?: string;
}

const BASELINES = fileURLToPath(new URL("../baselines", import.meta.url));
/** A whole training run may take minutes. */
const LONGEST_MS = 1_800_000;

const running = new Set<ChildProcess>();

/** Ends what still runs. */
export function endAll(): void {
  for (const child of running) child.kill();
}

export class Child {
  readonly contestant: Contestant;
  /** of what is installed, and what it really runs on: told before it is ready */
  version = "";
  backend = "";
  readonly #process: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];
  #last: Record<string, unknown> = {};
  #waiting: (() => void) | undefined;
  #ended: string | undefined;

  constructor(contestant: Contestant, { work, ...rest }: Task, engines: Engines) {
    const { file, threads, backend, env } = contestant;
    this.contestant = contestant;
    const node = [...(file?.endsWith(".ts") ? ["--import", "tsx"] : []), "peer.mjs"];
    this.#process = spawn(
      file === undefined ? (engines.python as string) : engines.node,
      file === undefined ? ["peer.py"] : node,
      { cwd: BASELINES, env: { ...process.env, ...env }, stdio: ["pipe", "pipe", "pipe"] },
    );
    running.add(this.#process);
    let complaints = "";
    this.#process.stderr?.on("data", (text: Buffer) => {
      complaints = (complaints + text).slice(-2000);
    });
    this.#process.stdin?.on("error", () => {}); // it ended; "close" below says so
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      try {
        this.#lines.push(JSON.parse(line));
      } catch {
        return; // a library talks
      }
      this.#waiting?.();
    });
    this.#process.on("error", (error) => this.#end(error.message));
    this.#process.on("close", (code, signal) => {
      const said = complaints.trim().split("\n");
      const telling = said.find((line) => /^\w*Error\b/.test(line)) ?? said.at(-1) ?? "";
      this.#end(`ended with ${signal ?? `code ${code}`} ${telling}`.trim());
    });
    const { seed = 0 } = rest;
    this.say({ ...work, ...rest, file, options: { threads, backend, seed } });
  }

  say(message: unknown): void {
    this.#process.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message that has `key`; what others say of version and backend is kept. */
  async read<T = unknown>(key: string): Promise<T> {
    const late = AbortSignal.timeout(LONGEST_MS);
    for (;;) {
      const message = this.#lines.shift();
      if (message !== undefined) {
        if (typeof message.version === "string") this.version = message.version;
        if (typeof message.backend === "string") this.backend = message.backend;
        this.#last = message;
        if (key in message) return message[key] as T;
        continue;
      }
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
        late.addEventListener("abort", () => resolve(), { once: true });
      });
      if (late.aborted) throw new Error(`no answer within ${LONGEST_MS / 60_000} minutes`);
    }
  }

  /** Something else of the message that was read last. */
  last<T>(key: string): T {
    return this.#last[key] as T;
  }

  /** Milliseconds of a run, over as many as fill `ms`. */
  async turn(ms: number): Promise<number> {
    this.say({ ms });
    return this.read<number>("ms");
  }

  /** Resolves when it is gone. */
  async end(): Promise<void> {
    this.#process.stdin?.end();
    if (this.#ended === undefined) {
      const timer = setTimeout(() => this.#process.kill(), 2000);
      await new Promise<void>((resolve) => this.#process.once("close", () => resolve()));
      clearTimeout(timer);
    }
  }

  #end(reason: string): void {
    running.delete(this.#process);
    this.#ended ??= reason;
    this.#waiting?.();
  }
}
