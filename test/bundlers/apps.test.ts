// The packed package in apps of every usual tool, served with a strict policy, in real browsers: it trains there to Node's very
// bits, on the page and in a hosted runtime with and without threads, loads the one build that it needs, and nobody complains.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { init } from "xent";
import { base64 as relaxed } from "../../src/wasm/generated/relaxed.ts";
import { base64 as relaxedThreads } from "../../src/wasm/generated/relaxed-threads.ts";
import { base64 as simd } from "../../src/wasm/generated/simd.ts";
import { base64 as simdThreads } from "../../src/wasm/generated/simd-threads.ts";
import { findChromium } from "../../tools/chromium.ts";
import { ISOLATED, type Server, serve, strictPolicy } from "../../tools/serve.ts";
import { type Browser, hasFirefox, startChromium, startFirefox, type Tab } from "../support/browsers.ts";
import { folders } from "../support/folders.ts";
import { tablesOnPage, train } from "./app.ts";
import { esbuilt, html, makeProject, mapped, quiet, vite, webpacked } from "./builders.ts";

const BUILDS = Object.entries({
  simd,
  "simd-threads": simdThreads,
  relaxed,
  "relaxed-threads": relaxedThreads,
});

const { empty } = folders("bundlers");
const expected = await train(await init({ precision: "strict" }));
const tables = await tablesOnPage();
const chromium = findChromium();

/** A name of Papa Parse's that no tool shortens. */
const PARSER = "BAD_DELIMITERS";

/** What an app comes to that trains on its page, with a build in a file and without, then in a hosted runtime, then with tables. */
async function use(tab: Tab, server?: Server, folder = "") {
  try {
    const fromFile = await tab.value("app.fromFile()");
    const buildsFromFile = server && buildsIn(server.served, folder);
    const onPage = await tab.value("app.onPage()");
    const buildsOnPage = server && buildsIn(server.served, folder);
    const inWorker = await tab.value("app.inWorker()");
    const builds = server && [...new Set(buildsIn(server.served, folder))];
    const parsersBefore = server && filesWith(PARSER, server.served, folder);
    const tablesOnPage = await tab.value("app.tablesOnPage()");
    const tablesInWorker = await tab.value("app.tablesInWorker()");
    const parsers = server && filesWith(PARSER, server.served, folder);
    const trained = { fromFile, buildsFromFile, onPage, buildsOnPage, inWorker, builds };
    return { ...trained, parsersBefore, tablesOnPage, tablesInWorker, parsers };
  } catch (error) {
    throw new Error([String(error), ...complaints(tab, server)].join("\n"));
  }
}

/** The builds in the files that were served, each as often as a file holds it. */
function buildsIn(served: readonly string[], folder: string): string[] {
  return BUILDS.flatMap(([name, base64]) => Array(filesWith(base64, served, folder)).fill(name));
}

/** How many of the files that were served hold a text. */
function filesWith(what: string, served: readonly string[], folder: string): number {
  return [...new Set(served)].filter((path) => readFileSync(join(folder, path), "utf8").includes(what))
    .length;
}

function complaints(tab: Tab, server: Server | undefined): readonly string[] {
  return [...tab.complaints, ...(server?.reports ?? [])];
}

/** Opens a page that does what an app must not do, as its worker does, and waits until all of it was noticed. */
async function notices(browser: Browser, policy: Record<string, string>, amiss: RegExp[]): Promise<void> {
  const folder = empty();
  // who warns says so: where it stood, browsers tell differently
  const both = (who: string): string =>
    `console.warn("a warning of ${who}"); fetch("/nothing"); try { eval("1"); } catch {}`;
  const far = 'fetch("https://xent.invalid/").catch(() => {});';
  writeFileSync(join(folder, "index.html"), html("./main.js", "<script>1;</script>\n"));
  writeFileSync(
    join(folder, "main.js"),
    `new Worker("./worker.js"); ${both("main.js")} ${far} throw new Error("thrown");`,
  );
  writeFileSync(join(folder, "worker.js"), both("worker.js"));
  const server = await serve(folder, policy);
  const tab = await browser.open(`${server.origin}/`);
  for (const what of amiss) {
    const noticed = expect.poll(() => complaints(tab, server), { timeout: 10_000 });
    await noticed.toContainEqual(expect.stringMatching(what));
  }
  await server.close();
}

