// Where a command runs: machine, Node, and what of xent; as lines for people and as plain data. `info`, `bench` and reports show it.

import { availableParallelism, cpus, totalmem } from "node:os";
import type { Info, Xent } from "../index.ts";
import { version } from "./command.ts";
import { bytes, count } from "./text/format.ts";

export interface Environment extends Info {
  readonly xent: string;
  readonly node: string;
  readonly v8: string;
  /** "linux x64" */
  readonly platform: string;
  readonly cpu: string;
  /** that this process may use */
  readonly cores: number;
  /** bytes of the machine */
  readonly memory: number;
}

/** As it is at the moment: `wide` is confirmed once there was work. */
export function environment(xent: Xent): Environment {
  return {
    xent: version(),
    node: process.versions.node,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    ...xent.info,
  };
}

/** Names and facts, the reasons of the engine among them. */
export function environmentFacts(of: Environment): [name: string, fact: string][] {
  const reasons = of.reasons.map((reason): [string, string] => {
    const colon = reason.indexOf(": ");
    return [reason.slice(0, colon), reason.slice(colon + 2)];
  });
  return [
    ["xent", of.xent],
    ["runtime", `Node ${of.node}, V8 ${of.v8.split(".", 2).join(".")}, ${of.platform}`],
    ["CPU", `${of.cpu}, ${count(of.cores, "core")}, ${bytes(of.memory)}`],
    ...reasons,
    ["fused", of.fused ? "yes, a multiply-add rounds once" : "no, a multiply-add rounds twice"],
  ];
}
