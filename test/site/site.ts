// The built site in Chromium, served from a folder under the root as a static host would, and whatever a page has to complain about.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { CHROMIUM_ARGS, findChromium } from "../../tools/chromium.ts";
import { ISOLATED, type Server, serve } from "../../tools/serve.ts";

/** Where screenshots go, to be looked at. */
const SHOTS = "build/site-shots";
const WIDTHS = [390, 820, 1440] as const;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export interface Visit {
  readonly page: Page;
  readonly server: Server;
  /** console messages, errors, refused and failed requests, and requests that leave the origin */
  readonly complaints: string[];
}

export interface VisitOptions {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  /** with the headers that allow shared memory */
  readonly isolated?: boolean;
}

export interface Site {
  /** Opens a page such as `backprop.html?row=2` and waits for its first picture. */
  open(path: string, options?: VisitOptions): Promise<Visit>;
}

/** For one test file: a browser and two servers; after each test no page may have complained. */
export function site(): Site {
  let browser: Browser;
  let plain: Server;
  let isolated: Server;
  let visits: Visit[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: findChromium() as string, args: CHROMIUM_ARGS });
    [plain, isolated] = await Promise.all([serve("build"), serve("build", ISOLATED)]);
  });
  afterEach(async () => {
    const complaints = visits.flatMap(({ complaints }) => complaints);
    await Promise.all(visits.map(({ page }) => page.context().close()));
    visits = [];
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser.close();
    await Promise.all([plain.close(), isolated.close()]);
  });
  return {
    async open(path, { width = 1200, scheme = "light", isolated: shared = false } = {}) {
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: scheme,
        permissions: ["clipboard-read", "clipboard-write"],
      });
      const page = await context.newPage();
      const server = shared ? isolated : plain;
      const complaints = watch(page, server.origin);
      visits.push({ page, server, complaints });
      await page.goto(`${server.origin}/site/${path}`);
      await page.locator("#app > *").first().waitFor();
      return { page, server, complaints };
    },
  };
}

function watch(page: Page, origin: string): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`page: ${error.message}`));
  page.on("requestfailed", (request) => {
    // what was still on its way when the page was left
    if (request.failure()?.errorText !== "net::ERR_ABORTED") complaints.push(`failed: ${request.url()}`);
  });
  page.on("request", (request) => {
    const { protocol, origin: from } = new URL(request.url());
    if (protocol.startsWith("http") && from !== origin) complaints.push(`elsewhere: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  return complaints;
}

/** What axe finds that is serious or worse, and controls without a name; a line each. */
export async function faults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    // colours on their way to others are neither
    const under = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(under.map(({ finished }) => finished));
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    const { violations } = await axe.run(document);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, help, nodes }) => `${id}: ${help} (${nodes.map(({ target }) => target.join(" ")).join(", ")})`,
      );
  });
}

/** Pixels that the page is wider than its window: nobody should scroll sideways. Charts follow the width in the next picture or two. */
export async function overhang(page: Page): Promise<number> {
  const wider = (): number => document.documentElement.scrollWidth - innerWidth;
  for (let picture = 0; picture < 10 && (await page.evaluate(wider)) > 0; picture++)
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  return page.evaluate(wider);
}

/** The page at a phone's, a tablet's and a desk's width, in a file each; at none of them does it scroll sideways. */
export async function shoot(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    expect(await overhang(page), `${name} at ${width} px`).toBeLessThanOrEqual(0);
    await page.screenshot({ path: `${SHOTS}/${name}-${width}.png`, fullPage: true });
  }
}
