// The confusion matrix as a table whose cells are the warmer the larger their share of the row; of many classes, the pairs that are
// taken for each other.

import type { Confusion, Report } from "../report.ts";
import { el, name, scrolling, section, table } from "./dom.ts";
import { count, percent, thousands } from "./format.ts";
import { heat } from "./heat.ts";

/** More classes than these are read pair by pair. */
const EASY = 20;

export function confusion({ confusion, evaluation }: Report): HTMLElement | null {
  if (confusion === null) return null;
  const { names, counts, pairs } = confusion;
  const rows = count(evaluation.rows, `${evaluation.on} row`);
  const list = pairs.length > 0 ? pairList(confusion) : null;
  if (counts === null) {
    const note = `${thousands(names.length)} classes are too many for a table; these are the answers among ${rows} that are wrong most often.`;
    return section("confusion", "Most confused classes", note, list);
  }
  return section(
    "confusion",
    "Confusion matrix",
    `${rows}: what is true by line, what the model says by column. At the right the share of a class that is found, at the foot the share of an answer that is right.`,
    scrolling("Confusion matrix", matrix(names, counts)),
    names.length > EASY ? list : null,
  );
}

function matrix(names: readonly string[], counts: readonly (readonly number[])[]): HTMLElement {
  const dense = names.length > 12;
  const places = dense ? 0 : 1;
  const columns = names.map((_, i) => counts.reduce((sum, row) => sum + (row[i] ?? 0), 0));
  const heads = names.map((text) => el("th", { scope: "col" }, name(text)));
  const body = counts.map((row, truth) => {
    const all = row.reduce((sum, n) => sum + n, 0);
    const cells = row.map((n, predicted) => cellOf(n, all, truth === predicted));
    const right = all === 0 ? null : (row[truth] ?? 0) / all;
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, name(names[truth] ?? String(truth))),
      ...cells,
      el("td", { class: "share" }, percent(right, places)),
    );
  });
  const precision = columns.map((all, i) =>
    el("td", { class: "share" }, percent(all === 0 ? null : (counts[i]?.[i] ?? 0) / all, places)),
  );
  return el(
    "table",
    { class: `matrix${dense ? " dense" : ""}` },
    el("caption", {}, "Confusion matrix: what is true by line, what the model says by column"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "true ↓  said →"),
        ...heads,
        el("th", { scope: "col", class: "share" }, "found"),
      ),
    ),
    el("tbody", {}, ...body),
    el(
      "tfoot",
      {},
      el("tr", {}, el("th", { scope: "row" }, "right"), ...precision, el("td", { class: "share" }, "")),
    ),
  );
}

function cellOf(n: number, all: number, right: boolean): HTMLElement {
  const { kind, share } = heat(n, all, right);
  const cell = el("td", { class: kind }, thousands(n));
  cell.style.setProperty("--heat", share);
  return cell;
}

function pairList({ names, pairs, pairsOf }: Confusion): HTMLElement {
  const rows = pairs.map(({ truth, predicted, count }) => [
    name(names[truth] ?? String(truth)),
    name(names[predicted] ?? String(predicted)),
    thousands(count),
  ]);
  const caption =
    pairs.length < pairsOf
      ? `The ${pairs.length} most frequent of ${count(pairsOf, "pair")} that are taken for each other`
      : "Classes that are taken for others";
  return scrolling(caption, table(caption, ["true", "taken for", "rows"], rows, "pairs"));
}
