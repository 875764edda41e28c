// What stands above the tables: the machine, what was run on it, the peak, and warnings.

import type { PeakSample } from "./probe.ts";
import type { Outcome } from "./protocol.ts";
import { type Header, peakOf, type Setting } from "./report.ts";
import { digits, type Summary } from "./statistics.ts";
import { labelled } from "./terminal.ts";
import { variantName } from "./variants.ts";

/** Load average from which the header warns; a machine of its own shows some hundredths. */
const BUSY = 0.7;

export function settingLines(known: Setting): string[] {
  const lines = [
    `date    ${known.date.slice(0, 16).replace("T", " ")} UTC`,
    `CPU     ${known.cpu}, ${known.cores} ${known.cores === 1 ? "core" : "cores"} (${known.platform})`,
  ];
  if (known.load >= BUSY && !known.smoke) {
    lines.push(
      `WARNING the machine is busy (load average ${known.load.toFixed(1)}): a neighbour on the same core`,
      "        can halve a product while P keeps its value. Measure when it is quiet.",
    );
  }
  return lines;
}

/** What ran on one engine, what it has not, and its copies of memory. */
export function engineLines(
  { variants, processes, copyGbytes }: Pick<Header, "variants" | "processes" | "copyGbytes">,
  outcomes: readonly Outcome[],
): string[] {
  const { engine = "", v8 = null } = outcomes[0] ?? {};
  const names = variants
    .filter((variant) => variant.engine === engine)
    .map((v) => `${variantName(v)}${v.build === "relaxed" && !v.fused ? " (not fused)" : ""}`);
  const often = processes === 1 ? "1 process" : `${processes} processes`;
  const once = (texts: readonly string[]): string[] => [...new Set(texts)];
  const copies = copyGbytes
    .filter((copy) => copy.engine === engine)
    .map(({ bytes, gbytes }) => `${digits(gbytes)} GB/s of ${byteSize(bytes)}`);
  return [
    `engine  ${engine}${v8 === null ? "" : `, V8 ${v8}`}`,
    ...(names.length === 0 ? [] : labelled("runs", `${names.join(", ")}; ${often} each`)),
    ...once(outcomes.flatMap(({ leftOut }) => leftOut)).flatMap((text) => labelled("without", text)),
    ...(copies.length === 0 ? [] : labelled("copy", `${copies.join(", ")}, read and written`)),
  ];
}

/** FLOP per cycle of two 128-bit fused multiply-add units, which every x86 of the last ten years has. */
const FLOPS_A_CYCLE = 16;

/** P and the clock, and a warning where they contradict each other. */
export function peakLines(
  samples: readonly PeakSample[],
  peakEngine: string | null,
  reason: string,
): string[] {
  const peak = peakOf(samples);
  if (peak === null) return [`P       none, so there are no shares: ${reason}`];
  const { gflops, mulAdd, ghz } = peak;
  const ratio = gflops.median / (FLOPS_A_CYCLE * ghz.median);
  const lines = [
    `P       ${digits(gflops.median)} GFLOP/s (p10–p90 ${range(gflops)}), ${peakEngine}`,
    `        with × and + apart ${digits(mulAdd.median)} (p10–p90 ${range(mulAdd)}): less on a shared core`,
    `clock   ${ghz.median.toFixed(2)} GHz; P is ${ratio.toFixed(2)} × ${FLOPS_A_CYCLE} × clock`,
  ];
  if (process.arch === "x64" && (ratio < 0.85 || ratio > 1.1)) {
    lines.push(
      `WARNING P should be near ${FLOPS_A_CYCLE} × clock (0.85 to 1.1 of it): the probe was`,
      "        compiled badly, or a neighbour disturbed it. Do not quote the shares.",
    );
  }
  return lines;
}

const range = ({ p10, p90 }: Summary): string => `${digits(p10)}–${digits(p90)}`;

/** `400 KB`, `64 MB` */
export function byteSize(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.round(bytes / 1024)} KB` : `${Math.round(bytes / 2 ** 20)} MB`;
}
