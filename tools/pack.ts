// The package as npm would publish it, and a project that has installed it. Expects dist/ to be built.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, realpathSync, renameSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { setModes } from "./modes.ts";

/** What npm packed. */
export interface Packed {
  readonly tarball: string;
  /** that it holds */
  readonly files: readonly string[];
}

/**
 * @param folder  gets the tarball
 * @param source  of another package than ours
 */
export function pack(folder: string, source = "."): Packed {
  // npm's script before packing, which --ignore-scripts leaves out with the build
  if (source === ".") setModes();
  const npm = ["pack", source, "--ignore-scripts", "--json", "--pack-destination", folder];
  const output = execFileSync("npm", npm, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    shell: process.platform === "win32",
  });
  const [packed] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(folder, packed.filename), files: packed.files.map(({ path }) => path) };
}

/** Unpacks it into a project's node_modules; its dependencies, and `more` packages, are linked to those of ours. */
export function install({ tarball }: Packed, project: string, more: readonly string[] = []): void {
  const installed = join(project, "node_modules/xent");
  mkdirSync(dirname(installed), { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", project]);
  renameSync(join(project, "package"), installed);
  const { dependencies = {} } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  for (const name of [...Object.keys(dependencies), ...more]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(realpathSync(join("node_modules", name)), link, "junction");
  }
}
