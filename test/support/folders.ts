// Folders of a test file's own, gone when it has ended.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** @returns the path of a new folder, and what makes empty ones in it */
export function folders(name: string): { root: string; empty: () => string } {
  const root = mkdtempSync(join(tmpdir(), `xent-${name}-`));
  afterAll(() => rmSync(root, { recursive: true }));
  let count = 0;
  const empty = (): string => {
    const path = join(root, `${count++}`);
    mkdirSync(path);
    return path;
  };
  return { root, empty };
}
