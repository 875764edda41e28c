// Who may import whom. Each rule takes sources and returns what is wrong, one line a finding.

import { builtinModules } from "node:module";
import { type Import, importsOf, packageOf, resolve, type Source } from "./sources.ts";

/** A layer of src/ and the layers it may import, besides itself. `entry` is a file directly under src/. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  entry: ["model", "train", "nn", "program", "memory", "wasm", "base", "data", "io"],
  cli: ["entry", "base"],
  model: ["train", "nn", "program", "memory", "wasm", "base", "data", "io"],
  train: ["nn", "program", "memory", "wasm", "base", "data", "io"],
  nn: ["program", "memory", "wasm", "base"],
  program: ["memory", "wasm", "base"],
  memory: ["wasm", "base"],
  wasm: ["base"],
  base: [],
  data: ["base"],
  io: ["base"],
  threads: ["wasm", "base"],
};
/** The only files that may load src/threads, and only by `await import()`. */
const THREAD_LOADERS = ["src/model/crew.ts", "src/model/hosted.ts"];
/** Entries that are workers: the file that names each by its URL. They alone import the far end of a thread. */
const WORKERS: Readonly<Record<string, string>> = { "src/worker.ts": "src/model/hosted.ts" };
const FAR_END = ["src/threads/port.ts", "src/threads/control.ts", "src/threads/member.ts"];
/** Packages, and the only place in src/ that imports each. */
const PACKAGES: Readonly<Record<string, string>> = {
  papaparse: "src/data/csv.ts",
  commander: "src/cli/",
  "cli-progress": "src/cli/",
  "string-width": "src/cli/text/text.ts",
  uplot: "src/cli/report/page/",
};
/** Where Node's own modules may be imported; elsewhere `process.getBuiltinModule` asks for them at run time. */
const NODE_ONLY = ["src/node.ts", "src/cli/"];

function layer(path: string): string {
  const [root, folder, ...rest] = path.split("/");
  if (root !== "src" || folder === undefined) return `outside src (${path})`;
  return rest.length === 0 ? "entry" : folder;
}

/** Import direction in src/. */
export function srcImports(sources: readonly Source[]): string[] {
  return eachImport(sources, (from, specifier, { kind }) => {
    if (isBuiltin(specifier)) {
      const allowed = NODE_ONLY.some(
        (place) => from === place || (place.endsWith("/") && from.startsWith(place)),
      );
      return allowed ? undefined : `imports Node's "${specifier}"`;
    }
    const to = resolve(from, specifier);
    if (to === undefined) {
      const home = PACKAGES[packageOf(specifier)];
      return home !== undefined && from.startsWith(home) ? undefined : `imports package "${specifier}"`;
    }
    if (kind === "url" && !/\.[jt]s$/.test(to)) return undefined;
    const [a, b] = [layer(from), layer(to)];
    const reach = MAY_IMPORT[a];
    if (reach === undefined) return `"${a}" is no layer of src`;
    if (a === b && a !== "entry") return undefined;
    if (FAR_END.includes(to) && from in WORKERS) return undefined;
    if (kind === "url" && WORKERS[to] === from) return undefined;
    if (b === "threads") {
      return THREAD_LOADERS.includes(from) && kind === "dynamic"
        ? undefined
        : "imports threads, which model/crew.ts and model/hosted.ts load by import()";
    }
    if (reach.includes(b)) return undefined;
    return `${a} imports ${b} (${specifier})`;
  });
}

/** Rank of an AssemblyScript file; each imports from higher ranks alone (gemm/ and lib/ from their own too). */
function rank(path: string): number {
  if (path === "assembly/index.ts") return 0;
  if (path === "assembly/program.ts") return 1;
  if (path.startsWith("assembly/gemm/")) return 3;
  if (path.startsWith("assembly/lib/")) return 4;
  if (path === "src/base/abi.ts") return 5;
  return /^assembly\/[^/]+\.ts$/.test(path) ? 2 : -1;
}

/** Import direction in assembly/: index → program → families → gemm → lib → src/base/abi. */
export function assemblyImports(sources: readonly Source[]): string[] {
  return eachImport(sources, (from, specifier) => {
    const to = resolve(from, specifier);
    const [a, b] = [rank(from), to === undefined ? -1 : rank(to)];
    if (b > a || (a === b && a >= 3)) return undefined;
    return `imports ${specifier}`;
  });
}

/** What runs where the site is built, rather than in a page. */
const BUILDS_SITE = /^site\/(build\/|vite\.config\.ts$)/;
/** What the site's shared folder has from the report's page: they are one design. */
const REPORT_PAGE = ["charts", "format", "heat"].map((name) => `src/cli/report/page/${name}.ts`);
/** Seeded numbers, without a second generator. */
const LOT = "examples/shared/random.ts";
/** Files that a page asks for by their addresses. */
const FILES = /^(build|examples\/data)\/.+\?url$/;
const SITE_PACKAGES = ["xent", "preact", "uplot"];

/** The site: a page takes its own folder, what is shared, and the package as anyone has it. */
export function siteImports(sources: readonly Source[]): string[] {
  const shown = sources.filter(({ path }) => !BUILDS_SITE.test(path));
  return eachImport(shown, (from, specifier) => {
    const to = resolve(from, specifier);
    if (to === undefined)
      return SITE_PACKAGES.includes(packageOf(specifier)) ? undefined : `imports package "${specifier}"`;
    const [room, other] = [roomOf(from), roomOf(to)];
    if (room === other || other === "site/shared") return undefined;
    if (to === LOT || FILES.test(to)) return undefined;
    return room === "site/shared" && REPORT_PAGE.includes(to) ? undefined : `${room} imports ${to}`;
  });
}

function roomOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function eachImport(
  sources: readonly Source[],
  judge: (from: string, specifier: string, found: Import) => string | undefined,
): string[] {
  return sources.flatMap((source) =>
    importsOf(source).flatMap((found) => {
      const { specifier, line } = found;
      const problem =
        specifier === undefined ? "imports a computed specifier" : judge(source.path, specifier, found);
      return problem === undefined ? [] : [`${source.path}:${line}: ${problem}`];
    }),
  );
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith("node:") || builtinModules.includes(specifier);
}

type Kinds = readonly Import["kind"][];
const ALL: Kinds = ["static", "dynamic", "url"];

/** The packages, and modules of Node, that `entry` reaches through the sources, types included, and lazy imports unless `kinds` leaves them out. */
export function packagesReached(sources: readonly Source[], entry: string, kinds = ALL): string[] {
  return reached(sources, entry, kinds).packages;
}

/** The files of the sources that `entry` reaches, itself among them, in the same way. */
export function filesReached(sources: readonly Source[], entry: string, kinds = ALL): string[] {
  return reached(sources, entry, kinds).files;
}

function reached(sources: readonly Source[], entry: string, kinds: Kinds) {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const packages = new Set<string>();
  const files = new Set<string>();
  const queue = [entry];
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const source = byPath.get(path);
    if (files.has(path) || source === undefined) continue;
    files.add(path);
    for (const { specifier, kind } of importsOf(source)) {
      if (specifier === undefined || !kinds.includes(kind)) continue;
      const to = resolve(path, specifier);
      if (to === undefined) packages.add(packageOf(specifier));
      else queue.push(to);
    }
  }
  return { packages: [...packages].sort(), files: [...files].sort() };
}
