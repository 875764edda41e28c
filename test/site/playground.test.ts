// The playground, as a visitor uses it. Its numbers are held against a model that Node trains by the same steps.

import type { Page } from "playwright";
import { expect, test } from "vitest";
import { crossEntropy, dataset, init } from "xent";
import { layersOf, optimizerOf } from "../../site/playground/net.ts";
import { type Points, points, REACH } from "../../site/playground/points.ts";
import { DEFAULTS, type Settings, settingsOf } from "../../site/playground/settings.ts";
import { faults, shoot, site } from "./site.ts";

const { open } = site();

const fact = (page: Page, name: string) =>
  page.locator("dl div", { has: page.getByText(name, { exact: true }) }).locator("dd");
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const plane = (page: Page) => page.getByRole("img", { name: /points lie/ });
const reading = (page: Page) => page.getByText(/^There: /);
const ended = (page: Page) => page.getByRole("status").filter({ hasText: /^At step/ });

/** What Node makes of the same settings by so many steps. */
async function inNode(some: Partial<Settings>, steps: number) {
  const settings = { ...settingsOf(DEFAULTS), ...some };
  const sets = points(settings);
  const xent = await init({ precision: "strict", threads: 1 });
  const options = { input: 2, seed: settings.weights };
  const model = xent.sequential(options, layersOf(settings));
  const data = ({ x, y }: Points) => dataset({ x, y, features: 2 });
  const run = model.steps(data(sets.train), {
    loss: crossEntropy(),
    optimizer: optimizerOf(settings),
    batchSize: settings.batch,
    epochs: 1000,
  });
  for (let step = 0; step < steps; step++) await run.next();
  await run.return();
  const orange = (x1: number, x2: number): number => model.predict([[x1, x2]])[1] ?? Number.NaN;
  return {
    orange,
    train: await model.evaluate(data(sets.train)),
    test: await model.evaluate(data(sets.test)),
  };
}

/** The probability of orange that the page says. */
async function read(page: Page): Promise<number> {
  const [, of, share] = (await reading(page).textContent())?.match(/(blue|orange).* ([\d.]+) %/) ?? [];
  return of === "orange" ? Number(share) / 100 : 1 - Number(share) / 100;
}

