// Builds the site into build/site: pages that work from any path of a server that sets no headers.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { ISOLATED } from "../tools/serve.ts";
import { digits } from "./build/digits.ts";
import { frame } from "./build/frame.ts";
import { PAGES } from "./shared/pages.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  base: "./",
  resolve: {
    alias: [
      { find: /^xent$/, replacement: here("../src/index.ts") },
      { find: /^xent\/data$/, replacement: here("../src/data.ts") },
      { find: /^xent\/onnx$/, replacement: here("../src/onnx.ts") },
    ],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [frame(), digits()],
  worker: { format: "es" },
  // shared memory here, for more threads than one; a static host goes without
  preview: { headers: ISOLATED },
  server: { headers: ISOLATED },
  build: {
    outDir: here("../build/site"),
    emptyOutDir: true,
    // of a build for each engine a page loads one
    chunkSizeWarningLimit: 1000,
    // a page's policy allows no inline scripts, and data: no more than these
    assetsInlineLimit: 0,
    rolldownOptions: { input: PAGES.map(({ file }) => here(file)) },
  },
});
