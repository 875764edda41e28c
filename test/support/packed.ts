// The package as npm would publish it, unpacked into the node_modules of a project.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
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
  const npm = ["pack", "--ignore-scripts", "--json", "--pack-destination", project];
  const output = execFileSync("npm", npm, { encoding: "utf8", shell: process.platform === "win32" });
  const [{ filename, files }] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  execFileSync("tar", ["-xzf", filename], { cwd: project });
  rmSync(join(project, filename));
  mkdirSync(join(project, "node_modules"));
  renameSync(join(project, "package"), join(project, "node_modules/xent"));
  return files.map(({ path }) => path).sort();
}
