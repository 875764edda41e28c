// The server of pages under test: types, headers, its log, reports of a policy, and no file from outside its folder.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ISOLATED, type Server, serve, strictPolicy } from "../../tools/serve.ts";
import { folders } from "../support/folders.ts";

const { root, empty } = folders("serve");
const folder = empty();
writeFileSync(join(root, "secret.js"), "");
writeFileSync(join(folder, "index.html"), "<!doctype html>");
writeFileSync(join(folder, "a.js"), "1;");
writeFileSync(join(folder, "a.wasm"), "");
const server: Server = await serve(folder, { ...ISOLATED, ...strictPolicy("'sha256-x'") });
afterAll(() => server.close());

test("types and headers, and a log of what is there", async () => {
  const types = [];
  for (const path of ["/", "/a.js?import", "/a.wasm"]) {
    const { status, headers } = await fetch(server.origin + path);
    expect(status).toBe(200);
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("content-security-policy")).toContain(
      "script-src 'self' 'wasm-unsafe-eval' 'sha256-x';",
    );
    expect(headers.get("cache-control")).toBe("no-store");
    types.push(headers.get("content-type"));
  }
  expect(types).toEqual(["text/html; charset=utf-8", "text/javascript; charset=utf-8", "application/wasm"]);
  expect(server.served).toEqual(["/index.html", "/a.js", "/a.wasm"]);
});

test.each(["/b.js", "/%2e%2e/secret.js", "/..%2Fsecret.js", "/%", "/a"])("%s is not there", async (path) => {
  expect((await fetch(server.origin + path)).status).toBe(404);
});

test("reports of the policy are kept", async () => {
  const report = {
    "document-uri": "http://localhost/",
    "violated-directive": "script-src",
    "blocked-uri": "eval",
  };
  await fetch(`${server.origin}/csp-reports`, {
    method: "POST",
    body: JSON.stringify({ "csp-report": report }),
  });
  expect(server.reports).toEqual(["script-src blocked eval in http://localhost/"]);
});
