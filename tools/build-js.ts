// Compiles src/ to dist/ with tsc, on empty ground: nothing of a file that is gone stays published.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (/\.(js|ts|map)$/.test(name)) rmSync(`dist/${name}`);
}
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});

// the command is no library: nobody imports its types, which are Node's and commander's
for (const name of readdirSync("dist/cli", { recursive: true, encoding: "utf8" })) {
  if (name.endsWith(".d.ts")) rmSync(`dist/cli/${name}`);
}

// tsc turns ./x.ts into ./x.js where it is imported, not where a worker's URL names it
for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (!name.endsWith(".js")) continue;
  const text = readFileSync(`dist/${name}`, "utf8");
  const named = text.replace(/(new URL\("[^"]+)\.ts"/g, '$1.js"');
  if (named !== text) writeFileSync(`dist/${name}`, named);
}
