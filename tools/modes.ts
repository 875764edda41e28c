// The modes of what is published, whatever the umask of who packs: npm writes them into the tarball as they are. Run by `npm pack` and
// `npm publish` (prepack).

import { chmodSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** Files to 644, folders to 755; npm makes the command executable by itself. */
export function setModes(): void {
  const { files } = JSON.parse(readFileSync("package.json", "utf8")) as { files: readonly string[] };
  // npm takes these three along unasked
  for (const path of [...files, "package.json", "README.md", "LICENSE"]) {
    const inside = statSync(path).isDirectory()
      ? readdirSync(path, { recursive: true, encoding: "utf8" })
      : [];
    for (const each of [path, ...inside.map((name) => join(path, name))])
      chmodSync(each, statSync(each).isDirectory() ? 0o755 : 0o644);
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) setModes();
