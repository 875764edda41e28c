// Names that would be markup or code elsewhere, in the page of a report: they are text wherever they stand. Whatever the browser has
// to complain about fails a test.

import { expect, test } from "vitest";
import { reportHtml } from "../../src/cli/report/html.ts";
import { browser, HOSTILE, learnt, measured, named, open } from "./opened-report.ts";

test("hostile names are text wherever they stand, and run nothing", async () => {
  const settings = HOSTILE.map((name) => [name, name] as const);
  const rows = named(HOSTILE);
  const report = await learnt(rows, "target", { title: HOSTILE.join(" "), settings, environment: settings });
  const { page, complaints } = await open(reportHtml(report));
  expect(report.mistakes!.rows.length).toBeGreaterThan(5);
  const seen = await page.evaluate(() => ({
    hacked: (window as { hacked?: unknown }).hacked,
    title: document.title,
    head: document.querySelector("h1")?.textContent,
    settings: [...document.querySelectorAll("#configuration dt")].map((e) => e.textContent),
    values: [...document.querySelectorAll("#environment dd")].map((e) => e.textContent),
    columns: [...document.querySelectorAll("#mistakes th.input")].map((e) => e.textContent),
    classes: [...document.querySelectorAll("#confusion tbody th")].map((e) => e.textContent),
    inputs: [...document.querySelectorAll("#mistakes td.text")].map((e) => e.textContent),
    elements: [...new Set([...document.querySelectorAll("*")].map((e) => e.tagName.toLowerCase()))],
    handlers: [...document.querySelectorAll("*")]
      .flatMap((e) => [...e.attributes])
      .filter(({ name }) => /^on|^src$|^href$/.test(name))
      .map(({ value }) => value),
    scripts: document.scripts.length,
  }));
  expect(seen.hacked).toBeUndefined();
  expect(seen.head).toBe(report.title);
  // a title has no line ends, and one blank in a row
  expect(seen.title).toBe(`${report.title} – training report`.replace(/[\t\n\f\r ]+/g, " ").trim());
  expect(seen.settings).toEqual([...HOSTILE]);
  expect(seen.values).toEqual([...HOSTILE]);
  expect(seen.columns).toEqual([...HOSTILE]);
  expect([...seen.classes].sort()).toEqual(
    [...new Set(rows.columns.at(-1)!.type === "category" ? report.confusion!.names : [])].sort(),
  );
  expect(seen.inputs.length).toBeGreaterThan(20);
  for (const input of seen.inputs) expect(HOSTILE).toContain(input);
  expect(
    seen.elements.filter((tag) => ["img", "iframe", "object", "embed", "a", "base", "form"].includes(tag)),
  ).toEqual([]);
  expect(seen.handlers).toEqual(["data:,"]);
  expect(seen.scripts).toBe(2);
  expect(await page.evaluate(() => (({}) as { polluted?: unknown }).polluted)).toBeUndefined();
  expect(complaints).toEqual([]);
  await page.close();
});

test("two hostile classes have a ROC curve, a hostile target a plot", async () => {
  const two = await learnt(named(HOSTILE.slice(0, 2)), "target", { title: HOSTILE[1] });
  const first = await open(reportHtml(two), 390);
  expect(await first.page.textContent("#roc h3")).toBe(`ROC of ${two.roc!.positive}`);
  expect(HOSTILE).toContain(two.roc!.positive);
  const target = HOSTILE[0];
  const rows = measured(80, target, (i) => (i % 9) * 3 + (i % 4));
  const second = await open(reportHtml(await learnt(rows, target)), 390);
  expect(await second.page.textContent("#fits h3")).toBe(target);
  for (const { page, complaints } of [first, second]) {
    expect(await page.evaluate(() => (window as { hacked?: unknown }).hacked)).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.close();
  }
});

test("a page whose data were written as they are would run them: the test above can fail", async () => {
  const report = await learnt(named(HOSTILE.slice(0, 2)), "target", { title: HOSTILE[0] });
  const html = reportHtml(report);
  const raw = html
    .replace(/(id="report">)[^<]*/, (_, tag) => tag + JSON.stringify(report))
    .replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "");
  const page = await browser.newPage();
  await page.setContent(raw);
  expect(await page.evaluate(() => (window as { hacked?: unknown }).hacked)).toBe(1);
  await page.close();
});

test("the policy alone stops a script that is not the page's", async () => {
  const report = await learnt(named(["a", "b"]), "target");
  const html = reportHtml(report).replace("</body>", "<script>window.hacked=1</script></body>");
  const { page, complaints } = await open(html);
  expect(await page.evaluate(() => (window as { hacked?: unknown }).hacked)).toBeUndefined();
  expect(complaints).toEqual([expect.stringMatching(/Content Security Policy/)]);
  await page.close();
});
