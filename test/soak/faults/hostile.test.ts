// Files that somebody made to do harm, each read by a process of its own as a program and the command read it: refused in a time and a
// memory in proportion to its length, by an error that says where, and nothing runs, hangs or is killed. What each refusal says is
// test/model/load-refusals.test.ts's and test/io/safetensors-refusals.test.ts's; files damaged by chance are test/fuzz's.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { folders } from "../../support/folders.ts";
import { file, tensor } from "../../support/safetensors-text.ts";
import { changed, type Json, withLayers as layers } from "../../support/whole-file.ts";
import { times } from "../counts.ts";
import { MAIN, program, start } from "./children.ts";

const { root } = folders("hostile");
const one = tensor("F32", "[2]", "[0,8]");
const withLength = (bytes: Uint8Array, low: number, high: number): Uint8Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(0, low, true);
  view.setUint32(4, high, true);
  return bytes;
};
const deep = (open: string, close: string, n: number): string => open.repeat(n) + close.repeat(n);

/** Saved models, by what is wrong with them; the first few are the short form. */
const models: readonly (readonly [what: string, bytes: () => Uint8Array])[] = [
  ["a header of 2⁶³ bytes", () => withLength(new Uint8Array(1024), 0, 0x8000_0000)],
  ["tensors that lie over each other", () => file(`{"0.weight":${one},"0.bias":${one}}`, 8)],
  ["__proto__ as a tensor", () => file(`{"__proto__":${one}}`, 8)],
  ["a layer of 2⁵³ units", () => layers(([first, ...rest]) => [{ ...first, units: 2 ** 53 - 1 }, ...rest])],
  ["a header of 99 MB of which a kilobyte is there", () => withLength(new Uint8Array(1024), 99_000_000, 0)],
  [
    "a shape of 2⁸⁰ elements",
    () => file(`{"a":{"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,8]}}`, 8),
  ],
  [
    "a shape whose product overflows to 2",
    () => file(`{"a":{"dtype":"F32","shape":[4294967297,4294967298],"data_offsets":[0,8]}}`, 8),
  ],
  ["offsets behind the end", () => file(`{"a":${tensor("F32", "[2]", "[0,8000000000]")}}`, 8)],
  ["offsets that run backwards", () => file(`{"a":${tensor("F32", "[2]", "[8,0]")}}`, 8)],
  ["objects a million deep", () => file(`{"__metadata__":${deep('{"a":', "}", 1_000_000)}}`, 8)],
  ["metadata a million deep within", () => changed("model", () => deep("[", "]", 1_000_000))],
  [
    "constructor in the description",
    () => changed("model", (m) => ({ ...m, constructor: { prototype: { polluted: 1 } } })),
  ],
  ["a million layers", () => layers((list) => [...list, ...Array(1_000_000).fill({ kind: "relu" })])],
  [
    "a thousand layers of a million units",
    () => layers((list) => [...list, ...Array(1000).fill({ kind: "dense", units: 1e6 })]),
  ],
  [
    "blocks in blocks, a thousand deep",
    () =>
      layers((list) => [
        ...list,
        JSON.parse(
          `${'{"kind":"residual","layers":['.repeat(1000)}{"kind":"relu"}${"]}".repeat(1000)}`,
        ) as Json,
      ]),
  ],
  ["a gigabyte of nothing, gzipped", () => gzipSync(withLength(new Uint8Array(2 ** 30), 2 ** 24, 0))],
  [
    "a header of 16 MB of blanks, gzipped",
    () => gzipSync(withLength(new Uint8Array(2 ** 24 + 8).fill(0x20), 2 ** 24, 0)),
  ],
];

/** Says what came of a file: the error, the most memory that the process had beyond what it had before, and the time. */
const READER = `
  const before = process.memoryUsage.rss();
  const began = performance.now();
  let [code, message, read] = ["", "", "no"];
  try {
    await loadModel(xent, args[0]);
    read = "yes";
  } catch (error) {
    ({ code, message } = error);
  }
  const more = 1024 * process.resourceUsage().maxRSS - before;
  say(JSON.stringify({ read, code, message, more, ms: performance.now() - began, polluted: "polluted" in {} }));
`;

it.each(models.slice(0, times("hostile")))("%s", { timeout: 120_000 }, async (what, make) => {
  const bytes = make();
  mkdirSync(root, { recursive: true });
  const path = join(root, "hostile.safetensors");
  writeFileSync(path, bytes);
  const reader = start(process.execPath, program(READER, [path]));
  const { code, stderr } = await reader.end;
  expect({ code, stderr }, what).toEqual({ code: 0, stderr: "" });
  const told = JSON.parse(reader.said.at(-1) as string) as Record<string, unknown>;
  expect(told, what).toMatchObject({ read: "no", code: "CHECKPOINT", polluted: false });
  const [more, ms] = [Number(told.more), Number(told.ms)];
  console.log(
    `${what}: ${bytes.length} bytes, ${(more / 2 ** 20).toFixed(0)} MiB, ${ms.toFixed(0)} ms. ${String(told.message).slice(0, 160)}`,
  );
  // of a gzipped file the header may have 16 MiB, whatever its own length: bytes and text, and once more until they are collected
  expect(more, what).toBeLessThan(96 * 2 ** 20 + 24 * bytes.length);
  expect(ms, what).toBeLessThan(20_000);

  const command = start(process.execPath, [MAIN, "inspect", path]);
  const ended = await command.end;
  expect(ended.code, `${what}: ${ended.stderr}`).toBe(1);
  expect(ended.stderr, what).not.toMatch(/ at .*:\d+:\d+/);
});
