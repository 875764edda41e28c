// Packs the package as npm would publish it and lets publint and "are the types wrong" look at the tarball.
// Expects dist/ to be built.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "./pack.ts";

const folder = mkdtempSync(join(tmpdir(), "xent-pack-"));
const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
try {
  const { tarball } = pack(folder);
  console.log(run("npx", "publint", "run", tarball, "--strict"));
  console.log(run("npx", "attw", tarball, "--profile", "esm-only", "--no-definitely-typed"));
} finally {
  rmSync(folder, { recursive: true });
}
