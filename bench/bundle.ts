// The measuring process as one file in a temporary folder: WebAssembly travels inside as base64, so any engine runs it
// from anywhere, and all run the same.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../tools/bundle.ts";

export interface Bundle {
  readonly file: string;
  remove(): void;
}

export async function bundleChild(): Promise<Bundle> {
  const folder = mkdtempSync(join(tmpdir(), "xent-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const file = join(folder, "child.mjs");
  try {
    await bundle(new URL("child.ts", import.meta.url), file);
  } catch (error) {
    remove();
    throw error;
  }
  return { file, remove };
}
