// What all pages have around their main part, put there when the site is built: policy, style, navigation, foot.

import type { Plugin } from "vite";
import { PAGES } from "../shared/pages.ts";

/** As a host that sets no headers cannot: files of this origin, WebAssembly, and pictures that the page makes itself. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

const FOOT = `
    <footer>
      <p>
        <b>xent</b> trains neural nets on the CPU, from JavaScript: a SIMD WebAssembly core with a TypeScript host. Everything here
        runs on your machine, in a worker of this page. Nothing is sent anywhere.
      </p>
    </footer>`;

/** `<!--frame-->` in a page's head and body becomes what every page has there. */
export function frame(): Plugin {
  let built = false;
  return {
    name: "frame",
    configResolved: ({ command }) => {
      built = command === "build";
    },
    transformIndexHtml: {
      order: "pre",
      handler(html, { path }) {
        const [head, start, end, ...more] = html.split("<!--frame-->").slice(1);
        if (head === undefined || start === undefined || end === undefined || more.length > 0)
          throw new Error(
            `${path}: <!--frame--> has to stand in the head, and before and after the main part`,
          );
        const [before = ""] = html.split("<!--frame-->");
        return [before, headOf(built), head, navigation(path), start, FOOT.trimStart(), end].join("");
      },
    },
  };
}

function headOf(built: boolean): string {
  return [
    '<meta charset="utf-8">',
    // the server of development has inline scripts of its own
    ...(built ? [`<meta http-equiv="Content-Security-Policy" content="${POLICY}">`] : []),
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<link rel="icon" href="./shared/icon.svg">',
    '<link rel="stylesheet" href="./shared/style.css">',
  ].join("\n    ");
}

function navigation(path: string): string {
  const links = PAGES.map(({ file, name }) => {
    const current = path.endsWith(file) ? ' aria-current="page"' : "";
    return `<li><a href="./${file}"${current}>${name}</a></li>`;
  });
  return `<a class="skip" href="#main">To the content</a>
    <header class="top">
      <a class="word" href="./index.html" aria-label="xent, first page"><img src="./shared/icon.svg" alt="" width="22" height="22">xent</a>
      <nav aria-label="Pages"><ul>${links.join("")}</ul></nav>
    </header>`;
}
