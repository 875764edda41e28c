// `npm run bench:files`: what it takes to save and load a model of 100 MB, beside a plain copy of its file. All three by turns, so
// that a disk or a machine that is slow for a while is so to all.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { dense, init } from "../src/index.ts";
import { loadModel, saveModel } from "../src/node.ts";
import { type Duration, forSeconds } from "./duration.ts";
import { setting, settingLine } from "./report.ts";
import { rounded, type Summary, summarize } from "./statistics.ts";
import { aligned } from "./table.ts";
import { print, progress } from "./terminal.ts";

const HELP = `Usage: npm run bench:files -- [--seconds N] [--json FILE]

Saving and loading 5000-5000, 100 MB of weights, beside a copy of the same file.
  --seconds N  of rounds, three at least (default 30)
  --json FILE  write { header, results } as JSON
  --help       this text`;

/** The times of saving and of loading, over that of the copy, are to be no more than this. */
const BAR = 3;
const LEAST_ROUNDS = 3;

async function main({ seconds, json }: Duration): Promise<number> {
  // beside the sources: /tmp may be memory
  const folder = mkdtempSync(join(process.cwd(), ".bench-files-"));
  const [path, copied] = [join(folder, "model.safetensors"), join(folder, "copy.safetensors")];
  const ms: Record<string, number[]> = { copy: [], save: [], load: [] };
  const time = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now();
    await work();
    ms[name]?.push(performance.now() - start);
  };
  try {
    const xent = await init({ threads: 1 });
    const model = xent.sequential({ input: 5000 }, [dense(5000)]);
    // the first of all warms up, and is not counted
    await saveModel(model, path);
    await copy(path, copied);
    (await loadModel(xent, path)).dispose();
    const end = performance.now() + 1000 * seconds;
    for (let round = 1; round <= LEAST_ROUNDS || performance.now() < end; round++) {
      progress(`round ${round}`);
      await time("copy", () => copy(path, copied));
      await time("save", () => saveModel(model, path));
      await time("load", async () => (await loadModel(xent, path)).dispose());
    }
    progress("");
    const { size } = await stat(path);
    const header = { engine: `Node ${process.versions.node}`, ...setting(false, 1), bytes: size, bar: BAR };
    const base = summarize(ms.copy as number[]).median;
    const results = Object.entries(ms).map(([what, times]) => {
      const summary: Summary = summarize(times);
      return { what, rounds: times.length, ms: summary, ratio: rounded(summary.median / base) };
    });
    print([
      settingLine(header),
      `a file of ${(size / 1e6).toFixed(1)} MB; ${results[0]?.rounds} rounds by turns; × is by the medians, ${BAR} at most`,
      "",
      ...aligned(
        [
          ["", "p10", "median", "p90", "× copy"],
          ...results.map(({ what, ms: { p10, median, p90 }, ratio }) => [
            what,
            ...[p10, median, p90].map((each) => `${each.toFixed(0)} ms`),
            ratio.toFixed(2),
          ]),
        ],
        [true, false, false, false, false],
      ),
    ]);
    if (json !== undefined) writeFileSync(json, `${JSON.stringify({ header, results }, undefined, 2)}\n`);
    return 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The whole file read, written beside, put on the disk, and renamed. */
async function copy(from: string, to: string): Promise<void> {
  const bytes = await readFile(from);
  const temporary = `${to}.tmp`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, to);
}

process.exitCode = await forSeconds(HELP, [30, 1, 3600], main);
