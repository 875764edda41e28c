// The back-propagation page: what it shows of weights, gradients and derivations, against the entries that the text writes out in f64,
// and against the same training in Node.

import type { Page } from "playwright";
import { expect, it } from "vitest";
import type { StateDict } from "../../src/base/spec.ts";
import { init } from "../../src/model/runtime.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { sigmoid } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { normal } from "../../src/nn/spreads.ts";
import { sgd } from "../../src/train/sgd.ts";
import type { NetParams } from "../oracle/net.ts";
import { seedText } from "../oracle/seed-text.ts";
import type { LossSpec } from "../oracle/spec.ts";
import { boundedRun } from "../support/net.ts";
import { faults, overhang, shoot, site } from "./site.ts";
import { expectEqual, numeric } from "./written.ts";

/** `[rows][width]` */
type Rows = readonly (readonly number[])[];

/** What "Copy numbers as JSON" gives. */
interface Numbers extends Readonly<Record<"x" | "s1" | "h1" | "s2" | "h2" | "z" | "y" | "t", Rows>> {
  readonly seed: number;
  readonly rate: number;
  readonly step: number;
  readonly loss: number;
  readonly chosen: {
    readonly name: string;
    readonly row: number;
    readonly paths: readonly { readonly factors: readonly number[]; readonly product: number }[];
    readonly parts: readonly number[];
    readonly mean: number;
    readonly model: number;
  };
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

type Trained = Pick<Numbers, "loss" | "parameters" | "gradients">;

const { open } = site();

/** Navy, amber, mint and crimson: quarters of red, green and blue, and whether dark (0) or light text (1) is read on them. */
const X = [
  [0, 0.25, 0.5],
  [1, 0.75, 0.25],
  [0.5, 1, 0.75],
  [0.75, 0, 0.25],
];
const IDS = [1, 0, 0, 1];
const T = IDS.flatMap((id) => [0, 1].map((c) => Number(c === id)));
const LAYERS = [dense(4), sigmoid(), dense(3), sigmoid(), dense(2)];

/** A weight of every layer and two biases: address, name, and where it stands in the state dict. */
const CHOSEN = [
  {
    at: "w3-3-2",
    name: "From unit 3 of the second hidden layer to output 2, light",
    tensor: "4.weight",
    index: 1 * 3 + 2,
    paths: 1,
  },
  {
    at: "w2-4-1",
    name: "From unit 4 of the first hidden layer to unit 1 of the second hidden layer",
    tensor: "2.weight",
    index: 0 * 4 + 3,
    paths: 2,
  },
  {
    at: "w1-1-2",
    name: "From input 1, red, to unit 2 of the first hidden layer",
    tensor: "0.weight",
    index: 1 * 3 + 0,
    paths: 6,
  },
  { at: "b1-4", name: "Bias of unit 4 of the first hidden layer", tensor: "0.bias", index: 3, paths: 6 },
  { at: "b3-1", name: "Bias of output 1, dark", tensor: "4.bias", index: 0, paths: 1 },
] as const;

it.each([
  { seed: 3, rate: 1, step: 0 },
  { seed: 8, rate: 2.5, step: 70 },
])(
  "every number is that of the model and of the text: seed $seed, rate $rate, step $step",
  async ({ seed, rate, step }) => {
    const { page } = await open(`backprop.html?seed=${seed}&rate=${rate}&step=${step}`);
    const here = await inNode(seed, rate, step);
    await page.getByText("The matrices of this step").click();
    for (const { at, name, tensor, index, paths } of CHOSEN) {
      // as a click on the drawing
      await page.getByRole("option", { name, exact: true }).dispatchEvent("click");
      const [numbers, shown] = [await copied(page), await onThePage(page)];
      expect(numbers.chosen).toMatchObject({ name: at, row: 2 });
      expect([numbers.x, numbers.t.flat()]).toEqual([X, T]);

      // to the bit: the page asks for the build whose results are the same everywhere
      expect(numbers.parameters).toEqual(here.parameters);
      expect(numbers.gradients).toEqual(here.gradients);
      expect(numbers.loss).toBe(here.loss);

      const expected = seedText(numbers.parameters, X.flat(), T);
      const { gradients } = boundedRun(LAYERS, params(numbers), crossEntropy() as LossSpec, X.flat(), 4, {
        ids: IDS,
      });
      const exact = expected[tensor]![index]!;
      const bound = gradients[tensor]!.bound[index]!;
      // a wrong sign, layer or factor is no rounding
      expect(bound).toBeLessThan(Math.abs(exact) / 20);

      const { chosen } = numbers;
      expect(Math.abs(chosen.model - exact)).toBeLessThanOrEqual(bound);
      // products of f32 numbers that have the bounds of the forward pass, which those of the gradient contain
      expect(Math.abs(chosen.mean - exact)).toBeLessThanOrEqual(bound);
      expect(chosen.model).toBe(numbers.gradients[tensor]![index]);

      expect(chosen.paths).toHaveLength(paths);
      for (const { factors, product } of chosen.paths)
        expect(product).toBeCloseTo(
          factors.reduce((a, b) => a * b),
          14,
        );
      expect(chosen.paths.reduce((sum, { product }) => sum + product, 0)).toBeCloseTo(chosen.parts[1]!, 14);
      expect(chosen.parts.reduce((sum, part) => sum + part, 0) / 4).toBeCloseTo(chosen.mean, 14);

      // and what stands on the page is these numbers
      expect(shown.paths).toHaveLength(paths);
      for (const [i, cells] of shown.paths.entries()) {
        const { factors, product } = chosen.paths[i]!;
        expectShown(cells, [...factors, product], 4);
      }
      if (paths > 1) expectShown([shown.added], [chosen.parts[1]!], 4);
      expectShown(shown.parts, chosen.parts, 4);
      const [mean, model, , next] = shown.verdict;
      expectShown([mean!], [chosen.mean], 9);
      expect(Math.abs(numeric(model!) - exact)).toBeLessThanOrEqual(bound + Math.abs(exact) * 1e-8);
      const value = numbers.parameters[tensor]![index]!;
      expectEqual(next!);
      expectShown([next!.split(" ")[0]!], [value], 6);
      expectShown([next!.split(" ").at(-1)!], [value - rate * chosen.model], 6);
      for (const line of shown.why) expectEqual(line.replace(/ = y\d − \d$/, "").replace(/^.*?= /, ""));

      // the same entry is marked in the matrix form
      expect(shown.marked).toHaveLength(1);
      expectShown(shown.marked, [chosen.model], 3);
    }

    const [{ gradients, x, s1, h1, s2, h2, z, y, t }, { forward, drawn, dW1, curve }] = [
      await copied(page),
      await onThePage(page),
    ];
    // [in][out] on the page, [out, in] in the state dict
    const turned = Array.from(
      { length: 12 },
      (_, i) => gradients["0.weight"]![(i % 4) * 3 + Math.floor(i / 4)]!,
    );
    expectShown(dW1, turned, 3);
    const slope = (h: number) => h * (1 - h);
    const of = [x, s1, h1, h1.map((row) => row.map(slope)), s2, h2, h2.map((row) => row.map(slope)), z, y, t];
    const errors = y.map((row, r) => row.map((v, c) => v - t[r]![c]!));
    for (const [i, rows] of [...of, errors].entries()) expectShown(forward[i]!, rows[1]!, 4);
    expect(forward).toHaveLength(11);
    const [, at, e] = /^Cross entropy E at step (\d+): so far ([\d.]+),/.exec(curve) as RegExpExecArray;
    expect(at).toBe(String(step));
    expectShown([e!], [here.loss], 4);
    expect(drawn).toEqual([x, h1, h2, y].flatMap((rows) => rows[1]!.map((v) => v.toFixed(2))));
  },
);

it("steps, runs, pauses, goes back and starts over", async () => {
  const { page } = await open("backprop.html");
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const step = page.getByRole("slider", { name: "Step" });
  const first = await copied(page);

  await button("Step").click();
  await arrived(page, 1);
  const second = await copied(page);
  // one step of SGD by the gradient that was shown
  for (const [name, values] of Object.entries(first.parameters))
    for (const [i, value] of values.entries())
      expect(second.parameters[name]![i]).toBe(
        Math.fround(value - Math.fround(first.rate * first.gradients[name]![i]!)),
      );
  expect(second.loss).toBeLessThan(first.loss);

  await button("Run").click();
  await page.waitForFunction(
    () => Number(document.querySelector<HTMLInputElement>("input[type=range]")?.value) > 8,
  );
  await button("Pause").click();
  await button("Run").waitFor();
  const reached = Number(await step.inputValue());
  expect(reached).toBeGreaterThan(8);
  await arrived(page, reached);
  expect((await copied(page)).parameters).toEqual((await inNode(3, 1, reached)).parameters);

  // a step back is the way there once more
  await step.press("Home");
  await arrived(page, 0);
  await step.press("ArrowRight");
  await arrived(page, 1);
  expect(await copied(page)).toEqual(second);

  await button("Run").click();
  await button("Pause").waitFor();
  await button("Start over").click();
  await arrived(page, 0);
  expect(await copied(page)).toEqual(first);
  await button("Other weights").click();
  await page.waitForURL(/seed=4/);
  await arrived(page, 0);
  expect((await copied(page)).parameters).not.toEqual(first.parameters);

  await step.press("End");
  await arrived(page, 1000);
  expect(await button("Step").isDisabled()).toBe(true);
  expect(await button("Run").isDisabled()).toBe(true);
});

it("opens at the state of a link, and says what an address has wrong", async () => {
  const { page } = await open("backprop.html");
  await choose(page, "b2-3");
  await page.getByRole("radio", { name: "Crimson" }).check();
  await page.getByRole("button", { name: "Step", exact: true }).click();
  await arrived(page, 1);
  // at another rate the way begins anew
  await page.getByRole("slider", { name: "Learning rate" }).press("ArrowRight");
  await expect.poll(async () => (await copied(page)).rate, { timeout: 30_000 }).toBe(1.1);
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByRole("region", { name: "Training" }).getByText("Copied").waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const numbers = await copied(page);
  expect(numbers).toMatchObject({ step: 1, rate: 1.1, chosen: { name: "b2-3", row: 4 } });

  // the address is the link, and opening it is coming back to it
  await page.waitForURL(link);
  await page.goto(link);
  await arrived(page, 1);
  expect(await copied(page)).toEqual(numbers);

  await page.goto(link.replace(/\?.*/, "?at=w3-4-1&step=-3&row=2"));
  expect(await page.getByRole("alert").textContent()).toBe(
    "Left out of the address: at=w3-4-1 is not a weight such as w3-3-2 or a bias such as b1-4; step=-3 is not a whole number from 0 to 1000.",
  );
  await arrived(page, 0);
});

it("says in words that its worker has ended, and that a browser has none", async () => {
  const { page } = await open("backprop.html");
  await arrived(page, 0);
  await page.addInitScript(`{
    const { Worker } = globalThis;
    globalThis.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        globalThis.end = () => this.dispatchEvent(new ErrorEvent("error", { message: "no memory" }));
      }
    };
  }`);
  await page.reload();
  await arrived(page, 0);
  await page.evaluate("end()");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const alert = page.getByRole("alert");
  expect(await alert.textContent()).toMatch(
    /^The net could not be trained\. .*no memory\. Start again, or load the page anew\.$/,
  );

  expect(await page.getByRole("button", { name: "Pause" }).count()).toBe(0);

  await page.addInitScript("delete globalThis.Worker");
  await page.reload();
  expect(await alert.textContent()).toMatch(/[Ww]orker/);
  expect(await faults(page)).toEqual([]);
  expect(await page.getByRole("region").count()).toBe(0);
});

it("leads to a weight by keys, by the pointer and by choices, and lights its paths", async () => {
  const { page } = await open("backprop.html?at=w3-3-2", { width: 390 });
  const net = page.getByRole("listbox", { name: "The net: its weights and biases" });
  const chosen = () => net.getByRole("option", { selected: true }).getAttribute("aria-label");
  await net.waitFor();
  expect(await net.getByRole("option").count()).toBe(39);
  // in the order of the page, from the rows on
  await page.getByRole("radio", { name: "Amber" }).focus();
  await page.keyboard.press("Tab");
  expect(await net.evaluate((element) => element === document.activeElement)).toBe(true);
  for (const [key, name] of [
    ["ArrowDown", "Bias of output 2, light"],
    ["ArrowUp", "From unit 3 of the second hidden layer to output 2, light"],
    ["ArrowLeft", "From unit 3 of the first hidden layer to unit 2 of the second hidden layer"],
    ["ArrowLeft", "From input 3, blue, to unit 2 of the first hidden layer"],
    ["Home", "From input 1, red, to unit 1 of the first hidden layer"],
    ["End", "Bias of output 2, light"],
  ] as const) {
    await page.keyboard.press(key);
    await page.waitForFunction(
      (label) => document.querySelector("[aria-selected=true]")?.getAttribute("aria-label") === label,
      name,
    );
    expect(await net.getAttribute("aria-activedescendant")).toBe(
      await net.getByRole("option", { selected: true }).getAttribute("id"),
    );
  }

  // a quarter along the edge it is the only one
  const edge = net.getByRole("option", { name: "From input 1, red, to unit 4 of the first hidden layer" });
  const { x, y } = await edge.evaluate((line) => {
    const { x1, y1, x2, y2 } = line as SVGLineElement;
    const at = (a: SVGAnimatedLength, b: SVGAnimatedLength) => 0.7 * a.baseVal.value + 0.3 * b.baseVal.value;
    line.scrollIntoView({ block: "center" });
    const box = (line as SVGLineElement).ownerSVGElement?.getBoundingClientRect() as DOMRect;
    return { x: box.x + at(x1, x2), y: box.y + at(y1, y2) };
  });
  await page.mouse.click(x, y);
  expect(await chosen()).toBe("From input 1, red, to unit 4 of the first hidden layer");
  const panel = page.getByRole("region", { name: "Its gradient" });
  expect(await panel.getByRole("button").count()).toBe(6);

  // 2 + 3 · (1 + 2) edges are lit with six paths, and 2 with one
  const lit = page.locator("g.lit > line");
  expect(await lit.count()).toBe(3 + 3 * 2);
  await panel.getByRole("button").first().click();
  expect(await lit.count()).toBe(2);
  await panel.getByRole("button", { pressed: true }).click();
  expect(await lit.count()).toBe(9);

  await choose(page, "b3-1");
  expect(await chosen()).toBe("Bias of output 1, dark");
  expect(await lit.count()).toBe(0);
});

it("is looked at, light and dark, shut and opened, and no number runs into another", async () => {
  const { page } = await open("backprop.html");
  await arrived(page, 0);
  expect(await faults(page)).toEqual([]);
  await shoot(page, "backprop-light");

  await choose(page, "w1-1-2");
  await page.getByText("Why the error is y − t").click();
  await page.getByText("The matrices of this step").click();
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await faults(page)).toEqual([]);
  await page.evaluate(() => scrollTo(0, 0));
  await shoot(page, "backprop-dark");

  for (const at of ["w1-1-2", "w2-4-1", "w3-3-2"]) {
    await choose(page, at);
    for (const width of [320, 390, 820, 1000, 1200]) {
      await page.setViewportSize({ width, height: 700 });
      expect(await overhang(page)).toBeLessThanOrEqual(0);
      expect(await collisions(page), `${at} at ${width} px`).toEqual([]);
    }
  }
});

