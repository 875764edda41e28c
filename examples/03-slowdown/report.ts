// What the example says, as lines of at most 80 columns: numbers come in, nothing is printed here.

import { plot, type Settings } from "simple-ascii-chart";
import type { Paint } from "../shared/style.ts";
import { facts, wrap } from "../shared/text.ts";
import type { Options } from "./options.ts";
import type { Course, FirstGradients, Result } from "./run.ts";

/** Columns of the chart between its axis and its right edge. */
const WIDTH = 70;
const HEIGHT = 13;
/** A cost that has lost less than this share of its first value is on its plateau. */
const LOST = 0.1;

/** How each cost is drawn: a line and dots, so that they can be told apart without colour. */
const STYLES = {
  quadratic: { colour: "magenta", name: "quadratic", chart: {} },
  crossEntropy: { colour: "green", name: "cross entropy", chart: everywhere("•") },
} as const;
type Cost = keyof typeof STYLES;
const COSTS = ["quadratic", "crossEntropy"] as const;

export function reportLines(options: Options, result: Result, paint: Paint): string[] {
  const { quadratic, crossEntropy } = result;
  const both = { quadratic, crossEntropy };
  const dim = (text: string): string => paint("dim", text);
  return [
    ...facts(
      [
        ["neuron", "a = σ(z), z = w·x + b, of one sample: x = 1, target y = 0"],
        ["start", startText(options, quadratic)],
        ["quadratic", "C = ½(a − y)²                        ∂C/∂w = (a − y)·σ′(z)·x"],
        ["cross entropy", "C = −[y·ln a + (1 − y)·ln(1 − a)]    ∂C/∂w = (a − y)·x"],
        ["run", `${count(options.epochs, "epoch")}, learning rate ${options.lr} for both costs`],
      ],
      paint,
    ),
    "",
    dim("Each cost as a share of its first value"),
    ...chartLines(both, options.epochs, paint),
    `  ${COSTS.map((cost) => legend(cost, both[cost], paint)).join("       ")}`,
    "",
    dim("First gradient ∂C/∂w, by the logit z = w + b the neuron starts from"),
    ...gradientLines(result.gradients, options, paint),
    "",
    ...facts(
      [
        ["first gradient", compare(both, ({ firstGradient }) => digits(firstGradient))],
        [
          `plateau (> ${percent(1 - LOST)})`,
          compare(both, ({ costs }) => until(epochBelow(costs, 1 - LOST))),
        ],
        ["above half", compare(both, ({ costs }) => until(epochBelow(costs, 0.5)))],
        ["output a at last", compare(both, ({ outputs }) => digits(outputs[1]))],
      ],
      paint,
    ),
    "",
    ...wrap(conclusion(result)),
  ];
}

/** After how many epochs a cost is first below a share of its first value; undefined if it never is. */
export function epochBelow(costs: readonly number[], share: number): number | undefined {
  const [first = 0] = costs;
  const at = costs.findIndex((cost) => cost < share * first);
  return at < 0 ? undefined : at;
}

function conclusion({ quadratic, crossEntropy }: Result): string {
  const [slow, fast] = [quadratic.firstGradient, crossEntropy.firstGradient];
  const first = digits(quadratic.outputs[0]);
  if (fast === 0) return `Nothing to learn: the output is ${first} from the start.`;
  if (slow === 0) {
    return `From a = ${first} the quadratic cost never moves: σ′ is 0 in f32. Cross entropy's gradient is ${digits(fast)}.`;
  }
  const [late, early] = [quadratic, crossEntropy].map(({ costs }) => epochBelow(costs, 0.5));
  const epochs = count(quadratic.costs.length - 1, "epoch");
  const pace =
    early === undefined
      ? `but has not halved its cost after ${epochs}`
      : `and halves its cost in ${count(early, "epoch")}; the quadratic cost ${late === undefined ? `has not done so after ${epochs}` : `takes ${late}`}`;
  return `From a = ${first}, cross entropy begins with ${digits(fast / slow)} times the gradient, ${pace}.`;
}