test("step for step it shows what Node computes, wherever the probe is", async () => {
  const { page } = await open("playground.html?data=xor&layers=4&points=100&noise=10&lr=0.1&batch=8");
  const settings = { data: "xor", layers: [4], points: 100, noise: 10, lr: 0.1, batch: 8 } as const;
  await reading(page).waitFor();
  await button(page, "Step").click();
  await expect.poll(() => fact(page, "Step").textContent()).toBe("1");
  // the second before the first is done
  await button(page, "Step").evaluate((step: HTMLButtonElement) => [step.click(), step.click()]);
  await expect.poll(() => fact(page, "Step").textContent()).toBe("3");
  expect(await fact(page, "Epoch").textContent()).toBe("0");
  await button(page, "Epoch").click();
  // 100 points are 12 batches of 8 and one of 4
  await expect.poll(() => fact(page, "Step").textContent()).toBe("13");
  expect(await fact(page, "Epoch").textContent()).toBe("1");

  const { orange, train, test } = await inNode(settings, 13);
  expect(await ended(page).textContent()).toBe(
    `At step 13: ${(100 * (train.accuracy ?? 0)).toFixed(1)} % right in training with a loss of ${train.loss.toPrecision(4)}, ` +
      `${(100 * (test.accuracy ?? 0)).toFixed(1)} % in the test with ${test.loss.toPrecision(4)}.`,
  );
  // cut off after two digits of a per cent, not rounded
  const near = 1.01e-4;
  expect(Math.abs((await read(page)) - orange(0, 0))).toBeLessThan(near);

  // orange has more red than blue in it; close to ½ there is hardly a colour
  const places = [-1.1, -0.6, 0, 0.6, 1.1].flatMap((x1, _, all) => all.map((x2) => [x1, x2] as const));
  const clear = places.filter(([x1, x2]) => Math.abs(orange(x1, x2) - 0.5) > 0.03);
  const reds = await plane(page).evaluate(
    (plane, [places, reach]) => {
      const canvas = plane.querySelector("canvas") as HTMLCanvasElement;
      const { width } = canvas;
      const context = canvas.getContext("2d") as CanvasRenderingContext2D;
      const { data } = context.getImageData(0, 0, width, width);
      const at = (place: number): number => Math.round(((place / reach + 1) / 2) * width);
      return places.map(([x1, x2]) => {
        const pixel = 4 * (at(-x2) * width + at(x1));
        return (data[pixel] ?? 0) > (data[pixel + 2] ?? 0);
      });
    },
    [clear, REACH] as const,
  );
  expect(reds).toEqual(clear.map(([x1, x2]) => orange(x1, x2) > 0.5));
  expect(new Set(reds).size).toBe(2);

  const slider = page.getByRole("slider", { name: /^Probe at x1/ });
  await slider.focus();
  for (let press = 0; press < 10; press++) await page.keyboard.press("ArrowRight");
  await expect.poll(() => slider.inputValue()).toBe("0.1");
  await expect.poll(async () => Math.abs((await read(page)) - orange(0.1, 0))).toBeLessThan(near);

  const { x, y, width, height } = (await plane(page).boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  await page.mouse.move(x + 0.3 * width, y + 0.2 * height);
  await expect.poll(() => slider.inputValue()).not.toBe("0.1");
  const at = await Promise.all(
    [/^Probe at x1/, /^Probe at x2/].map((name) => page.getByRole("slider", { name }).inputValue()),
  );
  const [x1 = 0, x2 = 0] = at.map(Number);
  expect(x1).toBeCloseTo(-0.4 * REACH, 1);
  expect(x2).toBeCloseTo(0.6 * REACH, 1);
  await expect.poll(async () => Math.abs((await read(page)) - orange(x1, x2))).toBeLessThan(near);
});

test("it learns XOR, and a link shows the same net to somebody else", async () => {
  const { page } = await open("playground.html?data=xor&layers=6&noise=0&points=100");
  expect(await faults(page)).toEqual([]);
  await button(page, "Train").click();
  await expect.poll(() => fact(page, "Right in training").textContent(), { timeout: 60_000 }).toBe("100.0 %");
  await button(page, "Pause").click();
  await ended(page).waitFor();
  const said = (await ended(page).textContent()) ?? "";
  expect(said).toMatch(/100\.0 % right in training/);
  expect(await plane(page).getAttribute("aria-label")).toMatch(
    /is right for 100\.0 % of the points to train/,
  );
  await button(page, "Copy link").click();
  await page.getByText(/^Link to step/).waitFor();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  await expect.poll(() => page.url()).toBe(link.href);
  const steps = Number(link.searchParams.get("steps"));
  expect(said).toContain(`At step ${steps.toLocaleString("en-US")}:`);

  const other = await open(`playground.html${link.search}`);
  await ended(other.page).waitFor();
  expect(await ended(other.page).textContent()).toBe(said);
  expect(await reading(other.page).textContent()).toBe(await reading(page).textContent());

  // a new net in the midst of training has not done the steps of the old one
  await button(page, "Train").click();
  await page.getByRole("slider", { name: /^Noise/ }).fill("1");
  await expect.poll(() => new URL(page.url()).search).toBe("?data=xor&noise=1&points=100&layers=6");
  await button(page, "Start over").click();
  await expect.poll(() => fact(page, "Step").textContent()).toBe("0");
});

test("layers and units are chosen, and a unit fills the plane", async () => {
  const { page } = await open("playground.html?layers=3");
  const units = page.getByRole("radio", { name: /^Layer/ });
  await expect.poll(() => units.count()).toBe(3);
  await button(page, "Step").click();
  await button(page, "Add a layer").click();
  await expect.poll(() => units.count()).toBe(6);
  await expect.poll(() => fact(page, "Step").textContent()).toBe("0");
  await page.getByRole("slider", { name: /^Layer 2/ }).fill("5");
  await expect.poll(() => units.count()).toBe(8);
  await button(page, "Remove layer 1").click();
  await expect.poll(() => units.count()).toBe(5);
  await expect.poll(() => new URL(page.url()).search).toBe("?layers=5");

  await page.getByRole("radio", { name: "Input x₂" }).check({ force: true });
  // down from the centre of the plane the input is what it is
  await page.getByRole("slider", { name: /^Probe at x2/ }).fill("-0.75");
  await page.getByText("There it gives −0.75.").waitFor();
  await page.keyboard.press("Tab");
  await page.getByRole("radio", { name: "Input x₂" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("heading", { name: "Layer 1, unit 1" }).waitFor();
  expect(await plane(page).getAttribute("aria-label")).toMatch(/^Layer 1, unit 1 over the plane/);

  await button(page, "Remove layer 1").click();
  await page.getByRole("heading", { name: "The plane" }).waitFor();
  await expect.poll(() => new URL(page.url()).search).toBe("?layers=");
  await page.getByRole("combobox", { name: "Activation of hidden units" }).selectOption("ReLU");
  await page.getByRole("radio", { name: "Moons" }).check({ force: true });
  await expect.poll(() => new URL(page.url()).search).toBe("?data=moons&layers=&act=relu");
  for (let layer = 0; layer < 5; layer++) await button(page, "Add a layer").click();
  expect(await button(page, "Add a layer").isDisabled()).toBe(true);
});

test("a run that diverges says so in words, and the next one can be trained", async () => {
  const { page } = await open("playground.html");
  // nothing that is still on its way is given up by leaving
  await reading(page).waitFor();
  await page.getByRole("link", { name: "Too large a step" }).click();
  expect(new URL(page.url()).search).toBe("?opt=sgd&lr=100&l2=10");
  // step by step, to the weights that are no numbers and to the step that cannot be done
  const alert = page.getByRole("alert");
  await reading(page).waitFor();
  for (
    let step = 1;
    (await page.getByText("There the net gives no number any more.").count()) === 0;
    step++
  ) {
    await button(page, "Step").click();
    await expect.poll(() => fact(page, "Step").textContent()).toBe(String(step));
  }
  expect(await page.locator("main").textContent()).not.toContain("NaN");
  await button(page, "Train").click();
  await alert.filter({ hasText: "Choose a smaller learning rate" }).waitFor();
  expect(await alert.textContent()).toMatch(/the loss became (NaN|Infinity) at step \d+/);
  expect(await button(page, "Train").isDisabled()).toBe(true);
  expect(await faults(page)).toEqual([]);
  await page.getByRole("slider", { name: /^Learning rate/ }).fill("3");
  await page.getByRole("slider", { name: /^L2 penalty/ }).fill("0");
  await expect.poll(() => alert.count()).toBe(0);
  await button(page, "Epoch").click();
  await expect.poll(() => fact(page, "Epoch").textContent()).toBe("1");
});

test("a worker that has ended is told in words, and another one goes on with the same net", async () => {
  const { page } = await open("playground.html?steps=20");
  await ended(page).waitFor();
  const said = await ended(page).textContent();
  const [worker] = page.workers();
  await worker?.evaluate(() => void setTimeout(() => JSON.parse("no memory, say")));
  await button(page, "Train").click();
  await page
    .getByRole("alert")
    .filter({ hasText: /ended before its work: .*SyntaxError.* Start again, or load the page anew\.$/ })
    .waitFor();
  expect(await page.getByRole("alert").textContent()).not.toContain("hosted()");
  await button(page, "Start over").click();
  await expect.poll(() => page.getByRole("alert").count()).toBe(0);
  for (let step = 1; step <= 20; step++) await button(page, "Step").click();
  expect(await ended(page).filter({ hasText: "At step 20:" }).textContent()).toBe(said);
});

test("what an address says and the page cannot show is told", async () => {
  const { page } = await open(
    `playground.html?noise=99&layers=8-40&act=step&points=50&steps=50000&seed=${"7".repeat(500)}`,
  );
  const text = await page.getByRole("alert").textContent();
  expect(text).toContain("noise=99 is not a number from 0 to 50");
  expect(text).toContain("layers=8-40 is not at most 5 with dashes between them");
  expect(text).toMatch(/seed=7{40}… is not/);
  expect(text).toContain("act=step is not one of tanh, relu");
  expect(await page.getByRole("slider", { name: /^Points to train/ }).inputValue()).toBe("50");
  expect(await page.getByRole("slider", { name: /^Noise/ }).inputValue()).toBe("5");
  // on the way to the link's step something else is chosen: the new net stands still
  await expect.poll(() => fact(page, "Step").textContent()).toMatch(/^[1-9]/);
  await page.getByRole("slider", { name: /^Noise/ }).fill("10");
  await expect.poll(() => fact(page, "Step").textContent()).toBe("0");
  await button(page, "Train").waitFor();
  await expect.poll(() => new URL(page.url()).search).toBe("?noise=10&points=50");
});

test("every shape has two classes that can be told apart, the same ones for the same seed", () => {
  const settings = { ...settingsOf(DEFAULTS), noise: 0, points: 200 };
  for (const data of ["moons", "circles", "spirals", "xor"] as const) {
    const { train, test } = points({ ...settings, data });
    expect([train.rows, test.rows]).toEqual([200, 100]);
    expect(points({ ...settings, data }).train.x).toEqual(train.x);
    expect(points({ ...settings, data, seed: 2 }).train.x).not.toEqual(train.x);
    expect(train.y.reduce((sum, of) => sum + of)).toBe(100);
    expect(Math.max(...train.x.map(Math.abs))).toBeLessThanOrEqual(1);
    // to the nearest point to train with: without noise it is of the same class
    const nearest = (x1: number, x2: number): number => {
      const far = Array.from(train.y, (_, i) =>
        Math.hypot((train.x[2 * i] ?? 0) - x1, (train.x[2 * i + 1] ?? 0) - x2),
      );
      return train.y[far.indexOf(Math.min(...far))] ?? -1;
    };
    const right = Array.from(test.y, (of, i) => nearest(test.x[2 * i] ?? 0, test.x[2 * i + 1] ?? 0) === of);
    expect(right.filter(Boolean).length, data).toBeGreaterThanOrEqual(98);
  }
});

test("a trained net looks well at every width, light and dark", async () => {
  const { page } = await open("playground.html?steps=2000");
  await ended(page).waitFor({ timeout: 60_000 });
  await expect.poll(() => fact(page, "Step").textContent()).toBe("2,000");
  expect(await faults(page)).toEqual([]);
  await shoot(page, "playground");
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await faults(page)).toEqual([]);
  await shoot(page, "playground-dark");
});