/** By the three choices. */
async function choose(page: Page, at: string): Promise<void> {
  const [, kind, layer, ...units] = /^([wb])(\d)-(\d)(?:-(\d))?$/.exec(at) as RegExpExecArray;
  const [from, to] = kind === "b" ? ["bias", units[0]] : units;
  const pick = async (group: RegExp, name: string | undefined) =>
    page.getByRole("group", { name: group }).getByRole("radio", { name: name!, exact: true }).check();
  await pick(/^Layer/, layer);
  await pick(/^From/, from);
  await pick(/^To/, to);
}

async function copied(page: Page): Promise<Numbers> {
  await page.getByRole("button", { name: "Copy numbers as JSON" }).click();
  return JSON.parse(await page.evaluate(() => navigator.clipboard.readText())) as Numbers;
}

/** Waits until the numbers on the page are those of a step. */
async function arrived(page: Page, step: number): Promise<void> {
  await page
    .getByRole("status")
    .filter({ hasText: `Step ${step}: E is` })
    .waitFor({ state: "attached" });
}

/** All numbers in sight, in one look: texts as they are. */
async function onThePage(page: Page) {
  return page.evaluate(() => {
    const panel = (name: string) => {
      const heading = [...document.querySelectorAll("h2")].find(({ textContent }) => textContent === name);
      return heading?.closest("section") as HTMLElement;
    };
    const texts = (from: Element, what: string) =>
      [...from.querySelectorAll(what)].map(({ textContent }) => textContent ?? "");
    const gradient = panel("Its gradient");
    return {
      paths: [...gradient.querySelectorAll("ol > li")].map((path) => texts(path, "b")),
      added: texts(gradient, ".added b").join(),
      parts: texts(gradient, "td"),
      verdict: texts(gradient, "dd"),
      why: texts(gradient, "details li"),
      marked: texts(panel("All weights at once"), "mark"),
      dW1: texts(document.querySelector("table[aria-label=dW1]") as Element, "td"),
      forward: [...panel("Forward").querySelectorAll("tbody tr")].map((row) => texts(row, "td:not(:empty)")),
      curve: document.querySelector("figure.chart [role=img]")?.ariaLabel ?? "",
      drawn: texts(document.querySelector("[role=listbox]") as Element, ".unit text"),
    };
  });
}

