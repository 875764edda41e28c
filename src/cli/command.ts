// What all commands have alike: their help, its examples and exit codes; and the version. Which commands there are is program.ts.

import { readFileSync } from "node:fs";
import type { Command } from "commander";

export const EXIT_CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.
Colours go by NO_COLOR and FORCE_COLOR. A file of "-" is stdin or stdout.`;

export function command(root: Command, name: string, description: string): Command {
  return root.command(name).description(description).helpOption("-h, --help", "this text");
}

export function examples(command: Command, ...lines: readonly string[]): void {
  command.addHelpText("after", `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}\n${EXIT_CODES}`);
}

/** As wide as the terminal, at most 100; 80 where there is none. */
export function helpWidth(): number {
  return Math.min(process.stdout.columns ?? 80, 100);
}

export function version(): string {
  const path = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
