// What the project is built from and what it brings to users: the rules of supply.ts, the sums of the WebAssembly files, licences, and a
// tarball that comes out the same wherever it is packed.

import { createHash } from "node:crypto";
import { chmodSync, readFileSync, type Stats, statSync, utimesSync } from "node:fs";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { pack } from "../../tools/pack.ts";
import { wasmSums } from "../../tools/wasm-sums.ts";
import { folders } from "../support/folders.ts";
import { type Lock, loose, type Manifest, notTaken, runsAtInstall, shipped, unlocked } from "./supply.ts";

const { empty } = folders("supply");
const read = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T;
const manifest = read<Manifest>("package.json");
const lock = read<Lock>("package-lock.json");
const SHA = `sha512-${"A".repeat(86)}==`;
const ONE: Manifest = { dependencies: { a: "1.0.0" } };
/** A lock of one package, `a`. */
const locked = (entry: Lock["packages"][string], root: Manifest = ONE): Lock => ({
  lockfileVersion: 3,
  packages: { "": { ...root, license: "MIT" }, "node_modules/a": entry },
});
const A = { version: "1.0.0", integrity: SHA, license: "MIT" };

test.each([".", "bench/baselines"])("%s: exact versions, all of them locked by a hash", (at) => {
  const [here, itsLock] = [read<Manifest>(`${at}/package.json`), read<Lock>(`${at}/package-lock.json`)];
  expect(Object.keys(itsLock.packages).length).toBeGreaterThan(50);
  expect(loose(here)).toEqual([]);
  expect(unlocked(here, itsLock)).toEqual([]);
});

test.each(["^1.0.0", "latest", "*", "file:../a", "git+ssh://git@example.com/a.git", "npm:b@1.0.0"])(
  "a version %s is none",
  (version) => {
    expect(loose({ devDependencies: { a: version } })).toHaveLength(1);
  },
);

test.each<[string, Manifest, Lock]>([
  ["a hash that is missing", ONE, locked({ version: "1.0.0", license: "MIT" })],
  ["a hash that is short", ONE, locked({ ...A, integrity: "sha1-AAAA" })],
  ["an address", ONE, locked({ ...A, resolved: "git+https://example.com/a.git" })],
  ["another version", ONE, locked({ ...A, version: "1.0.1" })],
  ["a manifest that has changed since", { dependencies: { a: "1.0.0" }, devDependencies: {} }, locked(A, {})],
  ["another form", ONE, { ...locked(A), lockfileVersion: 1 }],
])("a lock with %s is refused", (_, of, bad) => {
  expect(unlocked(ONE, locked(A))).toEqual([]);
  expect(unlocked(of, bad)).toHaveLength(1);
});

test("nothing runs when a user installs xent", () => {
  expect(shipped(lock).length).toBeGreaterThanOrEqual(8);
  expect(runsAtInstall(manifest, lock)).toEqual([]);
  const script = { ...A, hasInstallScript: true };
  expect(runsAtInstall(ONE, locked(script))).toEqual(["node_modules/a"]);
  expect(runsAtInstall(ONE, locked({ ...script, dev: true }))).toEqual([]);
  expect(runsAtInstall({ scripts: { postinstall: "node a" } }, locked(A))).toEqual(["our own postinstall"]);
});

test("licences that need no more than a notice", () => {
  expect(notTaken(lock)).toEqual([]);
  expect(notTaken(locked({ ...A, license: "GPL-3.0" }))).toEqual(["node_modules/a: GPL-3.0"]);
  expect(notTaken(locked({ ...A, license: "(MIT OR SSPL-1.0)" }))).toHaveLength(1);
  expect(notTaken(locked({ version: "1.0.0" }))).toEqual(["node_modules/a: none"]);
});

test("THIRD-PARTY.md names every package that a user gets, and each that is inside ours", async () => {
  const rows = [
    ...readFileSync("THIRD-PARTY.md", "utf8").matchAll(/^\| `([^`]+)` \| ([\d.]+) \| ([\w.-]+) \|/gm),
  ];
  const { metafile } = await build({
    entryPoints: ["src/cli/report/page/main.ts"],
    bundle: true,
    write: false,
    metafile: true,
  });
  const inside = Object.keys(metafile.inputs).flatMap(
    (path) => /node_modules\/([^/]+)/.exec(path)?.[1] ?? [],
  );
  expect(inside).toContain("uplot");
  const names = [...new Set([...shipped(lock), ...inside.map((name) => `node_modules/${name}`)])];
  const expected = names.map((path) => {
    const { version, license } = lock.packages[path] ?? {};
    return [path.replace(/.*node_modules\//, ""), version, license].join(" ");
  });
  expect(rows.map(([, ...row]) => row.join(" ")).sort()).toEqual(expected.sort());
});

test("wasm.sha256 has the sums of what assembly/ comes to", () => {
  const why =
    "the WebAssembly files are not those of wasm.sha256. If assembly/, src/base/abi.ts or the compiler was changed on purpose, " +
    "`npm run wasm:sums` writes the new sums, which belong in the same commit; if not, find out what has changed them";
  expect(wasmSums(), why).toBe(readFileSync("wasm.sha256", "utf8"));
});

test("the tarball is the same whatever the times and modes of the files", () => {
  const sum = (): string =>
    createHash("sha256")
      .update(readFileSync(pack(empty()).tarball))
      .digest("hex");
  const first = sum();
  const paths = ["README.md", "python/convert.py", "dist/data.js"];
  const before = paths.map((path) => statSync(path));
  for (const path of paths) {
    chmodSync(path, 0o600);
    utimesSync(path, 1e9, 1e9);
  }
  try {
    expect(sum()).toBe(first);
  } finally {
    for (const [i, path] of paths.entries()) {
      const { mode, atime, mtime } = before[i] as Stats;
      chmodSync(path, mode);
      utimesSync(path, atime, mtime);
    }
  }
});