const AMISS = [
  /^console: a warning of main\.js/,
  /^console: a warning of worker\.js/,
  /^page: .*thrown/,
  /^404: .*nothing/,
  /^script-src blocked eval in .*main\.js/,
  /^script-src blocked eval in .*worker\.js/,
  /^script-src-elem blocked inline/,
  /^connect-src blocked https:..xent.invalid/,
];

function headers(isolated: boolean, scripts: readonly string[]) {
  return { ...(isolated ? ISOLATED : {}), ...strictPolicy(...scripts) };
}

/** What any app comes to with tables: Node's bits, and the parser of CSV is loaded once and not before. */
const tabled = { parsersBefore: 0, tablesOnPage: tables, tablesInWorker: tables, parsers: 1 };

test("Node makes of tables what it should", () => {
  expect(tables).toMatchObject({
    rows: [72, 18],
    features: ["length", "shore=north, far", "shore=süd\r\nwest", 'shore=the "old" pier'],
    classes: ["auger", "cockle", "whelk"],
    accuracy: 1,
    again: tables.predicted,
    // the version of the format, 8, in field 1; then field 2
    onnxStart: [0x08, 8, 0x12],
    moduleExports: ["input", "outputs", "classes", "columns", "predict", "predictClass", "logits"],
  });
});

describe.skipIf(chromium === undefined)("Chromium", () => {
  const project = empty();
  let browser: Browser;
  beforeAll(async () => {
    await makeProject(project);
    browser = await startChromium(chromium as string);
  });
  afterAll(() => browser.close());

  describe.each([
    ["esbuild", esbuilt],
    ["an import map", mapped],
    ["Vite", vite()],
    ["Vite, with a worker of several files", vite({ worker: { format: "es" } })],
    ["webpack", webpacked],
  ])("%s", (_, build) => {
    const out = empty();
    let scripts: readonly string[];
    beforeAll(async () => {
      scripts = await build(project, out);
    });

    test.each([
      ["isolated", true],
      ["not isolated", false],
    ])("on a page that is %s", async (_, isolated) => {
      const server = await serve(out, headers(isolated, scripts));
      const tab = await browser.open(`${server.origin}/`);
      expect(await use(tab, server, out)).toEqual({
        fromFile: expected.weights,
        buildsFromFile: [],
        onPage: expected,
        buildsOnPage: ["simd"],
        inWorker: { ...expected, threads: isolated ? 2 : 1 },
        builds: isolated ? ["simd", "simd-threads"] : ["simd"],
        ...tabled,
      });
      expect(complaints(tab, server)).toEqual([]);
      await server.close();
    });
  });

  test("Vite's server for development", async () => {
    const port = { host: "localhost", port: 0, headers: headers(true, []) };
    const server = await createServer({ ...quiet(), root: project, configFile: false, server: port });
    await server.listen();
    const tab = await browser.open(server.resolvedUrls?.local[0] as string);
    expect(await use(tab)).toMatchObject({
      fromFile: expected.weights,
      onPage: expected,
      inWorker: { ...expected, threads: 2 },
      tablesOnPage: tables,
      tablesInWorker: tables,
    });
    expect(tab.complaints).toEqual([]);
    await server.close();
  });

  test("what is amiss would be noticed", async () => {
    await notices(browser, strictPolicy(), AMISS);
    await notices(browser, {}, [/^elsewhere: .*xent.invalid/]);
  });
});

describe.skipIf(!hasFirefox)(hasFirefox ? "Firefox" : "Firefox, which is not there, left out", () => {
  const project = empty();
  let firefox: Browser;
  beforeAll(async () => {
    await makeProject(project);
    firefox = await startFirefox();
  });
  afterAll(() => firefox.close());

  test.each([
    ["esbuild", esbuilt],
    ["an import map", mapped],
  ])("the app of %s", async (_, build) => {
    const out = empty();
    const server = await serve(out, headers(true, await build(project, out)));
    const tab = await firefox.open(`${server.origin}/`);
    expect(await use(tab, server, out)).toEqual({
      fromFile: expected.weights,
      buildsFromFile: [],
      onPage: expected,
      buildsOnPage: ["simd"],
      inWorker: { ...expected, threads: 2 },
      builds: ["simd", "simd-threads"],
      ...tabled,
    });
    expect(complaints(tab, server)).toEqual([]);
    await server.close();
  });

  test("what is amiss would be noticed", async () => {
    await notices(firefox, strictPolicy(), AMISS);
  });
});
