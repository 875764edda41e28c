// The page's script: reads the report from its JSON and draws it, section by section.

import type { Report } from "../report.ts";
import { weights } from "./bars.ts";
import { confusion } from "./confusion.ts";
import { curves } from "./curves.ts";
import { el } from "./dom.ts";
import { configuration, environment, head, kernels } from "./facts.ts";
import { fits } from "./fits.ts";
import { mistakes } from "./mistakes.ts";
import { roc } from "./roc.ts";

const SECTIONS = [curves, confusion, roc, fits, mistakes, weights, kernels, configuration, environment];

const report = JSON.parse(document.getElementById("report")?.textContent ?? "") as Report;
document.title = `${report.title} – training report`;
const sections = SECTIONS.map((draw) => draw(report)).filter((drawn) => drawn !== null);
document.body.append(el("main", {}, head(report), ...sections), el("footer", {}, "Made by xent"));
