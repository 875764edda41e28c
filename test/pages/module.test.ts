// An exported module on a page whose policy allows files of its origin and nothing else: no WebAssembly, no eval, no requests.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { crossEntropy, dense, gelu, init, layerNorm, residual } from "xent";
import { exportModule } from "../../src/module.ts";
import { findChromium } from "../../tools/chromium.ts";
import { serve } from "../../tools/serve.ts";
import { startChromium } from "../support/browsers.ts";
import { folders } from "../support/folders.ts";

const POLICY = "default-src 'none'; script-src 'self'; report-uri /csp-reports";

test("predicts as the model does, in one file", async () => {
  const xent = await init({ threads: 1 });
  const layers = [dense(16), gelu(), residual([layerNorm(), dense(16)]), dense(4)];
  const model = xent.sequential({ input: 6, seed: 5, loss: crossEntropy() }, layers);
  const rows = Array.from({ length: 20 }, (_, i) =>
    Array.from({ length: 6 }, (_, j) => ((i * 7 + j * 3) % 11) / 4 - 1),
  );
  const folder = folders("module").empty();
  writeFileSync(join(folder, "net.js"), exportModule(model));
  writeFileSync(join(folder, "main.js"), 'import * as net from "./net.js";\nglobalThis.net = net;\n');
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><meta charset="utf-8"><title>net</title><script type="module" src="./main.js"></script>\n',
  );
  const server = await serve(folder, { "Content-Security-Policy": POLICY });
  const browser = await startChromium(findChromium() as string);
  try {
    const tab = await browser.open(`${server.origin}/`);
    const got = (await tab.value(`[...net.predict(${JSON.stringify(rows)})]`)) as number[];
    const wanted = model.predict(rows);
    expect(got).toHaveLength(wanted.length);
    for (const [i, v] of got.entries()) expect(Math.abs(v - (wanted[i] as number))).toBeLessThanOrEqual(1e-6);
    const classes = await tab.value(`[...net.predictClass(${JSON.stringify(rows)})]`);
    expect(classes).toEqual([...model.predictClass(rows)]);
    expect([...tab.complaints, ...server.reports]).toEqual([]);
    expect(server.served).toEqual(["/index.html", "/main.js", "/net.js"]);
  } finally {
    await browser.close();
    await server.close();
  }
});
