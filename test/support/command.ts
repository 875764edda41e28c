// The command of the packed package, as a project has it that has installed xent: in a pipe, and in a pseudo-terminal.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { folders } from "./folders.ts";
import { installPacked } from "./packed.ts";

export interface Result {
  /** exit code, or the name of the signal that ended it */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Installed {
  /** a folder to run in, with the package in its node_modules */
  readonly project: string;
  readonly main: string;
  run(
    args: readonly string[],
    options?: { input?: string | Uint8Array; env?: Record<string, string> },
  ): Result;
  /** stdout as bytes */
  bytes(args: readonly string[], input?: string): Uint8Array;
  /** in a terminal of 80 columns: all that it shows */
  terminal(args: readonly string[], env?: Record<string, string>): Result;
  /** a command line of bash */
  shell(command: string): Result;
  start(args: readonly string[]): ChildProcess;
}

/** Whether there is a program that gives a command a terminal. */
export const HAS_TERMINAL = process.platform === "linux" && existsSync("/usr/bin/script");

export function installCommand(): Installed {
  const project = realpathSync(folders("cli").root);
  installPacked(project);
  const main = join(project, "node_modules/xent/dist/cli/main.js");
  const environment = (env: Record<string, string> = {}): NodeJS.ProcessEnv => {
    // neither colours nor the script of npm that runs the tests are the command's
    const own = Object.entries(process.env).filter(([name]) => !/^(FORCE_COLOR$|NO_COLOR$|npm_)/.test(name));
    return { ...Object.fromEntries(own), ...env };
  };
  return {
    project,
    main,
    run(args, { input = "", env } = {}) {
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
        cwd: project,
        env: environment(env),
        input,
        maxBuffer: 2 ** 28,
      });
      return { code: status ?? signal ?? "", stdout: stdout.toString(), stderr: stderr.toString() };
    },
    bytes(args, input = "") {
      return execFileSync(process.execPath, [main, ...args], {
        cwd: project,
        input,
        stdio: ["pipe", "pipe", "ignore"],
      });
    },
    terminal(args, env) {
      const command = [process.execPath, main, ...args].map((each) => `'${each}'`).join(" ");
      const { status, stdout } = spawnSync("script", ["-qec", `stty cols 80; ${command}`, "/dev/null"], {
        cwd: project,
        env: environment({ TERM: "xterm", ...env }),
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      });
      return { code: status ?? "", stdout, stderr: "" };
    },
    shell(command) {
      const { status, stdout, stderr } = spawnSync("bash", ["-c", command], {
        cwd: project,
        env: environment(),
        encoding: "utf8",
      });
      return { code: status ?? "", stdout, stderr };
    },
    start: (args) =>
      spawn(process.execPath, [main, ...args], { cwd: project, env: environment(), stdio: "pipe" }),
  };
}

/** Resolves to what a process ended with. */
export async function ended(child: ChildProcess): Promise<Result> {
  const read = async (stream: NodeJS.ReadableStream | null): Promise<string> => {
    let text = "";
    for await (const part of stream ?? []) text += String(part);
    return text;
  };
  const code = new Promise<number | string>((resolve) =>
    child.once("close", (status, signal) => resolve(status ?? signal ?? "")),
  );
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)]);
  return { code: await code, stdout, stderr };
}
