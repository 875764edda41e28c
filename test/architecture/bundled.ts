// What a bundler leaves of src/ where a page imports a few names: not what a file could reach, but what is loaded.

import { posix } from "node:path";
import { build } from "esbuild";

/** The files of which something is left. */
export interface Bundled {
  /** loaded with the page */
  readonly first: readonly string[];
  /** loaded by an `import()` in these, and in what that loads */
  readonly later: readonly string[];
}

/** @param page  its module, at the root of the project */
export async function bundled(page: string): Promise<Bundled> {
  const { metafile } = await build({
    stdin: { contents: page, resolveDir: "." },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: "build",
    write: false,
    metafile: true,
  });
  const { outputs } = metafile;
  const [entry] = Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === "<stdin>");
  const reached = (kinds: readonly string[]): string[] => {
    const paths = new Set(entry === undefined ? [] : [entry]);
    // a set is gone through with what is added meanwhile
    for (const path of paths)
      for (const { kind, path: next } of outputs[path]?.imports ?? [])
        if (kinds.includes(kind)) paths.add(next);
    return [...paths].flatMap((path) =>
      Object.entries(outputs[path]?.inputs ?? {}).flatMap(([input, { bytesInOutput }]) =>
        bytesInOutput > 0 ? posix.normalize(input) : [],
      ),
    );
  };
  const first = reached(["import-statement"]);
  const all = reached(["import-statement", "dynamic-import"]);
  return { first: first.sort(), later: all.filter((path) => !first.includes(path)).sort() };
}
