// Disks and folders that refuse at every phase of a save: full, without room for another name, read-only, of another user, mounted over,
// gone in between; and the system's errors of fsync and rename. In mounts of a process's own, which end with it.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { folders } from "../../support/folders.ts";
import { times } from "../counts.ts";
import { type Attempt, saver, start } from "./children.ts";

const ROUNDS = Math.ceil(times("limits") / 8);
const IS_ROOT = process.getuid?.() === 0;
/** A process's own mounts; of one that is not root, in a namespace in which it is. */
const OWN = IS_ROOT ? ["-m"] : ["-rm"];

const { empty } = folders("disks");

const mayMount = ((): boolean => {
  const folder = mkdtempSync(join(tmpdir(), "xent-mount-"));
  const { status } = spawnSync("unshare", [...OWN, "mount", "-t", "tmpfs", "none", folder]);
  rmSync(folder, { recursive: true });
  return status === 0;
})();
const mayTrace =
  spawnSync("strace", ["-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO", "true"]).status === 0;
if (!mayMount) console.log("No mounts of one's own here: full, read-only and mounted disks are left out.");
if (!mayTrace) console.log("No strace here: errors of fsync and rename are left out.");
if (!IS_ROOT) console.log("Not root: folders of another user are left out.");

interface Tried {
  readonly what: string;
  /** while the fault is there, and behind it */
  readonly under: Attempt;
  readonly after: Attempt;
}

async function tried(command: string, args: readonly string[]): Promise<Tried[]> {
  const { said, end } = start(command, args);
  expect(await end).toEqual({ code: 0, stderr: "" });
  return said.map((line) => JSON.parse(line) as Tried);
}

/** With a disk of 4 MiB and 64 files at `folder`, and the model's file on it. */
const onDisk = (folder: string, code: string): Promise<Tried[]> =>
  tried("unshare", [
    ...[
      ...OWN,
      "sh",
      "-c",
      'mount -t tmpfs -o size=4m,nr_inodes=64 none "$0" && exec "$@"',
      folder,
      process.execPath,
    ],
    ...saver(`const folder = args[0]; const path = folder + "/m.safetensors"; ${code}`, [folder]),
  ]);

/** What is to come of a fault: the old file, the error, and the next save well. */
function expectRefused({ what, under, after }: Tried, cause: string, hint: string): void {
  const { way } = under;
  expect({ what, ...under }).toEqual({
    ...{ what, way, code: "FILE", cause, file: "old", left: [] },
    message: expect.stringMatching(`^${way}: cannot write "[^"]+": ${cause}.*${hint}`) as string,
  });
  expect({ what, ...after }).toEqual({ what, way, file: "new", left: [] });
}

/** Tries each way with a fault that `begin` makes and `end` takes away. */
const each = (what: string, begin: string, end: string): string => `
  for (const way of Object.keys(ways)) {
    fs.writeFileSync(path, old);
    ${begin}
    const under = await attempt(way, model, path, old, async () => { ${end} });
    tell({ what: "${what}", under, after: await attempt(way, model, path, old) });
  }
`;

it.runIf(mayMount)(`a full disk, ${ROUNDS} times`, { timeout: 300_000 }, async () => {
  const folder = empty();
  const all = await onDisk(
    folder,
    `
      const size = model.save().length;
      for (let i = 0; i < ${ROUNDS}; i++) {
        // from none to one page less than it takes
        const room = 4096 * Math.floor((i / ${Math.max(1, ROUNDS - 1)}) * (size / 4096 - 1));
        ${each(
          "full",
          `const { bavail, bsize } = fs.statfsSync(folder);
           fs.writeFileSync(folder + "/other", Buffer.alloc(bavail * bsize - room));`,
          `fs.rmSync(folder + "/other");`,
        )}
      }`,
  );
  expect(all.length).toBe(3 * ROUNDS);
  for (const each of all) expectRefused(each, "ENOSPC", "Make room");
  console.log(
    `${ROUNDS} full disks, each for 3 ways to save: ${all.length} times the old file stayed whole, and the next save was well`,
  );
});

it.runIf(mayMount)(
  "no room for a name, a disk that is read-only, a file that is mounted by itself",
  async () => {
    const names = await onDisk(
      empty(),
      each(
        "names",
        `let n = 0; try { for (;; n++) fs.writeFileSync(folder + "/" + n, ""); } catch {}`,
        "while (n-- > 0) fs.rmSync(folder + '/' + n);",
      ),
    );
    for (const each of names) expectRefused(each, "ENOSPC", "Make room");
    const mount = (...words: string[]): string => `execFileSync("mount", [${words.join()}]);`;
    const readOnly = await onDisk(
      empty(),
      each("read-only", mount("'-o'", "'remount,ro'", "folder"), mount("'-o'", "'remount,rw'", "folder")),
    );
    for (const each of readOnly) expectRefused(each, "EROFS", "must be writable");
    // as containers do with one file of their host's
    const busy = await onDisk(
      empty(),
      each("mounted", mount("'--bind'", "path", "path"), `execFileSync("umount", [path]);`),
    );
    for (const each of busy) expectRefused(each, "EBUSY", "mount its folder");
    const all = [...names, ...readOnly, ...busy];
    expect(all.length).toBe(9);
    console.log(
      `${all.length} saves at a disk that refuses to open or to move: the old file stayed whole, the next save was well`,
    );
  },
);

