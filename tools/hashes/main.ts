// `npm run hashes`: trains 200 steps on every engine that can be had, with every build and tile, and compares the bits of
// all weights. `simd` must give one hash everywhere; `relaxed` one among the engines whose multiply-add is fused, and
// one among the others. Prints the table; exit code 1 if a hash is another one, or an engine that was there failed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Hashes } from "./child.ts";

/** Each fetched by npx once; versions of Deno and Bun that install. */
const ENGINES: readonly (readonly [pkg: string, ...command: string[]])[] = [
  ["node@20", "node"],
  ["node@22", "node"],
  ["node@24", "node"],
  ["node@26", "node"],
  ["deno@2.9.5", "deno", "run", "--allow-all"],
  ["bun@1.4.5", "bun", "run"],
];

const folder = mkdtempSync(join(tmpdir(), "xent-hashes-"));
const bundle = join(folder, "child.mjs");
try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true });
}

async function main(): Promise<number> {
  await build({
    entryPoints: [new URL("child.ts", import.meta.url).pathname],
    bundle: true,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    outfile: bundle,
    logLevel: "error",
  });
  const expected = new Map<string, string>();
  let failed = 0;
  console.log(row(["engine", "build", "fused", "tiles", "SHA-256 of the weights after 200 steps"]));
  for (const engine of ENGINES) {
    for (const wide of [false, true]) {
      // only Node has the flag
      if (wide && engine[1] !== "node") continue;
      const hashes = run(engine, wide);
      if (typeof hashes === "string") {
        console.log(row([engine[0], "–", "", "", hashes]));
        continue;
      }
      if (hashes.refused !== undefined) continue;
      const name = `${hashes.engine}${wide ? " wide" : ""}`;
      if (hashes.error !== undefined) {
        failed++;
        console.log(row([name, "", "", "", `FAILED  ${hashes.error}`]));
      }
      for (const [build, fused, tiles, hash] of grouped(hashes)) {
        const known = expected.get(fused);
        if (known === undefined) expected.set(fused, hash);
        const same = hash === (known ?? hash);
        if (!same) failed++;
        console.log(row([name, build, fused, tiles, `${hash.slice(0, 16)}…${same ? "" : " DIFFERS"}`]));
      }
    }
  }
  if (expected.size === 0) {
    console.log("No engine could be run.");
    return 1;
  }
  console.log(
    failed > 0
      ? `${failed} differ or failed.`
      : "One hash for multiply-adds that round twice, one for those that round once.",
  );
  return failed > 0 ? 1 : 0;
}

/** What an engine says, or why npx does not have it. */
function run([pkg, ...command]: (typeof ENGINES)[number], wide: boolean): Hashes | string {
  const npx = (...words: string[]) =>
    spawnSync("npx", ["--yes", "--prefer-offline", `--package=${pkg}`, "--", ...words], {
      encoding: "utf8",
      shell: process.platform === "win32",
    });
  const there = npx(command[0] as string, "--version");
  if (there.status !== 0) {
    const line =
      there.stderr.split("\n").find((text) => /error/i.test(text)) ?? `ended with code ${there.status}`;
    return line.trim().slice(0, 60);
  }
  const { status, stdout, stderr } = npx(...command, bundle, ...(wide ? ["wide"] : []));
  if (status === 0) return JSON.parse(stdout) as Hashes;
  return {
    engine: pkg,
    wide,
    error: `ended with code ${status}: ${stderr.trim().split("\n").at(-1)}`,
    rows: [],
  };
}

/** One line for each hash of a build: tiles that agree stand together. */
function grouped({ rows }: Hashes): [build: string, fused: string, tiles: string, hash: string][] {
  const lines = new Map<string, [string, string, string[], string]>();
  for (const { build, fused, tile, hash } of rows) {
    const key = `${build} ${fused} ${hash}`;
    const line = lines.get(key) ?? [build, fused ? "yes" : "no", [], hash];
    line[2].push(tile);
    lines.set(key, line);
  }
  return [...lines.values()].map(([build, fused, tiles, hash]) => [build, fused, tiles.join(" "), hash]);
}

function row([engine, build, fused, tiles, hash]: readonly [string, string, string, string, string]): string {
  return `${engine.padEnd(18)}${build.padEnd(9)}${fused.padEnd(7)}${tiles.padEnd(22)}${hash}`;
}