function startText({ weight, bias }: Options, { outputs }: Course): string {
  return `w = ${digits(weight)}, b = ${digits(bias)}, so that a = ${digits(outputs[0])}`;
}

/** Both curves in one frame. */
function chartLines(courses: Record<Cost, Course>, epochs: number, paint: Paint): string[] {
  const ticks = ticksTo(epochs);
  const grids = COSTS.map((cost) => {
    const settings: Settings = {
      width: WIDTH,
      height: HEIGHT,
      yRange: [0, 1],
      customXAxisTicks: ticks,
      customYAxisTicks: [0, 0.25, 0.5, 0.75, 1],
      formatter: (value, { axis }) => (axis === "y" ? value.toFixed(2) : value),
      symbols: { chart: STYLES[cost].chart },
    };
    return plot(points(courses[cost].costs), settings)
      .split("\n")
      .filter((line) => line.trim() !== "");
  });
  return overlay(grids, paint).concat(`${" ".repeat(WIDTH - 1)}epoch`);
}

/** At most one point a column, so that the library draws each. */
function points(costs: readonly number[]): [x: number, y: number][] {
  const [first = 0] = costs;
  const last = costs.length - 1;
  const steps = Math.min(last, WIDTH - 1);
  return Array.from({ length: steps + 1 }, (_, i) => {
    const epoch = Math.round((i * last) / steps);
    return [epoch, first === 0 ? 0 : (costs[epoch] ?? 0) / first];
  });
}

/** Charts of the same frame in one: where both have a mark, the first one's is seen. */
function overlay([top = [], below = []]: readonly string[][], paint: Paint): string[] {
  return top.map((line, row) => {
    const under = [...(below[row] ?? "")];
    const both = [...line].map((mark, column) => (mark === " " ? (under[column] ?? " ") : mark)).join("");
    return both
      .trimEnd()
      .replace(/[━┃┏┓┗┛]+/gu, (run) => paint(STYLES.quadratic.colour, run))
      .replace(/•+/gu, (run) => paint(STYLES.crossEntropy.colour, run));
  });
}

function legend(cost: Cost, { costs }: Course, paint: Paint): string {
  const { colour, name } = STYLES[cost];
  const mark = paint(colour, cost === "quadratic" ? "━━" : "••");
  return `${mark} ${name}, ${digits(costs[0] ?? 0)} → ${digits(costs.at(-1) ?? 0)}`;
}

function gradientLines(rows: readonly FirstGradients[], { weight, bias }: Options, paint: Paint): string[] {
  const head = ["z", "output a", "quadratic", "cross entropy", "times as large"];
  const widths = [10, 12, 15, 17, 18];
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("");
  return [
    paint("dim", line(head)),
    ...rows.map(({ logit, output, quadratic, crossEntropy }) => {
      const times = quadratic === 0 ? (crossEntropy === 0 ? "–" : "∞") : digits(crossEntropy / quadratic);
      const cells = [digits(logit), digits(output), digits(quadratic), digits(crossEntropy), times];
      return logit === weight + bias ? `${line(cells)}  ←` : line(cells);
    }),
  ];
}

function compare(courses: Record<Cost, Course>, text: (course: Course) => string): string {
  return `quadratic ${text(courses.quadratic).padEnd(18)}cross entropy ${text(courses.crossEntropy)}`;
}

function until(epoch: number | undefined): string {
  return epoch === undefined ? "to the end" : `until epoch ${epoch}`;
}

/** Multiples of 1, 2 or 5 times a power of ten, at most seven of them. */
function ticksTo(last: number): number[] {
  let step = 1;
  for (let i = 0; last / step > 6; i++) step *= i % 3 === 1 ? 2.5 : 2;
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
}

/** Four digits that count. */
function digits(value: number): string {
  const short = Number(value.toPrecision(4));
  return short !== 0 && (Math.abs(short) < 1e-4 || Math.abs(short) >= 1e6)
    ? value.toExponential(3)
    : String(short);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

/** The library's marks of a line, all of them one. */
function everywhere(mark: string) {
  return { we: mark, wns: mark, ns: mark, nse: mark, wsn: mark, sne: mark };
}
