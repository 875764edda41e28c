// The same small app, built as its users would with each of the tools: what they say in warnings is an error here.

import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { createLogger, type InlineConfig, build as viteBuild } from "vite";
import webpack from "webpack";
import { hashOf } from "../../tools/serve.ts";
import { installPacked } from "../support/packed.ts";

/** What docs/browser.md prints. */
export const RECIPES = "test/bundlers/recipes";

/** The app as plain JavaScript beside the packed package, for every tool to build. */
export async function makeProject(project: string): Promise<void> {
  installPacked(project);
  for (const name of ["react", "react-dom"]) {
    symlinkSync(realpathSync(`node_modules/${name}`), join(project, "node_modules", name), "junction");
  }
  await esbuild({
    entryPoints: ["test/bundlers/app.ts"],
    outfile: join(project, "app.js"),
    bundle: true,
    format: "esm",
    external: ["xent"],
  });
  writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", private: true }));
  writeFileSync(join(project, "index.html"), html("./main.js"));
  // browsers ask Vite's own server for one
  mkdirSync(join(project, "public"));
  writeFileSync(join(project, "public/favicon.ico"), "");
  writeFileSync(join(project, "main.js"), main({ wasm: 'new URL("xent/wasm/simd.wasm", import.meta.url)' }));
  writeFileSync(
    join(project, "main-esbuild.js"),
    `import simd from "xent/wasm/simd.wasm";\n${main({
      wasm: "simd",
      worker: 'new URL("./xent-worker.js", import.meta.url)',
    })}`,
  );
  writeFileSync(
    join(project, "main-mapped.js"),
    main({ wasm: 'import.meta.resolve("xent/wasm/simd.wasm")' }),
  );
}

/** The app's entry, with the words by which each tool finds the file of a build, and that of the worker. */
function main({ wasm, worker }: { wasm: string; worker?: string }): string {
  const options = worker === undefined ? "" : `{ worker: ${worker} }`;
  return `import { inWorker, onPage, tablesInWorker, tablesOnPage } from "./app.js";
globalThis.app = {
  onPage,
  fromFile: async () => (await onPage({ wasm: ${wasm} })).weights,
  inWorker: () => inWorker(${options}),
  tablesOnPage,
  tablesInWorker: () => tablesInWorker(${options}),
};
`;
}

export function html(script: string, head = ""): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>xent</title>
${head}<script type="module" src="${script}"></script>
</html>
`;
}

/** What a built app needs of its server: sources of scripts for its policy. */
export type Build = (project: string, out: string) => Promise<readonly string[]>;

/** @param options  beside what every app has */
export function vite(options: InlineConfig = {}): Build {
  return async (project, out) => {
    const build = { outDir: out, emptyOutDir: true };
    await viteBuild({ ...options, ...quiet(), root: project, configFile: false, build });
    return [];
  };
}

/** Configuration that has Vite say nothing, and throw its warnings. */
export function quiet(): InlineConfig {
  const customLogger = createLogger("warn");
  customLogger.warn = (text) => {
    throw new Error(`Vite warns: ${text}`);
  };
  customLogger.warnOnce = customLogger.warn;
  return { customLogger, logLevel: "warn" };
}

export const webpacked: Build = async (project, out) => {
  const compiler = webpack({
    mode: "production",
    context: project,
    entry: "./main.js",
    output: { path: out },
  });
  await new Promise<void>((resolve, reject) => {
    compiler?.run((error, stats) => {
      const { errors = [], warnings = [] } =
        stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
      const [first] = [error, ...errors, ...warnings].filter((problem) => problem != null);
      compiler.close(() =>
        first === undefined ? resolve() : reject(new Error(`webpack: ${first.message}`)),
      );
    });
  });
  writeFileSync(join(out, "index.html"), html("./main.js"));
  return [];
};

export const esbuilt: Build = async (project, out) => {
  // as a user may write it, for code of his own beside it
  writeFileSync(join(project, "worker.js"), 'import { serve } from "xent/worker";\nserve();\n');
  const { warnings } = await esbuild({
    absWorkingDir: project,
    entryPoints: { main: "./main-esbuild.js", "xent-worker": "./worker.js" },
    bundle: true,
    minify: true,
    splitting: true,
    format: "esm",
    outdir: out,
    loader: { ".wasm": "file" },
  });
  if (warnings[0] !== undefined) throw new Error(`esbuild warns: ${warnings[0].text}`);
  writeFileSync(join(out, "index.html"), html("./main.js"));
  return [];
};

/** No tool at all: an import map, which has to be inline and so has its hash in the policy, and the parser of CSV as a module. */
export const mapped: Build = async (project, out) => {
  cpSync(project, out, { recursive: true });
  cpSync(join(RECIPES, "papaparse.js"), join(out, "papaparse.js"));
  const map = readFileSync(join(RECIPES, "importmap.json"), "utf8");
  writeFileSync(
    join(out, "index.html"),
    html("./main-mapped.js", `<script type="importmap">${map}</script>\n`),
  );
  return [hashOf(map)];
};
