// Projects: computing and node, cli (`npm run test:cli`), pages and browser (Chromium, left out with a word where there is none), site
// (`npm run test:site`), bundlers (`npm run test:bundlers`), soak (`npm run test:soak`) and faults, some of the soak in short.

import { fileURLToPath } from "node:url";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import type { BrowserCommandContext } from "vitest/node";
import { CHROMIUM_ARGS, findChromium } from "./tools/chromium.ts";
import "./tools/relaxed-simd.ts";

/** Tests that neither watch the clock, start threads of this process nor change what others share: two of their files run at a time. */
const COMPUTING = [
  ...["base", "data", "docs", "examples", "io", "kernels", "kernels-text"].map((folder) => `${folder}/**/*`),
  ...["module", "nn", "oracle", "packaging", "program"].map((folder) => `${folder}/**/*`),
  ...["convert", "gradcheck*", "load-*", "losses", "metrics", "onnx*"].map((file) => `model/${file}`),
  ...["refusals*", "saturation", "state"].map((file) => `model/${file}`),
  ...["accumulate", "bits", "diverged", "early", "fit", "metrics", "nan", "optimizing", "resume"].map(
    (file) => `train/${file}`,
  ),
  ...["resume-refusals", "saved-in-progress", "schedules", "scoring", "tiles", "window"].map(
    (file) => `train/${file}`,
  ),
  ...["architecture", "bench/peers", "fuzz/short", "node/*"],
].map((path) => `test/${path}.test.ts`);

// what examples and tools import is the source, not a package that was built before it
const resolve = {
  alias: [
    { find: /^xent$/, replacement: here("src/index.ts") },
    { find: /^xent\/data$/, replacement: here("src/data.ts") },
    { find: /^xent\/module$/, replacement: here("src/module.ts") },
    { find: /^xent\/node$/, replacement: here("src/node.ts") },
    { find: /^xent\/onnx$/, replacement: here("src/onnx.ts") },
  ],
};

const projects: TestProjectConfiguration[] = [
  {
    resolve,
    test: {
      name: "computing",
      include: COMPUTING,
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      testTimeout: 120_000,
      maxWorkers: 2,
      // modules are loaded and kernels compiled once a worker, not once a file: a fifth of the time
      isolate: false,
      sequence: { groupOrder: 0 },
    },
  },
  {
    resolve,
    test: {
      name: "node",
      include: ["test/**/*.test.ts"],
      exclude: [
        "test/browser/**",
        "test/bundlers/**",
        "test/cli/**",
        "test/pages/**",
        "test/site/**",
        "test/soak/**",
        ...COMPUTING,
      ],
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      testTimeout: 60_000,
      // much of their time is spent in waiting for threads
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
    },
  },
  {
    resolve,
    test: {
      name: "cli",
      include: ["test/cli/**/*.test.ts"],
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      testTimeout: 120_000,
      hookTimeout: 60_000,
      maxWorkers: 2,
      // with those of computing, as they wait for processes
      sequence: { groupOrder: 0 },
    },
  },
  {
    resolve,
    test: {
      name: "bundlers",
      include: ["test/bundlers/**/*.test.ts"],
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      fileParallelism: false,
      testTimeout: 120_000,
      hookTimeout: 120_000,
      sequence: { groupOrder: 1 },
    },
  },
  {
    resolve,
    test: {
      name: "soak",
      include: ["test/soak/**/*.test.ts"],
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      execArgv: ["--expose-gc"],
      testTimeout: 300_000,
      sequence: { groupOrder: 1 },
    },
  },
  {
    resolve,
    test: {
      name: "faults",
      include: ["test/soak/faults/**/*.test.ts"],
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      execArgv: ["--expose-gc"],
      env: { XENT_FAULTS: "short" },
      testTimeout: 120_000,
      maxWorkers: 2,
      sequence: { groupOrder: 0 },
    },
  },
];

const executablePath = findChromium();
if (executablePath !== undefined) {
  projects.push({
    resolve,
    test: {
      name: "pages",
      include: ["test/pages/**/*.test.ts"],
      setupFiles: ["test/setup-node.ts"],
      pool: "forks",
      testTimeout: 120_000,
      maxWorkers: 2,
      sequence: { groupOrder: 1 },
    },
  });
  projects.push({
    resolve,
    test: {
      name: "site",
      maxWorkers: 2,
      include: ["test/site/**/*.test.ts"],
      setupFiles: ["test/setup-node.ts"],
      globalSetup: ["test/site/build.ts"],
      pool: "forks",
      testTimeout: 120_000,
      hookTimeout: 60_000,
      sequence: { groupOrder: 2 },
    },
  });
  projects.push({
    resolve,
    // a page that is cross-origin isolated, as threads need it
    server: {
      headers: {
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
      },
    },
    test: {
      name: "browser",
      include: ["test/browser/**/*.test.ts"],
      testTimeout: 60_000,
      sequence: { groupOrder: 3 },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args: CHROMIUM_ARGS } }),
        instances: [{ browser: "chromium" }],
        commands: { twentyStepsInNode, twoHundredStepsInNode, fitInNode },
      },
    },
  });
} else if (process.env.XENT_BROWSER === "required") {
  throw new Error("XENT_BROWSER=required, and no Chromium: install one, or name it in XENT_CHROMIUM");
} else {
  console.log(
    "No Chromium found: the browser tests are left out (XENT_CHROMIUM=/path/to/chromium runs them).\n",
  );
}

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}

/** What a browser test compares its own bits with: the same file, run by Node. */
async function twentyStepsInNode(
  { project }: BrowserCommandContext,
  seed: number,
  precision: "fast" | "strict",
): Promise<string> {
  const path = here("test/support/twenty-steps.ts");
  const { twentySteps } = await project.import<typeof import("./test/support/twenty-steps.ts")>(path);
  return twentySteps(seed, precision);
}

/** The same for the hashes that any number of threads must give. */
async function twoHundredStepsInNode({ project }: BrowserCommandContext): Promise<string> {
  const load = await project.import<typeof import("./src/wasm/builds.ts")>(here("src/wasm/builds.ts"));
  const path = here("test/support/two-hundred-steps.ts");
  const { twoHundredSteps } =
    await project.import<typeof import("./test/support/two-hundred-steps.ts")>(path);
  const { TILE_5X8 } = await project.import<typeof import("./src/base/abi.ts")>(here("src/base/abi.ts"));
  return twoHundredSteps({ module: await load.compileBuild("simd"), build: "simd", tile: TILE_5X8 });
}

/** The same for a hosted runtime. */
async function fitInNode({ project }: BrowserCommandContext, seed: number): Promise<string> {
  const { init } = await project.import<typeof import("./src/index.ts")>(here("src/index.ts"));
  const path = here("test/support/fit-once.ts");
  const { fitOnce } = await project.import<typeof import("./test/support/fit-once.ts")>(path);
  return fitOnce(await init({ precision: "strict" }), seed);
}

export default defineConfig({
  test: { globalSetup: ["tools/build-stale.ts"], projects },
});
