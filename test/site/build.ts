// Builds the site once for all of its tests, as `npm run site` does.

import { build } from "vite";

export default async function setup(): Promise<void> {
  await build({ configFile: "site/vite.config.ts", logLevel: "warn" });
}