/** Where numbers of paths would touch others, or leave their line, were they all as long as numbers are. */
async function collisions(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    for (const line of document.querySelectorAll("ol.paths > li")) {
      const parts = [...line.querySelectorAll<HTMLElement>(".way, b")];
      const before = parts.map(({ textContent }) => textContent);
      // an input is a quarter, a slope is never below 0
      for (const part of parts.filter(
        (part) => part.matches("b") && !/^(0\.\d\d?|1|0)$/.test(part.textContent ?? ""),
      ))
        (part.firstChild as Text).data = part.textContent?.startsWith("−") ? "−0.0004636" : "0.0004636";
      const { left, right } = line.getBoundingClientRect();
      const boxes = parts.map((part) => {
        const range = document.createRange();
        range.selectNodeContents(part);
        return range.getBoundingClientRect();
      });
      for (const [i, a] of boxes.entries()) {
        if (parts[i]?.matches("b") && (a.left < left - 0.5 || a.right > right + 0.5))
          found.push(`${before[i]} leaves its line`);
        for (const [j, b] of boxes.slice(0, i).entries())
          if (a.left < b.right + 4 && b.left < a.right + 4 && a.top < b.bottom && b.top < a.bottom)
            found.push(`${before[j]} and ${before[i]}`);
      }
      for (const [i, part] of parts.entries())
        if (part.matches("b")) (part.firstChild as Text).data = before[i] ?? "";
    }
    return found;
  });
}

