// The packed package in apps of every usual tool, served with a strict policy, in real browsers: it trains there to Node's very
// bits, on the page and in a hosted runtime with and without threads, loads the one build that it needs, and nobody complains.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { init } from "xent";
import { base64 as relaxed } from "../../src/wasm/generated/relaxed.ts";
import { base64 as relaxedThreads } from "../../src/wasm/generated/relaxed-threads.ts";
import { base64 as simd } from "../../src/wasm/generated/simd.ts";
import { base64 as simdThreads } from "../../src/wasm/generated/simd-threads.ts";
import { findChromium } from "../../tools/chromium.ts";
import { ISOLATED, serve, strictPolicy } from "../../tools/serve.ts";
import { folders } from "../support/folders.ts";
import { type Trained, train } from "./app.ts";
import { type Browser, hasFirefox, startChromium, startFirefox } from "./browsers.ts";
import { esbuilt, makeProject, mapped, vite, webpacked } from "./builders.ts";

const BUILDS = { simd, "simd-threads": simdThreads, relaxed, "relaxed-threads": relaxedThreads };

const { root, empty } = folders("bundlers");
const project = empty();
const expected: Trained = await train(await init({ precision: "strict" }));
let browser: Browser;

beforeAll(async () => {
  await makeProject(project);
  browser = await startChromium(findChromium() as string);
});
afterAll(() => browser.close());

/** Opens a built app and has it train on the page, then in a hosted runtime. */
async function visit(where: Browser, folder: string, scripts: readonly string[], isolated: boolean) {
  const server = await serve(folder, { ...(isolated ? ISOLATED : {}), ...strictPolicy(...scripts) });
  /** the builds in the files that were served, each with how many of the files hold it */
  const builds = () =>
    [...new Set(server.served)].flatMap((path) => {
      const text = readFileSync(join(folder, path), "utf8");
      return Object.entries(BUILDS)
        .filter(([, base64]) => text.includes(base64))
        .map(([name]) => name);
    });
  const tab = await where.open(`${server.origin}/`);
  try {
    const onPage = await tab.value("app.onPage()");
    const buildsOnPage = builds();
    const inWorker = await tab.value("app.inWorker()");
    const { complaints } = tab;
    return { onPage, buildsOnPage, inWorker, builds: builds(), complaints, reports: server.reports };
  } catch (error) {
    throw new Error([String(error), ...tab.complaints, ...server.reports].join("\n"));
  } finally {
    await server.close();
  }
}

describe.each([
  ["esbuild", esbuilt],
  ["an import map", mapped],
  ["Vite", vite({ worker: { format: "es" } })],
  ["webpack", webpacked],
])("%s", (name, build) => {
  const out = join(root, name);
  let scripts: readonly string[];
  beforeAll(async () => {
    scripts = await build(project, out);
  });

  test.each([
    ["isolated", true],
    ["not isolated", false],
  ])("on a page that is %s", async (_, isolated) => {
    const { builds, ...rest } = await visit(browser, out, scripts, isolated);
    expect(rest).toEqual({
      onPage: expected,
      buildsOnPage: ["simd"],
      inWorker: { ...expected, threads: isolated ? 2 : 1 },
      complaints: [],
      reports: [],
    });
    expect([...new Set(builds)]).toEqual(isolated ? ["simd", "simd-threads"] : ["simd"]);
  });
});

describe.runIf(hasFirefox)("Firefox", () => {
  let firefox: Browser;
  beforeAll(async () => {
    firefox = await startFirefox();
  });
  afterAll(() => firefox.close());

  test("the app of esbuild", async () => {
    const out = join(root, "firefox");
    const found = await visit(firefox, out, await esbuilt(project, out), true);
    expect(found).toMatchObject({ onPage: expected, inWorker: { ...expected, threads: 2 } });
    expect(found).toMatchObject({ complaints: [], reports: [] });
  });
});
