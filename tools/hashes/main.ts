// `npm run hashes`: trains 200 steps on every engine that can be had, with every build and tile and several numbers of threads,
// and compares the bits of all weights. `simd` must give one hash everywhere; `relaxed` one among the engines whose multiply-add is fused, and
// one among the others. Prints the table; exit code 1 if a hash is another one, or an engine that was there failed.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENGINES, fetchEngine, lastError, NPX_SHELL } from "../../bench/npx.ts";
import type { Engine } from "../../bench/processes.ts";
import { bundle } from "../bundle.ts";
import type { Hashes } from "./child.ts";

const folder = mkdtempSync(join(tmpdir(), "xent-hashes-"));
const file = join(folder, "child.mjs");
try {
  process.exitCode = await main();
} finally {
  rmSync(folder, { recursive: true });
}

async function main(): Promise<number> {
  await bundle(new URL("child.ts", import.meta.url), file);
  const expected = new Map<string, string>();
  let failed = 0;
  console.log(row(["engine", "build", "fused", "tiles", "threads", "SHA-256 after 200 steps"]));
  for (const [packageName, program] of ENGINES) {
    const engine = fetchEngine(packageName, program);
    if (typeof engine === "string") {
      console.log(row([packageName, "–", "", "", "", engine.slice(0, 60)]));
      continue;
    }
    for (const wide of [false, true]) {
      // only Node has the flag
      if (wide && program[0] !== "node") continue;
      const hashes = run(engine, wide);
      if (hashes.refused !== undefined) continue;
      const name = `${hashes.engine}${wide ? " wide" : ""}`;
      if (hashes.error !== undefined) {
        failed++;
        console.log(row([name, "", "", "", "", `FAILED  ${hashes.error}`]));
      }
      for (const [build, fused, tiles, threads, hash] of grouped(hashes)) {
        const known = expected.get(fused);
        if (known === undefined) expected.set(fused, hash);
        const same = hash === (known ?? hash);
        if (!same) failed++;
        console.log(
          row([name, build, fused, tiles, threads, `${hash.slice(0, 12)}…${same ? "" : " DIFFERS"}`]),
        );
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

/** What an engine says; that it failed, if it says nothing. */
function run({ name, command, args }: Engine, wide: boolean): Hashes {
  const { status, stdout, stderr } = spawnSync(command, [...args, file, ...(wide ? ["wide"] : [])], {
    encoding: "utf8",
    shell: NPX_SHELL,
    timeout: 600_000,
  });
  if (status === 0) return JSON.parse(stdout) as Hashes;
  const why = lastError(stderr) ?? stderr.trim().slice(0, 160);
  return { engine: name, wide, error: `ended with code ${status}: ${why}`, rows: [] };
}

/** The cells of a line but for the engine's. */
type Line = readonly [build: string, fused: string, tiles: string, threads: string, hash: string];

/** One line for each hash of a build: tiles and numbers of threads that agree stand together. */
function grouped({ rows }: Hashes): Line[] {
  const keys = [...new Set(rows.map(({ build, hash }) => `${build} ${hash}`))];
  return keys.map((key) => {
    const own = rows.filter(({ build, hash }) => `${build} ${hash}` === key);
    const [{ build, fused, hash }] = own as [(typeof own)[number]];
    const all = (values: readonly unknown[]): string => [...new Set(values)].join(" ");
    return [
      build,
      fused ? "yes" : "no",
      all(own.map(({ tile }) => tile)),
      all(own.map(({ threads }) => threads)),
      hash,
    ];
  });
}

function row([engine, build, fused, tiles, threads, hash]: readonly [string, ...Line]): string {
  return `${engine.padEnd(18)}${build.padEnd(8)}${fused.padEnd(6)}${tiles.padEnd(22)}${threads.padEnd(10)}${hash}`;
}
