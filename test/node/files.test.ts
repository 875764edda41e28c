// Files that are whole at any moment: written by processes that are killed, into folders and disks that refuse.

import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { XentError } from "../../src/base/errors.ts";
import { decodeSafetensors } from "../../src/io/decode.ts";
import { loadModel, saveModel, writeFileAtomic } from "../../src/node.ts";
import { refuses, thrown } from "../support/errors.ts";
import { folders } from "../support/folders.ts";

const DIST = new URL("../../dist/", import.meta.url).href;
const PRELUDE = `
  import * as fs from "node:fs/promises";
  import { createRequire, syncBuiltinESMExports } from "node:module";
  import { encodeSafetensors } from ${JSON.stringify(`${DIST}io/safetensors.js`)};
  import { writeFileAtomic } from ${JSON.stringify(`${DIST}node.js`)};
  const builtin = createRequire(import.meta.url)("node:fs/promises");
  const say = (value) => process.stdout.write(value + "\\n");
  // all numbers of version k are k
  const file = (k) => encodeSafetensors(
    ["a", "b"].map((name) => [name, { dtype: "U32", shape: [65536 * 8], data: new Uint32Array(65536 * 8).fill(k) }]),
    [["version", String(k)]],
  );
  const [path] = process.argv.slice(1);
`;
const POSIX = process.platform !== "win32";

const { root: folder, empty } = folders("files");

/** The version that a file holds, whole. */
function version(path: string): number {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path));
  const k = Number(metadata.get("version"));
  expect([...tensors.keys()]).toEqual(["a", "b"]);
  for (const { data } of tensors.values()) {
    expect(data.length).toBe(65536 * 8);
    expect((data as Uint32Array).every((value) => value === k)).toBe(true);
  }
  return k;
}

function child(code: string, path: string): ReturnType<typeof spawn> {
  const args = ["--input-type=module", "-e", PRELUDE + code, path];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
}

function childSync(code: string, path: string) {
  const args = ["--input-type=module", "-e", PRELUDE + code, path];
  return spawnSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 });
}

describe("a process is killed", () => {
  it("at twenty moments while it saves again and again: the file is whole, and as new as was said", async () => {
    const versions: number[] = [];
    for (let i = 0; i < 20; i++) {
      const path = join(empty(), "model.safetensors");
      const saver = child(
        "for (let k = 1; ; k++) { const bytes = file(k); say('from ' + k); await writeFileAtomic(path, bytes); say('done ' + k); }",
        path,
      );
      let output = "";
      const ended = new Promise((resolve) => saver.on("close", resolve));
      await new Promise<void>((resolve) => {
        saver.stdout?.on("data", (text: Buffer) => {
          output += text;
          if (output.includes("done 1\n")) resolve();
        });
      });
      await new Promise((resolve) => setTimeout(resolve, (i * 37) % 101));
      saver.kill("SIGKILL");
      await ended;
      const said = (what: string): number =>
        Math.max(0, ...[...output.matchAll(new RegExp(`${what} (\\d+)\n`, "g"))].map(([, k]) => Number(k)));
      const found = version(path);
      versions.push(found);
      expect(found).toBeGreaterThanOrEqual(said("done"));
      expect(found).toBeLessThanOrEqual(said("from"));
      expect(readdirSync(join(path, "..")).length).toBeLessThanOrEqual(2);
    }
    // the moments were not all the same one
    expect(new Set(versions).size).toBeGreaterThan(3);
  });

  const KILL = 'process.kill(process.pid, "SIGKILL"); while (true);';
  it.each([
    [
      "when half of the bytes are written",
      `handle.writeFile = async function (bytes) { await this.write(bytes.subarray(0, bytes.length / 2)); ${KILL} };`,
      1,
      1,
    ],
    ["before the bytes are on the disk", `handle.sync = async () => { ${KILL} };`, 1, 1],
    ["before the move", `builtin.rename = async () => { ${KILL} };`, 1, 1],
    [
      "after the move",
      `const { rename } = builtin; builtin.rename = async (...names) => { await rename(...names); ${KILL} };`,
      2,
      0,
    ],
  ])("%s", (_, fault, expected, temporaries) => {
    const path = join(empty(), "model.safetensors");
    const { signal, stdout } = childSync(
      `
        await writeFileAtomic(path, file(1));
        const probe = await fs.open(path);
        const handle = Object.getPrototypeOf(probe);
        await probe.close();
        ${fault}
        syncBuiltinESMExports();
        say("ready");
        await writeFileAtomic(path, file(2));
        say("unreachable");
      `,
      path,
    );
    expect({ signal, stdout }).toEqual({ signal: "SIGKILL", stdout: "ready\n" });
    expect(version(path)).toBe(expected);
    expect(readdirSync(join(path, "..")).length - 1).toBe(temporaries);
  });

  it("the bytes are on the disk before the name, and the name before the promise resolves", () => {
    const path = join(empty(), "model.safetensors");
    const { stdout } = childSync(
      `
        const probe = await fs.open(process.execPath);
        const handle = Object.getPrototypeOf(probe);
        await probe.close();
        const { open, rename } = builtin;
        const { sync, writeFile } = handle;
        const opened = new Map();
        builtin.open = async (name, ...rest) => {
          const it = await open(name, ...rest);
          opened.set(it.fd, (await it.stat()).isDirectory() ? "folder" : "file");
          return it;
        };
        builtin.rename = async (...names) => { await rename(...names); say("rename"); };
        handle.sync = async function () { await sync.call(this); say("sync " + opened.get(this.fd)); };
        handle.writeFile = async function (bytes) { await writeFile.call(this, bytes); say("write " + opened.get(this.fd)); };
        syncBuiltinESMExports();
        await writeFileAtomic(path, file(1));
        say("resolved");
      `,
      path,
    );
    const expected = ["write file", "sync file", "rename", "sync folder", "resolved"];
    expect(stdout.trim().split("\n")).toEqual(POSIX ? expected : expect.arrayContaining(["resolved"]));
  });
});

