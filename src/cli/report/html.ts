// A report as one HTML file: its data as JSON, and the script and the style of the page, which draws itself from it. Nothing of
// the data is written as HTML, and the page asks nobody for anything.

import { createHash } from "node:crypto";
import { SCRIPT, STYLE } from "../generated/page.ts";
import type { Report } from "./report.ts";

/** The page. Its policy allows this script and this style, by their hashes, and nothing else. */
export function reportHtml(report: Report): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(SCRIPT)}`,
    `style-src ${hashOf(STYLE)}`,
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="xent">
<title>Training report</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<noscript>This report draws itself by a script, which the browser does not run.</noscript>
<script type="application/json" id="report">${escaped(JSON.stringify(report))}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/**
 * JSON that ends no element, begins none, and is no comment, whatever its strings are: these characters stand in strings alone, where
 * JSON has another way to write them. U+2028 and U+2029 end lines of scripts.
 */
export function escaped(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
