// Engines from npm, run by npx. npm's own cache is asked first: what it has kept needs no network.

/** Arguments of npx that run a program of a package. npm would say nothing under `npm run --silent`. */
export function npxArguments(packageName: string, program: readonly string[]): string[] {
  return [
    "--yes",
    "--loglevel=error",
    "--prefer-offline",
    "--fetch-retries=1",
    `--package=${packageName}`,
    "--",
    ...program,
  ];
}

/** On Windows npx is a batch file. */
export const NPX_SHELL = process.platform === "win32";

/** The line of npx's or an engine's complaints that says what is wrong, not npm's bare code of it. */
export function lastError(text: string): string | undefined {
  const lines = text.split("\n").filter((line) => /err(or)?\b/i.test(line));
  const telling = lines.find((line) => !/ code [A-Z0-9]+$/.test(line.trim()));
  return (telling ?? lines[0])?.trim().slice(0, 160);
}