describe("writeFileAtomic", () => {
  it("makes a file, replaces it, and leaves nothing else", async () => {
    const here = empty();
    const path = join(here, "a.bin");
    for (const bytes of [Uint8Array.of(1, 2, 3), new Uint8Array(0), Buffer.from("later")]) {
      await writeFileAtomic(path, bytes);
      expect(readFileSync(path)).toEqual(Buffer.from(bytes));
    }
    await writeFileAtomic(pathToFileURL(path), Uint8Array.of(9).subarray(0, 1));
    expect([...readFileSync(path)]).toEqual([9]);
    expect(readdirSync(here)).toEqual(["a.bin"]);
  });

  it("writes what a view shows", async () => {
    const path = join(empty(), "a.bin");
    await writeFileAtomic(path, Uint8Array.of(1, 2, 3, 4).subarray(1, 3));
    expect([...readFileSync(path)]).toEqual([2, 3]);
  });

  it("many at once: the file is one of them", async () => {
    const here = empty();
    const path = join(here, "a.bin");
    const all = Array.from({ length: 16 }, (_, i) => new Uint8Array(100_000).fill(i));
    await Promise.all(all.map((bytes) => writeFileAtomic(path, bytes)));
    const got = readFileSync(path);
    expect(got.length).toBe(100_000);
    expect(got.every((value) => value === got[0])).toBe(true);
    expect(readdirSync(here)).toEqual(["a.bin"]);
  });

  it.runIf(POSIX)("follows a symbolic link and keeps permissions", async () => {
    const here = empty();
    mkdirSync(join(here, "runs"));
    const [path, link] = [join(here, "runs/3.bin"), join(here, "latest.bin")];
    writeFileSync(path, "old");
    chmodSync(path, 0o666);
    symlinkSync("runs/3.bin", link);
    await writeFileAtomic(link, Buffer.from("new"));
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(statSync(path).mode & 0o777).toBe(0o666);
    chmodSync(path, 0o600);
    await writeFileAtomic(path, Buffer.from("newer"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(here).sort()).toEqual(["latest.bin", "runs"]);
    expect(readdirSync(join(here, "runs"))).toEqual(["3.bin"]);
  });
});

describe("refusals", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const write = (path: unknown, what: unknown = bytes) => writeFileAtomic(path as string, what as Uint8Array);

  it("no path and no bytes", async () => {
    await refuses(
      () => write(""),
      "OPTION",
      "writeFileAtomic: the path is",
      "expected a path or a file: URL",
    );
    await refuses(() => write(3), "OPTION", "the path is 3");
    await refuses(() => write("a\0b"), "OPTION", "the path is");
    await refuses(() => write(new URL("https://example.org/a")), "OPTION", "https://example.org/a");
    await refuses(() => write(new URL("file:///a%2Fb")), "OPTION", "the path is file:///a%2Fb");
    const path = join(empty(), "a.bin");
    await refuses(() => write(path, "text"), "OPTION", 'got "text" to write, expected a Uint8Array');
    await refuses(() => write(path, new Float32Array(2)), "OPTION", "a Float32Array");
    expect(existsSync(path)).toBe(false);
  });

  it("a missing folder", async () => {
    const path = join(empty(), "no/such/a.bin");
    await refuses(
      () => write(path),
      "FILE",
      "writeFileAtomic: cannot write",
      JSON.stringify(path),
      "ENOENT",
      "mkdir",
    );
    const error = (await thrown(() => write(path))) as XentError;
    expect(error.cause).toMatchObject({ code: "ENOENT" });
  });

  it("a file for a folder", async () => {
    const here = empty();
    writeFileSync(join(here, "file"), "x");
    await refuses(() => write(join(here, "file/a.bin")), "FILE", "ENOTDIR", "is a file, not a folder");
    expect(readdirSync(here)).toEqual(["file"]);
  });

  it("a folder in its place", async () => {
    const here = empty();
    mkdirSync(join(here, "a.bin"));
    writeFileSync(join(here, "a.bin/kept"), "x");
    for (const path of [join(here, "a.bin"), join(here, "a.bin/"), join(here, "new/")])
      await refuses(() => write(path), "FILE", "EISDIR", "Name a file in it");
    expect(readdirSync(here)).toEqual(["a.bin"]);
    expect(readdirSync(join(here, "a.bin"))).toEqual(["kept"]);
  });

  it.runIf(POSIX)("a pipe in its place", async () => {
    const here = empty();
    const path = join(here, "pipe");
    expect(spawnSync("mkfifo", [path]).status).toBe(0);
    await refuses(() => write(path), "FILE", "device or a pipe");
    expect(statSync(path).isFIFO()).toBe(true);
    expect(readdirSync(here)).toEqual(["pipe"]);
  });

  it.runIf(POSIX)("a folder that is read-only", () => {
    const here = empty();
    const path = join(here, "model.safetensors");
    const { stdout } = childSync(
      `
        await writeFileAtomic(path, file(1));
        await fs.chmod(path, 0o644);
        await fs.chmod(${JSON.stringify(here)}, 0o555);
        // root may write anywhere
        if (process.getuid() === 0) process.seteuid(65534);
        await writeFileAtomic(path, file(2)).catch(({ code, message }) => say(code + " " + message));
        if (process.getuid() === 0) process.seteuid(0);
        await fs.chmod(${JSON.stringify(here)}, 0o755);
      `,
      path,
    );
    expect(stdout).toMatch(/^FILE writeFileAtomic: cannot write .*EACCES.*The folder must be writable/);
    expect(version(path)).toBe(1);
    expect(readdirSync(here)).toEqual(["model.safetensors"]);
  });

  it.runIf(POSIX)("a disk that is full in the midst of the file", () => {
    const here = empty();
    const path = join(here, "model.safetensors");
    expect(childSync("await writeFileAtomic(path, file(1));", path).status).toBe(0);
    // a process may write 1 or 2 MiB a file, as the shell counts blocks, and the file has 4
    const script = join(here, "full.mjs");
    const code = `${PRELUDE}
      process.on("SIGXFSZ", () => {});
      await writeFileAtomic(process.argv[2], file(2)).catch(({ code, message }) => say(code + " " + message));
    `;
    writeFileSync(script, code);
    const limited = spawnSync(
      "sh",
      ["-c", 'ulimit -f 2048 && exec "$0" "$@"', process.execPath, script, path],
      {
        encoding: "utf8",
      },
    );
    expect(limited.stdout).toMatch(/^FILE writeFileAtomic: cannot write .*EFBIG.*ulimit -f/);
    expect(version(path)).toBe(1);
    expect(readdirSync(here).sort()).toEqual(["full.mjs", "model.safetensors"]);
  });
});