it.runIf(IS_ROOT)(
  "a folder of another user, and one in which nobody may replace another's file",
  async () => {
    const folder = empty();
    const all = await tried(
      process.execPath,
      saver(
        `
        const folder = args[0];
        const path = folder + "/m.safetensors";
        fs.chmodSync(dirname(folder), 0o755);
        ${each("folder", "fs.chmodSync(folder, 0o755); process.seteuid(65534);", "process.seteuid(0);")}
        ${each("sticky", "fs.chmodSync(folder, 0o1777); process.seteuid(65534);", "process.seteuid(0);")}
      `,
        [folder],
      ),
    );
    expect(all.length).toBe(6);
    for (const each of all)
      expectRefused(each, each.what === "folder" ? "EACCES" : "EPERM", "must be writable");
    console.log(
      `${all.length} saves without the right to: the old file stayed whole, the next save was well`,
    );
  },
);

it.runIf(mayTrace)(
  "errors of the system when the bytes are put on the disk, and when the file is moved",
  { timeout: 120_000 },
  async () => {
    const cases = (["fsync", "rename"] as const)
      .flatMap((call) => ["EIO", "ENOSPC", "EDQUOT"].map((error) => ({ call, error })))
      .flatMap((each) => ["saveModel", "writeFileAtomic"].map((way) => ({ ...each, way })));
    const some = ROUNDS > 2 ? cases : [cases[1], cases[8]].filter((each) => each !== undefined);
    const traced = async (
      call: string,
      error: string,
      way: string,
      when: number,
    ): Promise<Tried | undefined> => {
      const code = `
      const path = args[0];
      fs.writeFileSync(path, old);
      const under = await attempt("${way}", model, path, old);
      tell({ what: "${call}", under, after: await attempt("${way}", model, path, old) });`;
      // strace counts the calls of each thread
      const inject = `inject=${call}:error=${error}:when=${when}`;
      const path = join(empty(), "m.safetensors");
      const strace = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-E",
        "UV_THREADPOOL_SIZE=1",
        "-e",
        "trace=fsync,rename",
        "-e",
        inject,
      ];
      return (await tried("strace", [...strace, process.execPath, ...saver(code, [path])]))[0];
    };
    for (const { call, error, way } of some) {
      // Node has no name for EDQUOT
      const found = await traced(call, error, way, 1);
      if (error === "EDQUOT")
        expectRefused(found as Tried, "Unknown system error -122", "Your share of the disk is used up");
      else expectRefused(found as Tried, error, error === "ENOSPC" ? "Make room" : "");
    }
    // the second fsync is the folder's: by then the name stands for the new file, and the error does not say otherwise
    const folder = await traced("fsync", "ENOSPC", "saveModel", 2);
    expect(folder).toMatchObject({
      under: { code: "FILE", cause: "ENOSPC", file: "new", left: [] },
      after: { file: "new" },
    });
    expect(folder?.under.message).not.toContain("as it was");
    console.log(
      `${some.length} saves whose fsync or rename failed: the old file stayed whole; one whose folder's fsync did: the new one`,
    );
  },
);

it(`a folder that goes while a model is saved into it, ${ROUNDS} times`, { timeout: 120_000 }, async () => {
  const folder = empty();
  const all = await tried(
    process.execPath,
    saver(
      `
        const folder = args[0] + "/runs";
        const path = folder + "/m.safetensors";
        fs.mkdirSync(folder);
        for (let i = 0; i < ${ROUNDS}; i++)
          ${each(
            "gone",
            `const gone = (async () => {
               const end = performance.now() + (i === 0 ? 0 : 12 * Math.random());
               while (performance.now() < end) await new Promise(setImmediate);
               fs.renameSync(folder, folder + ".gone");
             })();`,
            `await gone;
             fs.renameSync(folder + ".gone", folder);
             // what could not be removed is this process's, and is told of above
             for (const name of fs.readdirSync(folder)) if (name.endsWith(".tmp")) fs.rmSync(folder + "/" + name);`,
          )}
      `,
      [folder],
    ),
  );
  expect(all.length).toBe(3 * ROUNDS);
  const told = all.filter(({ under }) => under.code !== undefined);
  for (const { under, after } of all) {
    expect(["old", "new"]).toContain(under.file);
    if (under.code !== undefined) expect(under).toMatchObject({ code: "FILE", cause: "ENOENT" });
    else expect(under.file).toBe("new");
    expect(after).toEqual({ way: under.way, file: "new", left: [] });
  }
  expect(told.length).toBeGreaterThan(0);
  console.log(
    `${all.length} saves into a folder that went: ${told.length} told of it, every file was the old one or the new one, whole`,
  );
});
