// Compiles src/ to dist/ with tsc, on empty ground: nothing of a file that is gone stays published.

import { execFileSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";

for (const name of readdirSync("dist", { recursive: true, encoding: "utf8" })) {
  if (/\.(js|ts|map)$/.test(name)) rmSync(`dist/${name}`);
}
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], {
  stdio: "inherit",
});
