// The page of the learning slowdown: its numbers against the neuron in f64, within its bounds and the digits shown; its address, its keys.

import type { Page } from "playwright";
import { expect, test } from "vitest";
import { type Near, type Neuron, type Simulation, simulate } from "../support/neuron.ts";
import { faults, shoot, site } from "./site.ts";
import { expectEqual, numeric } from "./written.ts";

const { open } = site();
const COSTS = { quadratic: "Quadratic cost", crossEntropy: "Cross entropy" } as const;
const KINDS = ["quadratic", "crossEntropy"] as const;

interface Start {
  readonly w: number;
  readonly b: number;
  readonly y?: 0 | 1;
  readonly lr: number;
  readonly epochs: number;
}

test.each<Start>([
  { w: 2, b: 2, lr: 0.15, epochs: 300 },
  { w: 0.6, b: 0.9, lr: 0.6, epochs: 120 },
  { w: -1.5, b: 0.25, y: 1, lr: 0.3, epochs: 150 },
])("from $w and $b every number is that of f64", async (start) => {
  const { page } = await open(`slowdown.html?${query({ ...start, epoch: 0 })}`);
  const { quadratic, crossEntropy } = oracles(start);
  const sign = start.y === 1 ? -1 : 1;
  for (const kind of KINDS) {
    const { costs, firstGradient } = { quadratic, crossEntropy }[kind];
    const figures = await figuresOf(page, kind);
    expectShown(figures.cost, costs[0], 4);
    expectShown(sign * figures.gradient, firstGradient, 4);
    for (const equation of figures.equations) expectEqual(equation);
    // down the gradient, as far as it is large
    expect((await pushed(page))[kind]).toBeCloseTo(-130 * figures.gradient, 0);
  }
  const beside = await besideTheCurve(page);
  expect(beside).toHaveLength(4);
  for (const pixels of beside) expect(pixels).toBeLessThan(1);
  const gradients = quadratic.firstGradient.value / crossEntropy.firstGradient.value;
  const [, times, fast, slow] = /with ([\d.,]+) times .* in (\d+) epochs?; .* (?:takes|in) ([\d,]+)\.$/.exec(
    await conclusion(page),
  ) as RegExpExecArray;
  expect(numeric(times!) * gradients).toBeCloseTo(1, 2);
  expect(numeric(fast!)).toBe(halved(crossEntropy));
  expect(numeric(slow!)).toBe(halved(quadratic) ?? start.epochs);

  const shares = "Share of the first cost at epoch 0: quadratic 1, cross entropy 1";
  expect(await page.getByRole("img", { name: shares, exact: true }).count()).toBe(1);

  await page.getByRole("slider", { name: "Epoch", exact: true }).press("End");
  await eventually(() => epoch(page)).toBe(start.epochs);
  for (const kind of KINDS) {
    expectShown((await figuresOf(page, kind)).cost, { quadratic, crossEntropy }[kind].costs.at(-1), 4);
  }

  await page.getByText("Figures by epoch").click();
  const rows = page.getByRole("region", { name: "Figures by epoch" }).locator("tbody tr");
  await rows.first().waitFor();
  const cells = await rows.evaluateAll((rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.textContent ?? "")),
  );
  expect(cells.length).toBeGreaterThan(50);
  for (const row of cells) {
    const [at = -1, slowCost, slowOutput, , fastCost, fastOutput] = row.map(numeric);
    expectShown(slowCost, quadratic.costs[at], 4);
    expectShown(fastCost, crossEntropy.costs[at], 4);
    expectShown(slowOutput, mirrored(quadratic.outputs[at], start), 5);
    expectShown(fastOutput, mirrored(crossEntropy.outputs[at], start), 5);
  }
  expect(cells.at(-1)?.[0]).toBe(String(start.epochs));
});

