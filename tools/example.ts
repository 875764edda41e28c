// `npm run example -- 01 [its options]`: runs examples/01-*/main.ts.

import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";

const [wanted = "", ...options] = process.argv.slice(2);
const folders = readdirSync("examples").filter((name) => /^\d\d-/.test(name));
const folder = folders.find((name) => wanted !== "" && name.startsWith(wanted));
if (folder === undefined) {
  console.error(`npm run example -- NUMBER [options]\nThere are: ${folders.join(", ")}`);
  process.exit(2);
}
const { status } = spawnSync("npx", ["tsx", `examples/${folder}/main.ts`, ...options], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exit(status ?? 1);
