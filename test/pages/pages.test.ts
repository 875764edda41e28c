// xent on pages with strict policies, as a server's headers make them: Node's files on the page and in workers, with and without
// shared memory, from another origin, and a page that goes on drawing. Whatever a page has to complain about fails a test.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { init } from "xent";
import { findChromium } from "../../tools/chromium.ts";
import { hashOf, ISOLATED, type Server, serve, strictPolicy } from "../../tools/serve.ts";
import { type Browser, startChromium, type Tab } from "../support/browsers.ts";
import { folders } from "../support/folders.ts";
import { saved } from "./page.ts";

const folder = folders("pages").empty();
const expected = await saved(await init({ precision: "strict" }));
/** the file of a build that was brought along says so */
const brought = await saved(await init({ wasm: readFileSync("dist/wasm/simd.wasm") }));
let browser: Browser;

beforeAll(async () => {
  cpSync("dist", join(folder, "dist"), { recursive: true });
  await build({
    entryPoints: ["test/pages/page.ts"],
    outfile: join(folder, "page.js"),
    bundle: true,
    format: "esm",
    external: ["xent"],
  });
  writeFileSync(join(folder, "main.js"), 'import * as page from "./page.js";\nglobalThis.page = page;\n');
  browser = await startChromium(findChromium() as string);
}, 60_000);
afterAll(() => browser.close());

/** A page that has xent at the address of `from`, visited until `work` is done. */
async function visit<T>(
  headers: Record<string, string>,
  work: (tab: Tab, server: Server) => Promise<T>,
  { from = "./dist/", scripts = "", complains = [] as RegExp[] } = {},
): Promise<T> {
  const map = JSON.stringify({ imports: { xent: `${from}index.js` } });
  writeFileSync(
    join(folder, "index.html"),
    `<!doctype html><meta charset="utf-8"><title>xent</title>
<script type="importmap">${map}</script>
<script type="module" src="./main.js"></script>\n`,
  );
  const server = await serve(folder, { ...strictPolicy(hashOf(map), scripts), ...headers });
  const tab = await browser.open(`${server.origin}/`);
  try {
    const result = await work(tab, server);
    const said = [...tab.complaints, ...server.reports];
    expect(said.filter((text) => !complains.some((known) => known.test(text)))).toEqual([]);
    for (const known of complains) expect(said.filter((text) => known.test(text))).not.toEqual([]);
    return result;
  } finally {
    await server.close();
  }
}

test.each([
  ["isolated", ISOLATED, 2],
  ["not isolated", {}, 1],
])("a page that is %s trains to Node's file, and so do workers", async (_, headers, threads) => {
  await visit(headers, async (tab) => {
    expect(await tab.value("page.onPage()")).toBe(expected);
    expect(await tab.value(`page.inWorker({ threads: ${threads} })`)).toEqual({ file: expected, threads });
    expect(await tab.value(`page.ownFile(${threads})`)).toEqual({ file: expected, threads });
    expect(await tab.value("page.broughtAlong()")).toEqual([brought, brought, brought, brought]);
  });
});

test("threads that a page cannot have are refused in words, and there is one", async () => {
  const complains = [/^console: init: threads is 2, and there will be one: there is no SharedArrayBuffer/];
  await visit(
    {},
    async (tab) => {
      expect(await tab.value("page.inWorker({ threads: 2 })")).toEqual({ file: expected, threads: 1 });
    },
    { complains },
  );
});

test("from another origin workers start through a Blob, when asked, and where the policy has it", async () => {
  const other = await serve(folder, {
    ...ISOLATED,
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
  });
  const from = `${other.origin}/dist/`;
  const elsewhere = /^elsewhere: /;
  try {
    const scripts = `${other.origin}`;
    const refused = "page.refused(() => page.inWorker())";
    await visit(
      ISOLATED,
      async (tab) => {
        expect(await tab.value("page.onPage()")).toBe(expected);
        expect(await tab.value(refused)).toMatch(/^WORKER_LOST .* pass worker: "blob" to init or hosted/);
      },
      { from, scripts, complains: [elsewhere] },
    );
    const blobs = { from, scripts: `${scripts}; worker-src blob: ${other.origin}`, complains: [elsewhere] };
    await visit(
      ISOLATED,
      async (tab) => {
        expect(await tab.value('page.inWorker({ worker: "blob", threads: 2 })')).toEqual({
          file: expected,
          threads: 2,
        });
        const file = JSON.stringify(`${from}worker.js`);
        expect(await tab.value(`page.inWorker({ worker: { blob: ${file} }, threads: 2 })`)).toEqual({
          file: expected,
          threads: 2,
        });
      },
      blobs,
    );
    await visit(
      {},
      async (tab) => {
        expect(await tab.value('page.inWorker({ worker: "blob" })')).toEqual({ file: expected, threads: 1 });
      },
      blobs,
    );
  } finally {
    await other.close();
  }
});

test("a worker that the policy forbids is WORKER_LOST, and the policy says so", async () => {
  const complains = [/worker-src/];
  await visit(
    ISOLATED,
    async (tab) => {
      expect(await tab.value('page.refused(() => page.inWorker({ worker: "blob" }))')).toMatch(
        /^WORKER_LOST /,
      );
    },
    { complains, scripts: "; worker-src 'self'" },
  );
});

test.each([
  ["page", 60],
  ["worker", 60],
] as const)("a %s draws while a model trains", async (where, least) => {
  const gaps = (await visit(ISOLATED, (tab) => tab.value(`page.pictures("${where}", 2000)`))) as number[];
  // 120 at rest; a machine that is busy elsewhere has half of them
  expect(gaps.length).toBeGreaterThan(least / 2);
  expect(gaps[Math.floor(gaps.length / 2)]).toBeLessThan(50);
});

test("a kernel that takes longer than a picture is spoken of in the console, once", async () => {
  const complains = [/^console: fit: .*dense.* takes \d+ ms at a stretch, in which the page stands still/];
  await visit(ISOLATED, (tab) => tab.value("page.slowRecords()"), { complains });
});