test("of many changes the last one counts, and a link shows what its sender saw", async () => {
  const { page, server } = await open("slowdown.html?w=1.2&b=0.4&lr=0.5&epochs=80&epoch=20&cost=value");
  await waitFor(page);
  await page.getByRole("radio", { name: "1", exact: true }).check();
  const bias = page.getByRole("slider", { name: "Bias b" });
  for (let i = 0; i < 8; i++) await bias.press("ArrowLeft");
  await eventually(() => conclusion(page)).toContain(`From a = ${outputText(sigma(1.2 - 0.4))}`);
  await eventually(() => page.url()).toContain("b=-0.4");
  await page.getByRole("button", { name: "Copy link" }).click();
  await eventually(() => page.getByText("Copied").count()).toBe(1);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toBe(page.url());
  expect(link).toBe(
    `${server.origin}/site/slowdown.html?w=1.2&b=-0.4&y=1&lr=0.5&epochs=80&epoch=20&cost=value`,
  );
  const seen = await texts(page);
  expect(seen.charts[0]).toMatch(/^Cost C at epoch 20: quadratic 0\.\d+, cross entropy 0\.\d+$/);

  await page.goto(link);
  await waitFor(page);
  expect(await texts(page)).toEqual(seen);

  await page.goto(link.replace(/\?.*/, "?w=99&b=1&y=maybe&epochs=1e9&epoch=999"));
  const alert = page.getByRole("alert");
  expect(await alert.textContent()).toContain("w=99 is not a number from -4 to 4");
  expect(await alert.textContent()).toContain("y=maybe is not one of 0, 1");
  expect(await alert.textContent()).toContain("epochs=1e9 is not a whole number from 10 to 1000");
  expect(await conclusion(page)).toContain(`From a = ${outputText(sigma(2 + 1))}`);
  // behind the last epoch is none
  expect(await epoch(page)).toBe(300);
  expect(await faults(page)).toEqual([]);
  await page.getByRole("button", { name: "Hopelessly" }).click();
  await eventually(() => alert.count()).toBe(0);
});

test("keys go through the epochs, and play them", async () => {
  const { page } = await open("slowdown.html?epoch=40");
  await waitFor(page);
  const slider = page.getByRole("slider", { name: "Epoch", exact: true });
  await slider.press("ArrowRight");
  await eventually(() => epoch(page)).toBe(41);
  await page.getByRole("button", { name: "One epoch back" }).press("Enter");
  await eventually(() => epoch(page)).toBe(40);
  await page.getByRole("button", { name: "To the start" }).press("Enter");
  await eventually(() => epoch(page)).toBe(0);
  expect(await page.getByRole("button", { name: "One epoch back" }).isDisabled()).toBe(true);

  await page.getByRole("button", { name: "Play" }).press("Enter");
  await eventually(() => epoch(page)).toBeGreaterThan(5);
  await page.getByRole("button", { name: "To the start" }).press("Enter");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await pictures(page, 2);
  expect(await epoch(page)).toBe(0);

  await page.getByRole("button", { name: "Play" }).press("Enter");
  await eventually(() => epoch(page)).toBeGreaterThan(5);
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await pictures(page, 2);
  const stopped = await epoch(page);
  await pictures(page, 20);
  expect(await epoch(page)).toBe(stopped);

  // at the end it stops by itself, and begins anew
  await slider.press("End");
  await slider.press("ArrowLeft");
  await page.getByRole("button", { name: "Play" }).press("Enter");
  await eventually(() => epoch(page)).toBe(300);
  await page.getByRole("button", { name: "Play" }).press("Enter");
  await eventually(() => epoch(page)).toBeLessThan(200);

  // a few still pictures for who wants no motion
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await slider.press("Home");
  await page.getByRole("button", { name: "Play" }).press("Enter");
  await eventually(() => epoch(page)).toBeGreaterThan(0);
  expect((await epoch(page)) % 25).toBe(0);
});

test("the page can be read and looked at in any light and at any width", async () => {
  const { page } = await open("slowdown.html");
  await waitFor(page);
  expect(await faults(page)).toEqual([]);
  await shoot(page, "slowdown");
  await page.getByText("Figures by epoch").click();
  await page.emulateMedia({ colorScheme: "dark" });
  // colours pass over
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
  expect(await faults(page)).toEqual([]);
  await page.getByRole("slider", { name: "Epoch", exact: true }).press("Home");
  await page.getByRole("radio", { name: "1", exact: true }).check();
  await eventually(() => page.getByText("target y = 1").count()).toBe(1);
  await shoot(page, "slowdown-dark");
});

/** A neuron with target 1 is one with target 0 seen in a mirror: w, b and ∂C/∂w change their signs, a is 1 − a. */
function oracles({ w, b, y = 0, lr, epochs }: Start): Record<Neuron["cost"], Simulation> {
  const sign = y === 1 ? -1 : 1;
  const [weight, bias, rate] = [sign * w, sign * b, lr].map(Math.fround) as [number, number, number];
  const of = (cost: Neuron["cost"]) => simulate({ cost, weight, bias, lr: rate }, epochs);
  return { quadratic: of("quadratic"), crossEntropy: of("crossEntropy") };
}

/** 1 − a is off as a is, and by what f32 tells apart near 1. */
function mirrored(near: Near | undefined, { y = 0 }: Start): Near | undefined {
  if (near === undefined || y === 0) return near;
  return { value: 1 - near.value, bound: near.bound + 2 ** -24 };
}

