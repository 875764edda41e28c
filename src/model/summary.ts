// A model in words: its layers with their widths and parameters, for people to read.

import type { Network } from "../nn/network.ts";
import { isFrozen, type Placed, place } from "../nn/params.ts";

/** A line a layer, those of blocks indented, and a line for all. At most 80 columns wide with usual names. */
export function summary({ layers, input }: Network): string {
  const lines: [layer: string, output: string, parameters: string][] = [["layer", "output", "parameters"]];
  let [all, trained] = [0, 0];
  const add = (list: readonly Placed[], indent: string): void => {
    for (const { spec, path, width, shapes, inner } of list) {
      const own = shapes
        .filter(({ role }) => role !== undefined)
        .reduce((sum, { rows, cols }) => sum + rows * cols, 0);
      all += own;
      if (!isFrozen(spec)) trained += own;
      const frozen = own > 0 && isFrozen(spec) ? ", frozen" : "";
      lines.push([`${indent}${path} ${spec.kind}${frozen}`, grouped(width), own === 0 ? "" : grouped(own)]);
      add(inner, `${indent}  `);
    }
  };
  add(place(layers, input), "");
  const [first, second] = [0, 1].map((i) => Math.max(...lines.map((line) => (line[i] as string).length)));
  const table = lines.map(([layer, output, parameters]) =>
    `${layer.padEnd(first as number)}  ${output.padStart(second as number)}  ${parameters.padStart(11)}`.trimEnd(),
  );
  const bytes = all * 4;
  const size = bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const share = trained === all ? "all trained" : `${grouped(trained)} trained`;
  return [
    `${grouped(input)} features a row`,
    ...table,
    `${grouped(all)} parameters (${size}), ${share}`,
  ].join("\n");
}

/** 1234567 as 1,234,567 */
function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}
