// A process that measures one contestant on one piece of work (../baselines/peer.mjs, or peer.py), and what it says.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Contestant, Work } from "./contestants.ts";
import { CHECK_LR } from "./data.ts";

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

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BASELINES = fileURLToPath(new URL("../baselines", import.meta.url));
/** A whole training run may take minutes. */
const LONGEST_MS = 1_800_000;

const running = new Set<ChildProcess>();

/** Ends what still runs. */
export function endAll(): void {
  for (const child of running) child.kill();
}

/** A process that talks in lines of JSON. */
class Talk {
  readonly #process: ChildProcess;
  readonly #lines: Record<string, unknown>[] = [];
  #waiting: (() => void) | undefined;
  #ended: string | undefined;

  constructor(
    command: string,
    args: readonly string[],
    options: { cwd: string; env?: Readonly<Record<string, string>> | undefined },
  ) {
    this.#process = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["pipe", "pipe", "pipe"],
    });
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
  }

  say(message: unknown): void {
    this.#process.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** The next message that has `key`. */
  async read(key: string): Promise<Record<string, unknown>> {
    const late = AbortSignal.timeout(LONGEST_MS);
    late.addEventListener("abort", () => this.#waiting?.(), { once: true });
    for (;;) {
      const message = this.#lines.shift();
      if (message !== undefined) {
        if (key in message) return message;
        continue;
      }
      if (this.#ended !== undefined) throw new Error(this.#ended);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
      if (late.aborted) throw new Error(`no answer within ${LONGEST_MS / 60_000} minutes`);
    }
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

/** One contestant on one piece of work. */
export class Child extends Talk {
  constructor(contestant: Contestant, { work, ...rest }: Task, engines: Engines) {
    const { file, threads, backend, env } = contestant;
    const node = [...(file?.endsWith(".ts") ? ["--import", "tsx"] : []), "peer.mjs"];
    const [command, args] =
      file === undefined ? [engines.python as string, ["peer.py"]] : [engines.node, node];
    super(command, args, { cwd: BASELINES, env });
    const { seed = 0 } = rest;
    const checkLr = work.kind === "gemm" ? undefined : CHECK_LR[work.net.optimizer];
    this.say({ ...work, ...rest, checkLr, file, options: { threads, backend, seed } });
  }

  /** When it can begin: its version, and what it really runs on. */
  async ready(): Promise<{ version: string; backend: string }> {
    const { version, backend } = await this.read("ready");
    return { version: String(version), backend: String(backend) };
  }

  /** Milliseconds of a run, over as many as fill `ms`. */
  async turn(ms: number): Promise<number> {
    this.say({ ms });
    return (await this.read("ms")).ms as number;
  }
}

/** What two threads gain here and now that never wait for each other. */
export class Gain extends Talk {
  constructor(engines: Engines) {
    super(engines.node, ["--import", "tsx", "bench/peers/gain.ts"], { cwd: ROOT });
  }

  async now(): Promise<number> {
    this.say({});
    return (await this.read("gain")).gain as number;
  }
}
