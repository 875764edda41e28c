// What a caller brings instead of the package's files: a build by address or answer, and the file of a worker.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hosted, type InitOptions, init } from "../../src/model/runtime.ts";
import { instantiateSync } from "../../src/wasm/load.ts";
import { coreOf, wasmBytes } from "../support/core.ts";
import { refuses } from "../support/errors.ts";
import { fitOnce } from "../support/fit-once.ts";

const file = pathToFileURL("build/simd.wasm");
const worker = pathToFileURL("dist/worker.js");
let server: Server;
let origin = "";

beforeAll(async () => {
  server = createServer(({ url }, response) => {
    if (url === "/simd.wasm") response.end(wasmBytes("simd"));
    else if (url === "/page") response.end("<!doctype html><title>any address</title>");
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

describe("wasm", () => {
  it("may be the address of a file, or of a server, or its answer, and gives the same weights", async () => {
    const expected = await fitOnce(await init({ precision: "strict" }), 7);
    const all = [file, file.href, new URL(`${origin}/simd.wasm`), await fetch(`${origin}/simd.wasm`)];
    // of other makers: a URL and a Response by their shape
    const arrayBuffer = () => new Response(wasmBytes("simd")).arrayBuffer();
    const shapes = [{ href: file.href }, { url: "", ok: true, status: 200, statusText: "", arrayBuffer }];
    for (const wasm of [...all, ...shapes]) expect(await fitOnce(await init({ wasm }), 7)).toBe(expected);
    for (const wasm of [file, await fetch(`${origin}/simd.wasm`)]) {
      const xent = await hosted({ wasm });
      expect(xent.info.build).toBe("custom");
      expect(await fitOnce(xent, 7)).toBe(expected);
      await xent.dispose();
    }
  });

  it("that is not to be had is FILE, and what is no build of ours UNSUPPORTED", async () => {
    const at = (path: string): URL => new URL(path, origin);
    for (const start of [init, hosted]) {
      await refuses(() => start({ wasm: at("/gone") }), "FILE", `${origin}/gone was answered with 404`);
      await refuses(() => start({ wasm: at("/page") }), "UNSUPPORTED", "/page has", "<!doctype html");
      await refuses(() => start({ wasm: new URL("gone.wasm", file) }), "FILE", "gone.wasm could not be read");
    }
    const answer = await fetch(at("/simd.wasm"));
    await answer.arrayBuffer();
    await refuses(() => init({ wasm: answer }), "FILE", "/simd.wasm could not be read");
    await refuses(() => init({ wasm: new Response("") }), "UNSUPPORTED", "the response has 0 bytes");
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    const gone = `http://127.0.0.1:${port}/simd.wasm`;
    await refuses(() => init({ wasm: gone }), "FILE", `${gone} could not be read`);
  });
});

describe("worker", () => {
  it("serves a hosted runtime and its threads, and those of the calling thread, from one file", async () => {
    const expected = await fitOnce(await init({ precision: "strict" }), 7);
    const away = await hosted({ precision: "strict", threads: 3, worker });
    expect(away.info.threads).toBe(3);
    expect(await fitOnce(away, 7)).toBe(expected);
    await away.dispose();
    const here = await init({ precision: "strict", threads: 2, worker: worker.href });
    expect(here.info.threads).toBe(2);
    expect(await fitOnce(here, 7)).toBe(expected);
    here.dispose();
  });

  it("that is another's file leaves one thread, or no hosted runtime", async () => {
    const other = new URL("data.js", worker);
    await refuses(() => hosted({ worker: other }), "WORKER_LOST", "hosted");
    const { info } = await init({ threads: 2, worker: new URL("gone.js", worker) });
    expect(info.threads).toBe(1);
    expect(info.reasons.at(-1)).toMatch(/one, the others could not be started: .*gone\.js/);
  });
});

it.each([
  [{ wasm: 5 }, "init: wasm is 5"],
  [{ wasm: null }, "init: wasm is null"],
  [{ wasm: new Blob() }, "init: wasm is"],
  [{ worker: true }, "worker is true"],
  [{ worker: "worker.js" }, 'worker is "worker.js"'],
  [{ worker: { blob: 3 } }, "worker is 3"],
  [{ worker: null }, "worker is null"],
])("refuses %o", async (options, piece) => {
  for (const start of [init, hosted]) {
    await refuses(() => start(options as unknown as InitOptions), "OPTION", piece);
  }
});

it("a debug build says where an assertion failed", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  type Run = (...words: number[]) => number;
  const { run } = instantiateSync<{ run: Run }>(coreOf("debug").module, memory);
  // a thread that is not among the threads
  expect(() => run(4096, 8192, 0, 1, 3, 2)).toThrow(/^an assertion failed at assembly\/program\.ts:\d+/);
});
