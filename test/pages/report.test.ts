// The page of a report in Chromium: light and dark, a phone's width, paper, and what is under the pointer. Whatever the browser has
// to complain about fails a test.

import type { Page } from "playwright";
import { expect, test } from "vitest";
import { adam, crossEntropy, dataset, dense, init } from "xent";
import { readCsv } from "xent/data";
import { collectReport } from "../../src/cli/report/collect.ts";
import { reportHtml } from "../../src/cli/report/html.ts";
import type { Report } from "../../src/cli/report/report.ts";
import { faults } from "../site/site.ts";
import { FACTS, HOSTILE, learnt, measured, named, open } from "./opened-report.ts";

test("figures that are no numbers are drawn as none", async () => {
  const report = await learnt(
    measured(30, "b", (i) => i),
    "b",
  );
  const none = [null, null, null];
  const { series, ...curves } = report.curves;
  const lost: Report = {
    ...report,
    evaluation: { ...report.evaluation, loss: null, metrics: [["r2", null]] },
    curves: { ...curves, series: series.map((one) => ({ ...one, train: none, validation: none })) },
    fits: report.fits.map((fit) => ({
      ...fit,
      r2: null,
      predicted: fit.predicted.map((_, i) => (i > 0 ? null : 1)),
    })),
    mistakes: {
      ...report.mistakes!,
      rows: report.mistakes!.rows.map((row) => ({ ...row, predicted: null, score: null })),
    },
    training: { ...report.training, stopped: "nan", problem: "weights were not finite" },
  };
  const { page, complaints } = await open(reportHtml(lost));
  expect(await page.textContent(".figures .main dd")).toBe("–");
  expect(await page.textContent("#mistakes td.wrong")).toBe("–");
  expect(await page.textContent(".warning")).toBe("weights were not finite");
  await page.locator("#fits .u-over").hover();
  expect(complaints).toEqual([]);
  await page.close();
});

test.each([
  [390, "light"],
  [390, "dark"],
  [820, "light"],
  [1440, "dark"],
] as const)(
  "%i px, %s: no scrolling to the side, every section has its heading, every chart a label",
  async (width, scheme) => {
    const letters = await readCsv(
      Array.from({ length: 90 }, (_, i) => `${i % 13},${(i * 7) % 11},${"abc".charAt((i * 5) % 3)}`).join(
        "\n",
      ),
      { header: false },
    );
    const target = letters.columns[2]!.name;
    const reports = [
      await learnt(letters, target),
      await learnt(named(HOSTILE), "target", { title: "x".repeat(200) }),
    ];
    for (const report of reports) {
      const { page, complaints } = await open(reportHtml(report), width, scheme);
      const found = await page.evaluate(() => ({
        wide: document.documentElement.scrollWidth - innerWidth,
        ids: [...document.querySelectorAll("section")].map(({ id }) => id),
        unnamed: [...document.querySelectorAll("section")].filter((e) => e.querySelector("h2") === null)
          .length,
        unlabelled: [...document.querySelectorAll('[role="img"], canvas, .scroll')].filter(
          (e) => !e.getAttribute("aria-label") && e.closest('[role="img"]') === null,
        ).length,
        tables: [...document.querySelectorAll("table")].filter((e) => !e.caption?.textContent).length,
        unreachable: [...document.querySelectorAll(".scroll")].filter(
          (e) => (e as HTMLElement).tabIndex !== 0,
        ).length,
      }));
      expect(found).toEqual({
        wide: 0,
        ids: ["curves", "confusion", "mistakes", "weights", "kernels", "configuration", "environment"],
        unnamed: 0,
        unlabelled: 0,
        tables: 0,
        unreachable: 0,
      });
      expect(complaints).toEqual([]);
      await page.close();
    }
  },
);

test.each(["light", "dark"] as const)(
  "%s: all can be read, cells of the matrix of any share too",
  async (scheme) => {
    const names = [..."abcdefghijk"];
    // of line i are 10·i % found, the others taken for one class
    const counts = names.map((_, i) =>
      names.map((_, j) => (j === i ? 10 * i : j === (i + 1) % names.length ? 100 - 10 * i : 0)),
    );
    const report = await learnt(named(["a", "b"]), "target");
    const { page, complaints } = await open(
      reportHtml({ ...report, confusion: { names, counts, pairs: [], pairsOf: 0 } }),
      1200,
      scheme,
    );
    expect(await page.locator("#confusion td.hit").count()).toBe(names.length);
    expect(await faults(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  },
);

/** The pixels of each canvas that a selector finds, as text: read from copies, as Chromium complains of canvases that are read often. */
const pixelsOf = (page: Page, selector: string): Promise<string[]> =>
  page.evaluate(
    (selector) =>
      [...document.querySelectorAll<HTMLCanvasElement>(selector)].map((canvas) => {
        const { width, height } = canvas;
        const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true })!;
        copy.drawImage(canvas, 0, 0);
        const { data } = copy.getImageData(0, 0, width, height);
        return btoa([...data].map((byte) => String.fromCharCode(byte)).join(""));
      }),
    selector,
  );

