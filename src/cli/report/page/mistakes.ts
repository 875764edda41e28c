// The worst mistakes: with their inputs in a table, or drawn where these are images.

import type { Mistake, Mistakes, Report } from "../report.ts";
import { inColours } from "./charts.ts";
import { el, name, scrolling, section } from "./dom.ts";
import { count, number, percent, value } from "./format.ts";

export function mistakes({ mistakes, problem, evaluation }: Report): HTMLElement | null {
  if (mistakes === null) return null;
  const { rows, of, image, columns, columnsOf } = mistakes;
  const part = count(evaluation.rows, `${evaluation.on} row`);
  if (rows.length === 0) return section("mistakes", "Worst mistakes", `None in ${part}.`);
  const left =
    columns.length < columnsOf ? ` ${columns.length} of ${count(columnsOf, "column")} are shown.` : "";
  const note =
    problem === "numbers"
      ? `The largest errors in ${part}.${left}`
      : `${count(of, "mistake")} in ${part}; the ones that the model was surest of.${left}`;
  return section(
    "mistakes",
    "Worst mistakes",
    note,
    image === null ? inputs(mistakes) : pictures(mistakes, image),
  );
}

function inputs({ rows, columns, score }: Mistakes): HTMLElement {
  const several = rows.some(({ output }) => output !== null);
  const heads = ["row", ...(several ? ["output"] : []), "true", "predicted", score];
  const body = rows.map((mistake) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, String(mistake.row)),
      several ? el("td", {}, name(mistake.output ?? "")) : null,
      el("td", {}, answer(mistake.truth)),
      el("td", { class: "wrong" }, answer(mistake.predicted)),
      el("td", { class: "score" }, scoreOf(mistake, score)),
      ...mistake.inputs.map((input) =>
        el("td", { class: typeof input === "number" ? "number" : "text" }, name(value(input))),
      ),
    ),
  );
  const all = [
    ...heads.map((head) => el("th", { scope: "col", class: head === score ? "score" : "" }, head)),
    ...columns.map((column) => el("th", { scope: "col", class: "input" }, name(column))),
  ];
  return scrolling(
    "Worst mistakes",
    el(
      "table",
      { class: "mistakes" },
      el("caption", {}, "Rows with what they are, what the model says, and their inputs"),
      el("thead", {}, el("tr", {}, ...all)),
      el("tbody", {}, ...body),
    ),
  );
}

function pictures({ rows, score }: Mistakes, size: { width: number; height: number }): HTMLElement {
  const figures = rows.map((mistake) =>
    el(
      "figure",
      {},
      picture(mistake, size),
      el(
        "figcaption",
        {},
        el("b", {}, answer(mistake.truth), " → ", el("span", { class: "wrong" }, answer(mistake.predicted))),
        el("span", {}, `${scoreOf(mistake, score)}, row ${mistake.row}`),
      ),
    ),
  );
  return el("div", { class: "pictures" }, ...figures);
}

/** Ink in the colour of text on the paper of the page, light or dark. */
function picture(
  { row, truth, predicted, pixels }: Mistake,
  { width, height }: { width: number; height: number },
): HTMLElement {
  const label = `Row ${row}: ${truth}, taken for ${value(predicted)}`;
  const canvas = el("canvas", {
    width: String(width),
    height: String(height),
    role: "img",
    "aria-label": label,
  });
  const ink = Uint8Array.from(atob(pixels ?? ""), (character) => character.charCodeAt(0));
  const context = canvas instanceof HTMLCanvasElement ? canvas.getContext("2d") : null;
  if (context === null) return canvas;
  inColours(({ text }) => {
    // the canvas gives colours back as #rrggbb
    context.fillStyle = text;
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) =>
      Number.parseInt(String(context.fillStyle).slice(at, at + 2), 16),
    );
    const image = context.createImageData(width, height);
    for (let i = 0; i < width * height; i++) image.data.set([red, green, blue, ink[i] ?? 0], 4 * i);
    context.putImageData(image, 0, 0);
  });
  return canvas;
}

function answer(of: string | number | null): HTMLElement {
  return name(typeof of === "string" ? of : number(of, 5));
}

function scoreOf({ score: of }: Mistake, kind: Mistakes["score"]): string {
  return kind === "probability" ? percent(of) : number(of);
}
