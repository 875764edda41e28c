// A page in Debian's Chromium (by playwright) or Firefox (by puppeteer, as playwright drives only a Firefox of its own), and
// whatever it has to complain about.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright";
import { launch } from "puppeteer-core";
import { CHROMIUM_ARGS } from "../../tools/chromium.ts";

const FIREFOX = process.env.XENT_FIREFOX ?? "/usr/bin/firefox-esr";
export const hasFirefox = existsSync(FIREFOX);

/** What both drivers have, and the tests need. */
export interface Tab {
  /** runs an expression of the page and waits for its promise */
  value(expression: string): Promise<unknown>;
  /** workers that run */
  workers(): number;
  /** errors and warnings of the console, of the page, of its requests, and requests that leave its origin */
  readonly complaints: readonly string[];
}

export interface Browser {
  open(url: string): Promise<Tab>;
  close(): Promise<void>;
}

export async function startChromium(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS });
  return {
    async open(url) {
      return visit(await browser.newPage(), url);
    },
    close: () => browser.close(),
  };
}

export async function startFirefox(): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), "xent-firefox-"));
  const browser = await launch({
    browser: "firefox",
    executablePath: FIREFOX,
    headless: true,
    env: { ...process.env, HOME: home },
  });
  return {
    async open(url) {
      return visit((await browser.newPage()) as unknown as Driven, url);
    },
    async close() {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** What the drivers have in common, by name and by meaning. */
type Driven = Pick<Page, "on" | "goto" | "evaluate" | "workers">;

async function visit(page: Driven, url: string): Promise<Tab> {
  const { origin } = new URL(url);
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (/^(error|warn)/.test(message.type()))
      complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => complaints.push(`page: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const { protocol, origin: from } = new URL(request.url());
    if (protocol.startsWith("http") && from !== origin) complaints.push(`elsewhere: ${request.url()}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()}: ${response.url()}`);
  });
  await page.goto(url);
  return {
    value: (expression) => page.evaluate(expression),
    workers: () => page.workers().length,
    complaints,
  };
}