/** Within the bound, and half a unit of the last of the digits that are shown. */
function expectShown(shown: number | undefined, near: Near | undefined, digits: number): void {
  if (shown === undefined || near === undefined) throw new Error("there is no such number");
  const unit = 10 ** (Math.floor(Math.log10(Math.abs(near.value))) + 1 - digits);
  // a bound that could swallow the number would prove nothing
  expect(near.bound).toBeLessThan(Math.abs(near.value) * 2 ** -10);
  expect(Math.abs(shown - near.value)).toBeLessThanOrEqual(near.bound + unit * 0.5001);
}

/** However busy the machine is. */
function eventually<T>(read: () => T | Promise<T>) {
  return expect.poll(read, { timeout: 30_000 });
}

/** Waits for the first run. */
async function waitFor(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Play" }).waitFor();
}

async function conclusion(page: Page): Promise<string> {
  return (await page.getByRole("status").filter({ hasText: "From a" }).textContent()) ?? "";
}

function panel(page: Page, kind: Neuron["cost"]) {
  return page.getByRole("region", { name: COSTS[kind] });
}

/** The results of the two formulas, and the equations that lead to them and to z. */
async function figuresOf(page: Page, kind: Neuron["cost"]) {
  const of = panel(page, kind);
  await of.waitFor();
  const [cost, gradient, ...more] = (await of.locator("b").allTextContents()).map(numeric);
  if (cost === undefined || gradient === undefined || more.length > 0)
    throw new Error(`${kind} has other numbers`);
  const equations = (await of.getByRole("paragraph").allTextContents()).map((text) =>
    // from the first side that is numbers
    text.split("= ").slice(2).join(" = "),
  );
  return { cost, gradient, equations };
}

/** How far, in pixels to the right, the arrows of the costs reach. */
async function pushed(page: Page): Promise<Record<Neuron["cost"], number>> {
  return page.evaluate(() => {
    const [quadratic = Number.NaN, crossEntropy = Number.NaN] = ["quadratic", "crossEntropy"].map((kind) => {
      const tip = document.querySelector(`.push.${kind} path`)?.getAttribute("d")?.slice(1).split(" ")[0];
      return Number(tip) - Number(document.querySelector(`.push.${kind} line`)?.getAttribute("x1"));
    });
    return { quadratic, crossEntropy };
  });
}

/** How far, in pixels, each of the four markers is from its curve. */
async function besideTheCurve(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<SVGCircleElement>("[role=img] .marker")].map((marker) => {
      const kind = marker.classList.contains("quadratic") ? "quadratic" : "crossEntropy";
      const drawing = marker.ownerSVGElement as SVGSVGElement;
      const curve = (drawing.querySelector(`polyline.${kind}`) ??
        drawing.querySelector("polyline")) as SVGPolylineElement;
      const [x, y] = [marker.cx.baseVal.value, marker.cy.baseVal.value];
      const points = Array.from(curve.points);
      const distances = points.slice(1).map((to, i) => {
        const from = points[i] as DOMPoint;
        const [dx, dy] = [to.x - from.x, to.y - from.y];
        const share = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
        const at = Math.min(1, Math.max(0, share));
        return Math.hypot(from.x + at * dx - x, from.y + at * dy - y);
      });
      return Math.min(...distances);
    }),
  );
}

/** After how many epochs the cost is first below half of its first. */
function halved({ costs }: Simulation): number | undefined {
  const at = costs.findIndex(({ value }) => value < costs[0]!.value / 2);
  return at < 0 ? undefined : at;
}

/** What is seen, as texts. */
async function texts(page: Page) {
  return {
    conclusion: await conclusion(page),
    costs: await page.getByRole("region", { name: /cost|Cross entropy/i }).allTextContents(),
    charts: await page
      .getByRole("img", { name: "at epoch" })
      .evaluateAll((charts) => charts.map((chart) => chart.ariaLabel)),
  };
}

async function epoch(page: Page): Promise<number> {
  return Number(await page.getByRole("slider", { name: "Epoch", exact: true }).inputValue());
}

async function pictures(page: Page, many: number): Promise<void> {
  await page.evaluate(async (many) => {
    for (let i = 0; i < many; i++) await new Promise(requestAnimationFrame);
  }, many);
}

function query(of: object): string {
  return new URLSearchParams(
    Object.entries(of).map(([name, value]) => [name, String(value)] as [string, string]),
  ).toString();
}

function outputText(output: number): string {
  return String(Number(output.toPrecision(5)));
}

function sigma(z: number): number {
  return 1 / (1 + Math.exp(-z));
}
