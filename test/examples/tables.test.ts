// examples/09-tables: on every data set, that the files it writes say what the model says and can be read by others, that its score is
// that of its predictions, and what it prints.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type DataName, readOptions, TARGETS } from "../../examples/09-tables/options.ts";
import { reportLines } from "../../examples/09-tables/report.ts";
import { run } from "../../examples/09-tables/run.ts";
import { expectReadable, runExample } from "../support/example.ts";
import { folders } from "../support/folders.ts";
import { decoded, ModelProto } from "../support/onnx.ts";

const out = folders("tables").root;
const NAMES = Object.keys(TARGETS) as DataName[];

describe.each(NAMES)("%s", async (data) => {
  const options = { data, out };
  const result = await run(options);

  it("is read, split and learnt", () => {
    const { columns, rows, confusion, score, history } = result;
    const lines = readFileSync(`examples/data/${data}.csv`, "utf8").trimEnd().split("\n");
    expect(columns).toEqual(lines[0]?.split(","));
    expect(rows.train + rows.validation + rows.test).toBe(lines.length - 1);
    expect(["early", "done"]).toContain(history.stopped);
    if (confusion === undefined) {
      // better than the mean, which has r² 0
      expect(score).toBeGreaterThan(0.3);
      return;
    }
    const all = confusion.counts.flat().reduce((sum, n) => sum + n, 0);
    const right = confusion.counts.reduce((sum, row, i) => sum + (row[i] as number), 0);
    expect(all).toBe(rows.test);
    expect(score).toBe(right / all);
    expect(score).toBeGreaterThan(0.85);
  });

  it("leaves files that say what the model says", () => {
    const { loaded, module, npy } = result.differences;
    expect({ loaded, npy }).toEqual({ loaded: 0, npy: 0 });
    // progression is some hundreds
    expect(module).toBeLessThanOrEqual(data === "diabetes" ? 1e-6 * 400 : 1e-6);
    const names = result.files.map(({ name }) => name);
    expect(readdirSync(out)).toEqual(expect.arrayContaining(names));
    expect(decoded(ModelProto, readFileSync(join(out, `${data}.onnx`)))).toMatchObject({
      graph: { output: [{ name: data === "diabetes" ? "output" : "probabilities" }] },
    });
  });

  it("is told in lines that can be read", () => {
    const lines = expectReadable((paint) => reportLines(result, options, paint));
    expect(lines.join("\n")).toContain(result.score.toFixed(4));
    expect(lines.filter((line) => line.includes("→ ") && line.includes("it is"))).toHaveLength(5);
  });
});

it("is run from the command line, and says what there is", () => {
  const { status, stdout, stderr } = runExample("09-tables", "iris", "--out", out);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toContain("accuracy of the test rows");
  expect(runExample("09-tables", "irris")).toMatchObject({
    status: 2,
    stderr: `there is no data set "irris"; there are: ${NAMES.join(", ")}\n`,
  });
  const broken = runExample("09-tables", "iris", "--out", "package.json/folder");
  expect(broken.status).toBe(1);
  expect(broken.stderr).toContain("package.json");
  expect(broken.stderr.split("\n")).toHaveLength(2);
  expect(readOptions(["--help"])).toBe("help");
  expect(readOptions([])).toMatchObject({ data: "penguins" });
});
