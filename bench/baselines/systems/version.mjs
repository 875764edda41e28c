// Which version of a library is installed, as its own package.json says; not what the lock file asks for.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** @param {string} name   of the package */
export function versionOf(name) {
  const { resolve } = createRequire(import.meta.url);
  for (const folder of resolve.paths(name)) {
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`, "utf8")).version;
    } catch {}
  }
  throw new Error(`${name} is not installed`);
}
