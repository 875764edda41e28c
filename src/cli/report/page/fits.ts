// A regression: predicted against true, and how the errors are spread.

import type { Fit, Report } from "../report.ts";
import { bars } from "./bars.ts";
import { around } from "./charts.ts";
import { partly, plane, readoutOf } from "./cloud.ts";
import { el, name, section } from "./dom.ts";
import { count, number } from "./format.ts";

export function fits({ fits, evaluation }: Report): HTMLElement | null {
  const [first] = fits;
  if (first === undefined) return null;
  const note = `Each point is one of the ${evaluation.on} rows; on the line the prediction is the truth. ${partly(first.truth.length, first.of, "row")}`;
  const figures = fits.flatMap((fit) => [cloud(fit), residuals(fit)]);
  return section("fits", "Predicted against true", note, el("div", { class: "charts two" }, ...figures));
}

function cloud({ name: target, r2, mae, rmse, truth, predicted }: Fit): HTMLElement {
  return plane({
    title: el("h3", {}, name(target)),
    label: `Predicted against true, ${count(truth.length, "row")}: R² ${number(r2)}, mean absolute error ${number(mae)}`,
    x: truth,
    y: predicted,
    names: ["true", "predicted"],
    range: around([...truth, ...predicted]),
    joined: false,
    standing: [
      ["R²", number(r2)],
      ["MAE", number(mae)],
      ["RMSE", number(rmse)],
    ],
    tell: (i) => [
      ["true", number(truth[i])],
      ["predicted", number(predicted[i])],
      ["error", number((predicted[i] ?? Number.NaN) - (truth[i] ?? 0))],
    ],
  });
}

function residuals({ residuals }: Fit): HTMLElement {
  const { mean, std } = residuals;
  return el(
    "figure",
    { class: "chart" },
    el(
      "figcaption",
      {},
      el("h3", {}, "Errors, predicted − true"),
      readoutOf([
        ["mean", number(mean)],
        ["standard deviation", number(std)],
      ]),
    ),
    bars(residuals, "Histogram of the errors", "tall"),
  );
}
