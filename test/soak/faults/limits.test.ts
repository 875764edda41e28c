// Files that end at a limit on their size, from no byte at all to more than there are: whatever the limit, what was there before stays
// whole, the error is told, nothing is left, and the same process saves as soon as it may.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { init } from "../../../src/index.ts";
import { folders } from "../../support/folders.ts";
import { times } from "../counts.ts";
import { type Attempt, MAIN, saver, start } from "./children.ts";

const IRIS = join(import.meta.dirname, "../../../examples/data/iris.csv");
const LIMITS = times("limits");
const HAS_LIMITS = spawnSync("prlimit", ["--version"]).status === 0;
if (!HAS_LIMITS) console.log("No prlimit found: limits on the size of files are left out.");

const { empty } = folders("limits");

interface Limited {
  readonly limit: number;
  /** of the model's file; a run's history may make it some bytes longer or shorter */
  readonly size: number;
  /** under the limit, and without it */
  readonly under: Attempt;
  readonly after: Attempt;
}

/** The limits: first where something changes, such as at the 512 KiB that Node writes at once; then evenly. */
const CODE = `
  const [path, count] = [args[0], Number(args[1])];
  const size = model.save().length;
  const edges = [0, 1, 2 ** 19, 2 ** 19 + 1, size - 1, size, 4096, size + 4096, 8, 4095, 4097, 2 ** 19 - 1, 2 ** 19 + 4096, size + 1];
  const limits = Array.from({ length: count }, (_, i) => edges[i] ?? Math.round(((i - edges.length) / (count - edges.length)) * 1.1 * size));
  const limit = (bytes) => execFileSync("prlimit", ["--pid", String(process.pid), "--fsize=" + bytes + ":"]);
  for (const each of limits)
    for (const way of Object.keys(ways)) {
      fs.writeFileSync(path, old);
      limit(each);
      const size = model.save().length;
      const under = await attempt(way, model, path, old);
      limit("unlimited");
      tell({ limit: each, size, under, after: await attempt(way, model, path, old) });
    }
`;

it.runIf(HAS_LIMITS)(
  `${LIMITS} limits: saveModel, writeFileAtomic, checkpoint`,
  { timeout: 600_000 },
  async () => {
    const path = join(empty(), "model.safetensors");
    const { said, end } = start(process.execPath, saver(CODE, [path, String(LIMITS)]));
    expect(await end).toEqual({ code: 0, stderr: "" });
    const all = said.map((line) => JSON.parse(line) as Limited);
    expect(all.length).toBe(3 * LIMITS);
    const counts = { old: 0, new: 0 };
    for (const { limit, size, under, after } of all) {
      const { way, file } = under;
      expect({ limit, ...after }).toEqual({ limit, way, file: "new", left: [] });
      // history of a run is told in figures, of which one may have a digit more
      const near = way === "checkpoint" ? 512 : 0;
      if (limit < size - near) expect(file).toBe("old");
      if (limit >= size + near) expect(file).toBe("new");
      if (file === "new") {
        counts.new++;
        expect({ limit, ...under }).toEqual({ limit, way, file, left: [] });
      } else {
        counts.old++;
        expect({ limit, ...under }).toEqual({
          ...{ limit, way, file: "old", left: [], code: "FILE", cause: "EFBIG" },
          message: expect.stringMatching(
            `^${way}: cannot write "${path}": EFBIG: file too large\\. .*ulimit -f.*the file is as it was\\.$`,
          ) as string,
        });
      }
    }
    const xent = await init({ threads: 1 });
    (await xent.load(readFileSync(path))).dispose();
    expect(readdirSync(join(path, ".."))).toEqual(["model.safetensors"]);
    console.log(
      `${LIMITS} limits on the size of a file, each for 3 ways to save: ${counts.old} times the old file stayed whole, and the model was saved ` +
        `behind the limit; ${counts.new} times there was room`,
    );
  },
);

describe.runIf(HAS_LIMITS)("the command", () => {
  const project = empty();
  const file = (name: string): string => join(project, name);
  const run = (limit: number | undefined, line: string) => {
    const limited = limit === undefined ? "" : `prlimit --fsize=${limit} `;
    const { status, stderr } = spawnSync(
      "bash",
      ["-c", `exec ${limited}'${process.execPath}' '${MAIN}' ${line}`],
      { cwd: project, encoding: "utf8" },
    );
    return { code: status, stderr };
  };

  beforeAll(() => {
    expect(run(undefined, `train '${IRIS}' -t species --epochs 2 --out m.safetensors -q`)).toEqual({
      code: 0,
      stderr: "",
    });
  });

  /** A line, the file that it writes, and whether that is there as far as it went: what the shell opened is not ours to make whole. */
  const LINES: readonly (readonly [line: string, out: string, stream?: true])[] = [
    [`train '${IRIS}' -t species --epochs 2 --out n.safetensors -q`, "n.safetensors"],
    [`train '${IRIS}' -t species --epochs 2 --out r.safetensors --report r.html -q`, "r.html"],
    [`predict m.safetensors '${IRIS}' --out p.csv`, "p.csv"],
    ["export m.safetensors --out m.onnx -q", "m.onnx"],
    ["export m.safetensors --out m.mjs -q", "m.mjs"],
    ["export m.safetensors --out net.py -q", "net.py"],
    [`predict m.safetensors '${IRIS}' > p.txt`, "p.txt", true],
    [`eval m.safetensors '${IRIS}' > e.txt`, "e.txt", true],
    [`inspect '${IRIS}' --json > i.json`, "i.json", true],
    ["export m.safetensors --out - --to onnx > o.onnx", "o.onnx", true],
    [
      `train '${IRIS}' -t species --epochs 300 --hidden 4 --out j.safetensors --json -q > j.jsonl`,
      "j.jsonl",
      true,
    ],
  ];
  const shares = LIMITS > 100 ? [0, 0.3, 0.9] : [];

  it(`files and what stdout is sent to, at ${shares.length + 1} limits each`, { timeout: 600_000 }, () => {
    let refused = 0;
    // in short, some of them
    for (const [line, out, stream] of LIMITS > 100 ? LINES : LINES.slice(5, 8)) {
      expect({ line, ...run(undefined, line) }).toMatchObject({ line, code: 0 });
      const size = statSync(file(out)).size;
      // what train writes has times in it, and so not always as many digits
      const last = size - (line.startsWith("train") ? 500 : 1);
      for (const limit of [...shares.map((share) => Math.floor(share * size)), last]) {
        if (stream) rmSync(file(out));
        else writeFileSync(file(out), "old");
        const names = readdirSync(project).sort();
        const { code, stderr } = run(limit, line);
        expect({ line, limit, code, stderr }).toEqual({
          ...{ line, limit, code: 1 },
          stderr: expect.stringMatching(
            /^xent: (cannot write "[^"]+": )?EFBIG: file too large.*\n$/,
          ) as string,
        });
        if (stream) expect(statSync(file(out)).size).toBeLessThanOrEqual(limit);
        else expect(readFileSync(file(out), "utf8")).toBe("old");
        const more = readdirSync(project).filter((name) => !names.includes(name) && name !== out);
        expect({ line, limit, more }).toEqual({ line, limit, more: [] });
        refused++;
      }
    }
    console.log(
      `${refused} lines of the command at a limit: each told of it and ended with 1, no file was harmed`,
    );
  });
});