describe("saveModel and loadModel", () => {
  let path = "";
  beforeAll(() => {
    path = join(empty(), "model.bin");
  });

  it.each([
    ["a model", (bytes: Uint8Array) => bytes],
    ["a hosted model", (bytes: Uint8Array) => Promise.resolve(bytes)],
  ])("%s", async (_, give) => {
    const bytes = Uint8Array.of(4, 5, 6);
    await saveModel({ save: () => give(bytes) }, path);
    const got: Uint8Array[] = [];
    const load = (given: Uint8Array) => {
      got.push(given);
      return { loaded: given.length };
    };
    expect(await loadModel({ load }, path)).toEqual({ loaded: 3 });
    const { href } = pathToFileURL(path);
    expect(await loadModel({ load: async (given) => load(given) }, { href })).toEqual({
      loaded: 3,
    });
    // and never a Buffer
    for (const each of got) expect(each).toStrictEqual(bytes);
    expect(got.length).toBe(2);
  });

  it("what a model or a runtime throws comes through, and the file stays", async () => {
    const before = readFileSync(path);
    const disposed = new XentError("DISPOSED", "save: the model was disposed", "Make another.");
    const fails = () => {
      throw disposed;
    };
    expect(await thrown(() => saveModel({ save: fails }, path))).toBe(disposed);
    expect(await thrown(() => saveModel({ save: () => Promise.reject(disposed) }, path))).toBe(disposed);
    expect(await thrown(() => loadModel({ load: fails }, path))).toBe(disposed);
    expect(readFileSync(path)).toEqual(before);
  });

  it("refusals", async () => {
    const load = (bytes: Uint8Array) => bytes;
    const missing = join(empty(), "none.bin");
    await refuses(
      () => loadModel({ load }, missing),
      "FILE",
      "loadModel: cannot read",
      "ENOENT",
      "Check the path",
    );
    await refuses(() => loadModel({ load }, folder), "FILE", "EISDIR", "Name a file in it");
    await refuses(() => loadModel({ load }, ""), "OPTION", "loadModel: the path is");
    const save = () => Uint8Array.of(1);
    await refuses(() => saveModel({ save }, join(missing, "a")), "FILE", "saveModel: cannot write");
    await refuses(() => saveModel({} as never, missing), "OPTION", "saveModel: the model is an object");
    await refuses(() => saveModel(undefined as never, missing), "OPTION", "the model is undefined");
    await refuses(
      () => saveModel({ save: () => [1] as never }, missing),
      "OPTION",
      "got an array of 1 to write",
    );
    expect(existsSync(missing)).toBe(false);
  });
});
