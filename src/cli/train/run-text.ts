// What a run of `train` says of itself at its beginning and at its end, to people and to programs.

import type { History, LayerSpec, Sequential, Xent } from "../../index.ts";
import { engineText } from "../engine.ts";
import type { Measured } from "../measure.ts";
import { parameterCount } from "../parameters.ts";
import type { Mistakes } from "../report/report.ts";
import { drawDigit, sideBySide } from "../text/draw.ts";
import { bytes, count, digits, duration, partsText } from "../text/format.ts";
import type { Screen } from "../text/terminal.ts";
import { facts } from "../text/text.ts";
import type { Plan } from "./plan.ts";
import { countsOf, type Rows } from "./rows.ts";
import type { Files } from "./run-files.ts";

export function introduce(
  screen: Screen,
  xent: Xent,
  model: Sequential,
  rows: Rows,
  { fit, layers }: Plan,
): void {
  const counts = countsOf(rows);
  const parameters = parameterCount(model);
  const { loss, optimizer, epochs, batchSize, accumulate = 1 } = fit;
  const learnt =
    rows.classes === undefined && rows.task === "regression" ? "a number" : count(rows.outputs, "class");
  screen.say(
    ...facts(
      [
        ["data", `${rows.title}, rows: ${partsText(counts)}`],
        [
          "target",
          `${rows.target.join(", ")}: ${rows.outputs > 1 && rows.task === "regression" ? count(rows.outputs, "number") : learnt}`,
        ],
        ["model", `${netText(rows.features, layers)}, ${count(parameters, "parameter")}`],
        [
          "run",
          `${count(epochs ?? 1, "epoch")} of batches of ${(batchSize ?? 0) * accumulate}, ${loss?.kind}, ${optimizer?.kind} at ${digits(optimizer?.lr)}`,
        ],
        ["engine", engineText(xent)],
      ],
      screen.paint,
    ),
    "",
  );
  screen.emit("start", {
    data: rows.title,
    task: rows.task,
    target: rows.target,
    rows: counts,
    features: rows.features,
    outputs: rows.outputs,
    parameters,
    epochs,
    batchSize,
    engine: xent.info,
  });
}

/** "4 → 32 relu → 3" */
export function netText(features: number, layers: readonly LayerSpec[]): string {
  const words = layers.map((layer) => {
    if (layer.kind === "dense") return `→ ${layer.units}`;
    if (layer.kind === "residual") return `→ (${netText(0, layer.layers).replace(/^0 (→ )?/, "")}) +`;
    return layer.kind === "dropout" ? `dropout ${layer.p}` : layer.kind;
  });
  return [features, ...words].join(" ");
}

export function conclude(
  screen: Screen,
  {
    title,
    found,
    history,
    files,
    size,
    seconds,
  }: { title: string; found: Measured; history: History; files: Files; size: number; seconds: number },
): void {
  const { best, epochs, steps, stopped } = history;
  screen.say(
    ...facts(
      [
        [
          "trained",
          `${count(epochs, "epoch")}, ${count(steps, "step")}, ${duration(seconds)} ${files.resume ? "since it was resumed" : "in all"}`,
        ],
        ...(best === undefined ? [] : [["best", `epoch ${best.epoch + 1}, whose weights are kept`] as const]),
        ["model", `${files.out === "-" ? "stdout" : files.out}, ${bytes(size)}`],
        ...(files.report === undefined ? [] : [["report", files.report] as const]),
      ],
      screen.paint,
    ),
  );
  const { confusion, metrics, ...rest } = found;
  screen.emit("done", {
    stopped,
    epochs,
    steps,
    seconds,
    ...(best === undefined ? {} : { best: { epoch: best.epoch + 1, value: best.value } }),
    [title]: {
      ...rest,
      ...metrics,
      ...(confusion === undefined ? {} : { confusion }),
    },
    out: files.out,
    bytes: size,
    report: files.report ?? null,
  });
}

/** Columns of a drawn image, and of the gap between two. */
const [IMAGE, GAP] = [22, 4];

/** The mistakes that the model was surest of, drawn side by side as far as the terminal is wide. */
export function mistakeLines({ rows, of, image }: Mistakes, { paint, columns }: Screen): string[] {
  if (image === null || rows.length === 0) return [];
  const shown = rows.slice(0, Math.max(1, Math.floor((columns + GAP) / (IMAGE + GAP))));
  const pictures = shown.map(({ row, truth, predicted, score, pixels }) => [
    ...drawDigit(Buffer.from(pixels ?? "", "base64"), image.width, IMAGE),
    `a ${truth}, read as ${predicted}`,
    `p = ${score?.toFixed(4) ?? "–"}, row ${row}`,
  ]);
  return [paint("dim", `${count(of, "mistake")}; the surest:`), ...sideBySide(pictures, GAP)];
}