/** As many digits as are shown, and half a unit of the last. */
function expectShown(shown: readonly string[], values: readonly number[], digits: number): void {
  expect(shown).toHaveLength(values.length);
  for (const [i, value] of values.entries())
    expect(Math.abs(numeric(shown[i]!) - value)).toBeLessThanOrEqual(
      Math.abs(value) * 0.5001 * 10 ** (1 - digits),
    );
}

/** By the index of their layer, as the oracle has them. */
function params({ parameters }: Numbers): NetParams {
  return Object.fromEntries(
    [0, 2, 4].map((i) => [i, { weight: parameters[`${i}.weight`]!, bias: parameters[`${i}.bias`]! }]),
  );
}

/** By the names of a state dict. */
function plain(state: StateDict): Numbers["parameters"] {
  return Object.fromEntries(Object.entries(state).map(([name, { data }]) => [name, Array.from(data)]));
}

let strict: ReturnType<typeof init> | undefined;

/** The same seed, rate and number of steps, one by one. */
async function inNode(seed: number, rate: number, step: number): Promise<Trained> {
  strict ??= init({ precision: "strict" });
  const options = { input: 3, seed, loss: crossEntropy(), optimizer: sgd({ lr: rate }) };
  const start = { init: normal({ std: 1 }) };
  const layers = [dense(4, start), sigmoid(), dense(3, start), sigmoid(), dense(2, start)];
  const model: Sequential = (await strict).sequential(options, layers);
  for (let i = 0; i < step; i++) await model.trainOnBatch(X, IDS);
  const gradients = plain(model.gradients({ x: X, y: IDS }));
  const parameters = plain(model.stateDict());
  const { loss } = await model.trainOnBatch(X, IDS);
  return { loss, parameters, gradients };
}
