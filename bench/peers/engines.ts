// What the contestants run on: one Node for all of them, and a Python for PyTorch.

import { spawnSync } from "node:child_process";
import { NPX_SHELL, npxArguments } from "../npx.ts";
import type { Engines } from "./child.ts";

/** The oldest Node that can run all of xent's builds. */
const OLDEST = 24;
const FETCH_MS = 300_000;

/**
 * @param asked  the Python to take, by its name or path
 * @param fetch  whether a newer Node may come from npm where this one is old
 */
export function findEngines(asked: string, fetch: boolean): { engines: Engines; notes: string[] } {
  const notes: string[] = [];
  let [node, nodeVersion] = [process.execPath, process.versions.node];
  if (fetch && Number.parseInt(nodeVersion, 10) < OLDEST) {
    const found = say("npx", npxArguments(`node@${OLDEST}`, ["node", "-p", "process.execPath"]), NPX_SHELL);
    const version = say(found.output ?? "node", ["-p", "process.versions.node"]);
    if (found.output !== undefined && version.output !== undefined)
      [node, nodeVersion] = [found.output, version.output];
    else
      notes.push(
        `Node ${OLDEST}: not to be had, ${found.error}; this is Node ${nodeVersion}, without relaxed SIMD`,
      );
  }
  const torch = say(asked, ["-c", "import torch; print(torch.__version__)"]);
  if (torch.output === undefined) notes.push(`PyTorch: ${asked} has none (--python PATH names another)`);
  return { engines: { node, nodeVersion, python: torch.output && asked }, notes };
}

/** What a program writes, or why it writes nothing. */
function say(command: string, args: readonly string[], shell = false): { output?: string; error: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: FETCH_MS,
    shell,
  });
  if (status === 0) return { output: stdout.trim(), error: "" };
  return { error: error?.message ?? stderr.trim().split("\n").at(-1) ?? `code ${status}` };
}
