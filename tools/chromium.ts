// The Chromium that tests run in, and how it is started.

import { existsSync } from "node:fs";
import { chromium } from "playwright";

/** It does without its sandbox, because root has none, and asks the network for nothing. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The Chromium of XENT_CHROMIUM, else Debian's, else the one that `npx playwright install` fetched. */
export function findChromium(): string | undefined {
  const places = [process.env.XENT_CHROMIUM, "/usr/bin/chromium", chromium.executablePath()];
  return places.find((path) => path !== undefined && existsSync(path));
}
