// A small server of static files for pages under test: real headers, a log of what was asked for, and the reports of a
// Content-Security-Policy. Not for a real network: it answers this machine alone.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import { json } from "node:stream/consumers";

type Headers = Readonly<Record<string, string>>;

/** What makes a page cross-origin isolated, so that it may share memory with its workers. */
export const ISOLATED: Headers = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const REPORTS = "/csp-reports";

/**
 * A strict Content-Security-Policy: files of this origin and WebAssembly, no inline code, no eval.
 *
 * @param scripts  more sources of scripts, such as the hash of an inline import map
 */
export function strictPolicy(...scripts: readonly string[]): Headers {
  const rules = [
    "default-src 'self'",
    ["script-src 'self' 'wasm-unsafe-eval'", ...scripts].join(" "),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    `report-uri ${REPORTS}`,
  ];
  return { "Content-Security-Policy": rules.join("; ") };
}

/** A source of scripts that allows this inline one. */
export function hashOf(script: string): string {
  return `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
}

const TYPES: Headers = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
};

/** A running server. */
export interface Server {
  /** such as `http://localhost:40000` */
  readonly origin: string;
  /** paths of the files that were asked for and are there, in order */
  readonly served: readonly string[];
  /** what browsers reported against the policy: what was blocked, and by which rule */
  readonly reports: readonly string[];
  close(): Promise<void>;
}

/**
 * Serves a folder; a path that ends in `/` is its index.html.
 *
 * @param headers  go with every answer
 */
export async function serve(folder: string, headers: Headers = {}): Promise<Server> {
  const served: string[] = [];
  const reports: string[] = [];
  const server = createServer(async (request, response) => {
    try {
      const path = pathOf(request);
      if (path === REPORTS) {
        reports.push(told(await json(request)));
        response.writeHead(204).end();
        return;
      }
      // browsers ask for it by themselves
      if (path === "/favicon.ico") {
        response.writeHead(204, headers).end();
        return;
      }
      const body = await readFile(join(folder, path));
      served.push(path);
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      // unless it is asked otherwise every page asks anew, so that the log is whole
      response.writeHead(200, { "Cache-Control": "no-store", ...headers, "Content-Type": type }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    served,
    reports,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A path in the folder, and never one outside: the URL's has no `..` left. */
function pathOf({ url = "/" }: IncomingMessage): string {
  const path = posix.normalize(decodeURIComponent(new URL(url, "http://localhost").pathname));
  return path.endsWith("/") ? `${path}index.html` : path;
}

function told(report: unknown): string {
  const { "csp-report": what } = report as { "csp-report": Record<string, unknown> };
  return `${what["violated-directive"]} blocked ${what["blocked-uri"]} in ${what["source-file"] ?? what["document-uri"]}`;
}