/** The colour that most of the pixels of the first curve have which are not empty. */
async function inkOf(page: Page): Promise<string> {
  const [pixels = ""] = await pixelsOf(page, "#curves canvas");
  const data = Buffer.from(pixels, "base64");
  const counts = new Map<string, number>();
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] !== 255) continue;
    const colour = data.subarray(i, i + 3).join(" ");
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "none";
}

test("charts are drawn anew in the dark, on another scale, and at another width", async () => {
  const { page, complaints } = await open(reportHtml(await learnt(named(["a", "b", "c"]), "target")));
  const light = await inkOf(page);
  expect(light).not.toBe("none");
  await page.emulateMedia({ colorScheme: "dark" });
  await expect.poll(() => inkOf(page)).not.toBe(light);
  const labels = (): Promise<string> =>
    page.evaluate(() => document.querySelector<HTMLCanvasElement>("#curves canvas")!.toDataURL());
  const before = await labels();
  await page.click("text=log scale");
  expect(await page.getAttribute("#curves button", "aria-pressed")).toBe("true");
  await expect.poll(labels).not.toBe(before);
  const width = (): Promise<number> =>
    page.evaluate(() => document.querySelector("#curves canvas")!.clientWidth);
  const wide = await width();
  await page.setViewportSize({ width: 390, height: 900 });
  await expect.poll(width).not.toBe(wide);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  expect(complaints).toEqual([]);
  await page.close();
});

test("the pointer is told the values that are under it", async () => {
  const report = await learnt(named(["a", "b"]), "target");
  const { page } = await open(reportHtml(report));
  const over = page.locator("#curves .u-over").first();
  const { width, height } = (await over.boundingBox())!;
  const { train, validation } = report.curves.series[0]!;
  const told = async (x: number): Promise<string> => {
    await over.hover({ position: { x, y: height / 2 } });
    return (await page.textContent("#curves figcaption"))!;
  };
  for (const [epoch, x] of [
    [1, 2],
    [2, width / 2],
    [3, width - 3],
  ] as const) {
    const words = await told(x);
    expect(words).toContain(`epoch ${epoch}`);
    for (const value of [train[epoch - 1]!, validation![epoch - 1]!])
      expect(words).toContain(value.toPrecision(4).replace(/0+$/, ""));
  }
  // the corner of the ROC curve at the upper right is that of all rows
  const roc = page.locator("#roc .u-over");
  const box = (await roc.boundingBox())!;
  await roc.hover({ position: { x: box.width - 3, y: 3 } });
  expect(await page.textContent("#roc .readout")).toBe(
    `found 100.0 %taken for it 100.0 %from ${Number(report.roc!.threshold.at(-1)!.toPrecision(4))}`,
  );
  await page.close();
});

test("shares, bars and times are those of the counts in the report", async () => {
  const report = await learnt(named(["a", "b", "c", "d", "e"]), "target");
  const { page } = await open(reportHtml(report));
  const texts = (selector: string): Promise<string[]> =>
    page.$$eval(selector, (all) => all.map((each) => each.textContent ?? ""));
  const counts = report.confusion!.counts!;
  const share = (part: number, all: number): string =>
    all === 0 ? "–" : `${(Math.floor((1000 * part) / all + 1e-6) / 10).toFixed(1)} %`;
  const said = counts.map((_, j) => counts.reduce((sum, row) => sum + row[j]!, 0));
  expect(await texts("#confusion tbody td:not(.share)")).toEqual(counts.flat().map(String));
  expect(await texts("#confusion tbody .share")).toEqual(
    counts.map((row, i) =>
      share(
        row[i]!,
        row.reduce((sum, n) => sum + n, 0),
      ),
    ),
  );
  expect(await texts("#confusion tfoot td")).toEqual([
    ...said.map((all, i) => share(counts[i]![i]!, all)),
    "",
  ]);

  const drawn = await page.$$eval("#weights figure:first-child rect", (all) =>
    all.map((each) => [Number(each.getAttribute("y")), Number(each.getAttribute("height"))] as const),
  );
  const bins = report.weights.tensors[0]!.values.counts;
  // they stand on the ground, the largest as high as the drawing
  expect(drawn.map(([y, height]) => y + height)).toEqual(bins.map(() => expect.closeTo(100, 9)));
  expect(drawn.map(([, height]) => height)).toEqual(
    bins.map((n) => expect.closeTo((100 * n) / Math.max(...bins), 9)),
  );

  // work over time: Gflop/s · ms are 10⁶ operations
  const own = report.kernels.filter(({ op }) => op === "sgemm");
  expect(own.length).toBeGreaterThan(1);
  const [ms, work] = [0, 1].map((i) => own.reduce((sum, each) => sum + each.ms * (i ? each.gflops : 1), 0));
  const line = await page.$eval(
    "#kernels table.kernels",
    (table) =>
      [...table.querySelectorAll("tr")].find((tr) => tr.textContent?.startsWith("sgemm"))!.lastElementChild!
        .textContent,
  );
  expect(Number(line) / (work! / ms!)).toBeCloseTo(1, 2);
  await page.close();
});

