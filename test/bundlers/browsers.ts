// A page in Debian's Chromium (by playwright) or Firefox (by puppeteer, as playwright drives only a Firefox of its own), and
// whatever it has to complain about.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright";
import { launch } from "puppeteer-core";
import { CHROMIUM_ARGS } from "../../tools/chromium.ts";

const FIREFOX = "/usr/bin/firefox-esr";
export const hasFirefox = existsSync(FIREFOX);

/** What both drivers have, and the tests need. */
export interface Tab {
  /** runs an expression of the page and waits for its promise */
  value(expression: string): Promise<unknown>;
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
      const page = await browser.newPage();
      const complaints: string[] = [];
      listen(page, url, complaints);
      await page.goto(url);
      return { value: (expression) => page.evaluate(expression), complaints };
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
      const page = await browser.newPage();
      const complaints: string[] = [];
      listen(page as unknown as Page, url, complaints);
      await page.goto(url);
      return { value: (expression) => page.evaluate(expression), complaints };
    },
    async close() {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** The events of both drivers have these names and methods. */
function listen(page: Pick<Page, "on">, url: string, complaints: string[]): void {
  const { origin } = new URL(url);
  page.on("console", (message) => {
    if (/^(error|warn)/.test(message.type())) complaints.push(`console: ${message.text()}`);
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
}
