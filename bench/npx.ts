// Engines from npm, run by npx. npm's own cache is asked first: what it has kept needs no network.

/** Arguments of npx that run a program of a package. */
export function npxArguments(packageName: string, program: readonly string[]): string[] {
  return ["--yes", "--prefer-offline", "--fetch-retries=1", `--package=${packageName}`, "--", ...program];
}

/** On Windows npx is a batch file. */
export const NPX_SHELL = process.platform === "win32";

/** The line of npx's or an engine's complaints that says what is wrong. */
export function lastError(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => /error/i.test(line));
  return lines[0]?.trim().slice(0, 160);
}
