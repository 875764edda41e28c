// Compiles assembly/ with single expressions replaced. Node only; works on a copy in a temporary folder.

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * asc, in this process: one of its own for each build takes longer. By a name that tsc does not follow: asc's own
 * declarations clash with each other.
 */
const ASC: string = "assemblyscript/asc";
type Asc = {
  main(args: string[]): Promise<{ error: Error | null; stderr: { toString(): string } }>;
};

/** One expression of a source file and what takes its place. */
export interface Mutation {
  /** path from the root of the package */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Bytes of the `simd` build of mutated sources, less optimised.
 *
 * @throws when an expression is not found exactly once, or the sources do not compile
 */
export async function compileMutant(mutations: readonly Mutation[]): Promise<Uint8Array<ArrayBuffer>> {
  const folder = mkdtempSync(join(tmpdir(), "xent-mutant-"));
  try {
    for (const path of ["assembly", "src/base/abi.ts"]) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      cpSync(path, join(folder, path), { recursive: true });
    }
    for (const { file, from, to } of mutations) {
      const text = readFileSync(join(folder, file), "utf8");
      const found = text.split(from).length - 1;
      if (found !== 1)
        throw new Error(`${file}: ${JSON.stringify(from)} occurs ${found} times, expected once`);
      writeFileSync(
        join(folder, file),
        text.replace(from, () => to),
      );
    }
    const { options, targets } = JSON.parse(readFileSync("asconfig.json", "utf8"));
    const { use, enable } = targets.simd;
    const { main } = (await import(ASC)) as Asc;
    const { error, stderr } = await main([
      join(folder, "assembly/index.ts"),
      ...["--outFile", join(folder, "mutant.wasm")],
      ...["--runtime", options.runtime, "--importMemory", "--initialMemory", String(options.initialMemory)],
      // what is wrong is wrong at every level, and compiling at the build's own takes four times as long
      ...["--optimizeLevel", "1", "--noAssert"],
      ...["--use", use.join(","), "--enable", enable.join(",")],
    ]);
    if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
    return new Uint8Array(readFileSync(join(folder, "mutant.wasm")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
