// The package as npm would publish it, unpacked into the node_modules of a project.

import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { install, pack } from "../../tools/pack.ts";
import { stale } from "../../tools/stale.ts";

/** Runs Node, and throws what it printed if it fails. */
export function node(args: string[], cwd = process.cwd()): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`node ${args.join(" ")}\n${stdout}${stderr}`);
  return stdout;
}

/** Builds dist/ if it is older than the sources. @returns what the package holds, sorted */
export function installPacked(project: string): string[] {
  if (stale(["dist/index.js"], ["src", "tsconfig.json", "tsconfig.build.json"])) {
    node(["--import", "tsx", "tools/build-js.ts"]);
  }
  const packed = pack(project);
  install(packed, project);
  rmSync(packed.tarball);
  return [...packed.files].sort();
}
