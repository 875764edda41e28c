// Text of compiled AssemblyScript, with the options of asconfig.json. In this process, and nothing is written.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** By a name that tsc does not follow: asc's own declarations clash with each other. */
const ASC: string = "assemblyscript/asc";
type Asc = {
  main(
    args: string[],
    files: {
      readFile(name: string, folder: string): string | null;
      writeFile(name: string, contents: string | Uint8Array): void;
      listFiles(): string[];
    },
  ): Promise<{ error: Error | null; stderr: { toString(): string } }>;
};

export type Build = "simd" | "relaxed";

export interface CompileOptions {
  /** Whether functions stay apart, as in tools/build-wasm.ts. Default: true. */
  readonly apart?: boolean;
}

/** A kernel of bad/, compiled as the file assembly/bad/<name>.ts. */
export function compileBad(name: string, build: Build, options?: CompileOptions): Promise<string> {
  return compile(`assembly/bad/${name}.ts`, build, options);
}

/**
 * Text of a build of an entry.
 *
 * @throws when it does not compile
 */
export async function compile(
  entry: string,
  build: Build,
  { apart = true }: CompileOptions = {},
): Promise<string> {
  let text: string | undefined;
  const { main } = (await import(ASC)) as Asc;
  const { error, stderr } = await main(
    [
      ...[entry, "--target", build, "--outFile", "out.wasm", "--textFile", "out.wat"],
      ...(apart ? ["--transform", "./tools/no-inline.mjs"] : []),
    ],
    {
      readFile(name, folder) {
        const path = name.replace(/^assembly\/bad\/(\w+)\.ts$/, "test/kernels-text/bad/$1.as");
        try {
          return readFileSync(join(folder, path), "utf8");
        } catch {
          return null; // asc asks for a/b.ts and a/b/index.ts and takes what there is
        }
      },
      writeFile(name, contents) {
        if (name === "out.wat") text = String(contents);
      },
      listFiles: () => [],
    },
  );
  if (error || text === undefined) throw new Error(`${entry}: ${error?.message}\n${stderr.toString()}`);
  return text;
}