test("a run that was resumed says from where its times are", async () => {
  const [whole, resumed] = [await learnt(named(["a", "b"]), "target"), { rates: [0.01] }];
  const last = await learnt(named(["a", "b"]), "target", resumed);
  const [{ page: first }, { page }] = [await open(reportHtml(whole)), await open(reportHtml(last))];
  expect(await first.textContent(".lede")).not.toContain("resumed");
  expect(await page.textContent(".lede")).toContain("resumed in epoch 3, and times are from there");
  for (const each of [first, page]) await each.close();
});

test("on paper all is dark on light, from a dark page too", async () => {
  const report = await learnt(named(["a", "b"]), "target");
  const [{ page }, { page: light }] = [
    await open(reportHtml(report), 1000, "dark"),
    await open(reportHtml(report)),
  ];
  const colours = (of: Page): Promise<string[]> =>
    of.evaluate(() =>
      ["h1", ".main dd", "#mistakes td", "#curves figure"].map((each) => {
        const { color, backgroundColor } = getComputedStyle(document.querySelector(each)!);
        return `${color} on ${backgroundColor}`;
      }),
    );
  expect(await colours(page)).not.toEqual(await colours(light));
  await page.emulateMedia({ media: "print" });
  expect(await colours(page)).toEqual(await colours(light));
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
    "rgb(255, 255, 255)",
  );
  await expect.poll(() => inkOf(page)).toBe(await inkOf(light));
  for (const each of [page, light]) await each.close();
});

test("images are drawn in ink on paper, light or dark", async () => {
  // a stroke on the left for one class, on the right for the other; labels of every fifth row are wrong
  const x = Uint8Array.from({ length: 100 * 16 }, (_, i) =>
    i % 4 === (Math.floor(i / 16) % 2) * 3 ? 255 : 0,
  );
  const y = Array.from({ length: 100 }, (_, i) => (i % 5 === 0 ? 1 - (i % 2) : i % 2));
  const data = dataset({ x, y, features: 16 });
  const model = (await init({ threads: 1 })).sequential({ input: 16 }, [dense(2)]);
  const history = await model.fit(data, { loss: crossEntropy(), optimizer: adam({ lr: 0.05 }), epochs: 20 });
  const image = { width: 4, height: 4 };
  const { page, complaints } = await open(
    reportHtml(await collectReport({ ...FACTS, model, history, dataset: data, image })),
  );
  // the first of four lines
  const drawn = async (): Promise<number[][]> =>
    (await pixelsOf(page, "#mistakes canvas")).map((pixels) => [
      ...Buffer.from(pixels, "base64").subarray(0, 16),
    ]);
  const light = await drawn();
  expect(light).toHaveLength(12);
  for (const pixels of light) {
    const ink = [0, 1, 2, 3].map((i) => pixels[4 * i + 3]);
    expect([
      [255, 0, 0, 0],
      [0, 0, 0, 255],
    ]).toContainEqual(ink);
    expect(
      Math.max(...pixels.filter((_, i) => i % 4 < 3 && pixels[4 * Math.floor(i / 4) + 3] === 255)),
    ).toBeLessThan(80);
  }
  await page.emulateMedia({ colorScheme: "dark" });
  await expect
    .poll(async () => Math.max(...(await drawn())[0]!.filter((_, i) => i % 4 < 3)))
    .toBeGreaterThan(180);
  expect(complaints).toEqual([]);
  await page.close();
});
