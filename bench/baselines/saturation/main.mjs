// `npm run saturation`: loss and gradient of cross entropies whose logits are large and wrong, by several libraries,
// beside the exact ones. `--markdown` prints the tables of docs/numerics.md. Times nothing.

import { brainRows, convnetjsRows, tfjsRows } from "./ways.mjs";
import { xentRows } from "./xent.mjs";

const SIZES = [1, 10, 50, 1e2, 1e4];
const TOLERANCE = 1e-6; // relative; f32 rounds to 6e-8

const CASES = [
  {
    title: "Softmax cross entropy, z = [a, −a], target: the second class",
    kind: "softmax",
    target: 1,
    logits: (a) => [a, -a],
    exact: (a) => ({
      loss: 2 * a + Math.log1p(Math.exp(-2 * a)),
      gradient: [sigmoid(2 * a), -sigmoid(2 * a)],
    }),
  },
  {
    title: "Binary cross entropy, z = a, target: 0",
    kind: "binary",
    target: 0,
    logits: (a) => [a],
    exact: (a) => ({ loss: a + Math.log1p(Math.exp(-a)), gradient: [sigmoid(a)] }),
  },
  {
    title: "Binary cross entropy, z = −a, target: 1",
    kind: "binary",
    target: 1,
    logits: (a) => [-a],
    exact: (a) => ({ loss: a + Math.log1p(Math.exp(-a)), gradient: [-sigmoid(a)] }),
  },
];

const wrong = process.argv.slice(2).filter((option) => option !== "--markdown");
if (wrong.length > 0) {
  console.error(`saturation: unknown option ${wrong[0]}; there is --markdown`);
  process.exit(2);
}
const own = await xentRows();
if (own.length === 0) console.error("xent is left out, as it is not built: run `npm ci` at the root.");
const ways = [...own, ...tfjsRows(), ...brainRows(), ...convnetjsRows()];
const print = process.argv.includes("--markdown") ? markdown : terminal;
console.log(`Node ${process.versions.node}`);
for (const item of CASES) {
  const rows = [];
  for (const way of ways.filter(({ kind }) => kind === item.kind)) {
    const results = [];
    for (const a of SIZES) results.push(await way.run(item.logits(a), item.target));
    rows.push({ way, results });
  }
  print(item, rows);
}

/** For a ≥ 0. */
function sigmoid(a) {
  return 1 / (1 + Math.exp(-a));
}

/** In a few words, what is to be thought of a result. */
function verdict({ loss, gradient }, exact, quadratic) {
  if (Number.isNaN(loss) || gradient.some(Number.isNaN)) return "NaN";
  if (gradient.every((g) => g === 0)) return "gradient 0";
  if (quadratic) return `quadratic, × ${short(gradient[0] / exact.gradient[0])}`;
  const slope = Math.max(...gradient.map((g, i) => off(g, exact.gradient[i])));
  const error = Math.max(off(loss, exact.loss), slope);
  if (error <= TOLERANCE) return "exact to 1e-6";
  if (!Number.isFinite(loss) && slope <= TOLERANCE) return "loss infinite";
  return error < 0.01 ? `off by ${short(error)}` : "finite but wrong";
}

function short(value) {
  return value < 0.01 ? value.toExponential(0) : value.toPrecision(1);
}

function off(value, exact) {
  return Math.abs(value - exact) / Math.abs(exact);
}

/** Every figure. The gradient is that of the first logit; of two, the verdict looks at both. */
function terminal(item, rows) {
  const line = ([a, ...cells]) =>
    [`  ${a.padStart(5)}`, ...cells.map((cell) => cell.padStart(10))].join("  ");
  console.log(`\n${item.title}\n${"─".repeat(item.title.length)}`);
  for (const { way, results } of rows) {
    console.log(`${way.system} ${way.version}: ${way.writes}${way.quadratic ? " (quadratic)" : ""}`);
    console.log(`${line(["a", "loss", "exact", "gradient", "exact"])}  verdict`);
    results.forEach((result, i) => {
      const exact = item.exact(SIZES[i]);
      const figures = [SIZES[i], result.loss, exact.loss, result.gradient[0], exact.gradient[0]];
      console.log(`${line(figures.map(figure))}  ${verdict(result, exact, way.quadratic)}`);
    });
  }
}

/** One row a way. Cells hold loss and gradient where they are not exact. */
function markdown(item, rows) {
  const sizes = SIZES.map((a, i) => (i === 0 ? `a = ${a}` : String(a)));
  const exact = SIZES.map((a) => item.exact(a));
  const pair = ({ loss, gradient }) =>
    `${figure(loss)}; ${gradient[0] === 0 ? "**0**" : figure(gradient[0])}`;
  console.log(`\n*${item.title}*\n`);
  console.log(`| | | ${sizes.join(" | ")} |\n|---|---|${"---|".repeat(SIZES.length)}`);
  console.log(`| exact: loss; gradient | | ${exact.map(pair).join(" | ")} |`);
  for (const { way, results } of rows) {
    const cells = results.map((result, i) => {
      const words = verdict(result, exact[i], way.quadratic);
      return words.startsWith("exact") ? "exact" : pair(result);
    });
    const writes = way.quadratic ? `\`${way.writes}\` (quadratic)` : `\`${way.writes}\``;
    console.log(`| ${way.system} ${way.version} | ${writes} | ${cells.join(" | ")} |`);
  }
}

function figure(value) {
  if (value === 0) return "0"; // −0 too
  if (Math.abs(value) === Infinity) return value > 0 ? "∞" : "−∞";
  if (Math.abs(value) < 1e-3) return value.toExponential(3);
  return String(Number(value.toPrecision(7)));
}
