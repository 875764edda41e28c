// python/convert.py on models of xent, by the Python of this machine: into NumPy's files and back, and where there is PyTorch into a
// state_dict that computes the same. Without Python or NumPy it is left out with a word; what PyTorch wrote is in fixtures besides.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readSafetensors, readStateDict, writeSafetensors } from "../../src/data.ts";
import { init } from "../../src/model/runtime.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { batchNorm1d, prelu } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import { blobSet } from "../support/blobs.ts";
import { expectBytes } from "../support/resumed.ts";

const PYTHON = process.env.XENT_PYTHON ?? "python3";
const has = (name: string): boolean => spawnSync(PYTHON, ["-c", `import ${name}`]).status === 0;
const numpy = has("numpy");
const torch = has("torch");
if (!numpy) console.log(`No NumPy for ${PYTHON}: convert.py is not run (XENT_PYTHON names another Python).`);
else if (!torch) console.log(`No PyTorch for ${PYTHON}: convert.py is run with NumPy alone.`);

const folder = mkdtempSync(join(tmpdir(), "xent-convert-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const bytesAt = (name: string): Uint8Array => new Uint8Array(readFileSync(at(name)));

/** What it prints, and what it says to the error stream. */
function convert(...args: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(PYTHON, ["python/convert.py", ...args], { encoding: "utf8" });
  return { status, out: stdout, error: stderr };
}
function converts(...args: string[]): string {
  const { status, out, error } = convert(...args);
  expect(status, error).toBe(0);
  return out;
}
/** The output of a script of Python. */
const python = (script: string, ...args: string[]): string =>
  execFileSync(PYTHON, ["-c", script, ...args], { encoding: "utf8" });

const xent = await init();
const m = xent.sequential({ input: 4, seed: 5 }, [dense(6), batchNorm1d(), prelu(), relu(), dense(3)]);
await m.fit(blobSet(1, 40, 4, 3), { loss: crossEntropy(), optimizer: adam(), epochs: 2 });
writeFileSync(at("model.safetensors"), m.save());

describe.skipIf(!numpy)("with NumPy", () => {
  it("into .npz: the net's tensors as NumPy reads them, without those of training", () => {
    expect(converts(at("model.safetensors"), at("model.npz"))).toContain("10 tensors");
    const script = `
import json, numpy, sys
with numpy.load(sys.argv[1], allow_pickle=False) as arrays:
    print(json.dumps({n: [str(a.dtype), list(a.shape), a.flatten().tolist()] for n, a in arrays.items() if n != "__metadata__"}))`;
    const read = JSON.parse(python(script, at("model.npz"))) as Record<string, [string, number[], number[]]>;
    const state = m.stateDict();
    expect(Object.keys(read).sort()).toEqual([...Object.keys(state), "1.num_batches_tracked"].sort());
    for (const [name, { shape, data }] of Object.entries(state)) {
      // f32 go through JSON as the f64 that they are
      expect(read[name]).toEqual(["float32", shape, [...data]]);
    }
    expect(read["1.num_batches_tracked"]).toEqual(["int64", [], [4]]);
  });

  it("and back: a model that is loaded, and trains anew", async () => {
    converts(at("model.safetensors"), at("there.npz"));
    converts(at("there.npz"), at("back.safetensors"));
    const back = await xent.load(bytesAt("back.safetensors"));
    expect(back.stateDict()).toEqual(m.stateDict());
    expect((await back.fit(blobSet(2, 40, 4, 3))).stopped).toBe("done");
  });

  it("--all keeps everything: the same tensors, metadata and bytes", () => {
    converts("--all", at("model.safetensors"), at("all.npz"));
    converts("--all", at("all.npz"), at("all.safetensors"));
    expectBytes(bytesAt("all.safetensors"), m.save());
  });

  it("every dtype: the bits there and back, BF16 as the f32 that it is", () => {
    const tensors = {
      f64: { shape: [2], data: Float64Array.of(Math.PI, -0) },
      f32: { shape: [1, 2], data: Float32Array.of(1.5, Number.NEGATIVE_INFINITY) },
      i64: { shape: [], data: BigInt64Array.of(-(2n ** 63n)) },
      u64: { shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
      i32: { shape: [0, 4], data: new Int32Array(0) },
      u32: { shape: [1], data: Uint32Array.of(2 ** 32 - 1) },
      i16: { shape: [1], data: Int16Array.of(-5) },
      u16: { shape: [1], data: Uint16Array.of(65535) },
      i8: { shape: [2], data: Int8Array.of(-128, 127) },
      u8: { shape: [3], data: Uint8Array.of(0, 1, 255) },
      half: { dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0xfc00) },
      truth: { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) },
    } as const;
    const file = writeSafetensors(tensors, { note: 'é "quoted"', more: "{}" });
    writeFileSync(at("every.safetensors"), file);
    converts(at("every.safetensors"), at("every.npz"));
    converts(at("every.npz"), at("again.safetensors"));
    expectBytes(bytesAt("again.safetensors"), file);

    const brain = { dtype: "BF16", shape: [3], data: Uint16Array.of(0x3f80, 0xc040, 0x0001) } as const;
    writeFileSync(at("brain.safetensors"), writeSafetensors({ brain }));
    converts(at("brain.safetensors"), at("brain.npz"));
    converts(at("brain.npz"), at("widened.safetensors"));
    expect(readSafetensors(bytesAt("widened.safetensors")).tensors.get("brain")).toEqual({
      dtype: "F32",
      shape: [3],
      data: Float32Array.of(1, -3, 2 ** -133),
    });
  });

  it("--info tells names, types, shapes, sums and metadata", () => {
    const out = converts("--info", at("model.safetensors"));
    expect(out).toMatch(/^0\.weight +F32 +\[6, 4\]$/m);
    expect(out).toMatch(/^optimizer\.1\.4\.bias +F32 +\[3\]$/m);
    // 30 + 6·4 + 1 + 21 numbers, twice more of the 64 that are trained; and a count of 8 bytes
    expect(out).toContain("24 tensors, 205 numbers, 824 bytes");
    expect(out).toContain('xent: {"format":1}');
    expect(converts("--help")).toContain("usage:");
  });

  it.each<[string, () => string[], string]>([
    ["an unknown suffix", () => [at("model.safetensors"), at("model.onnx")], "ends with .onnx"],
    ["one format twice", () => [at("model.safetensors"), at("other.safetensors")], "are of one format"],
    ["no file", () => [at("none.safetensors"), at("x.npz")], "is no file"],
    ["no folder", () => [at("model.safetensors"), at("none/x.npz")], "is no folder"],
    ["no target", () => [at("model.safetensors")], "pass a target to write, or --info"],
    ["a damaged .npz", () => ["--info", at("bad.npz")], "is no .npz file"],
    ["a text", () => ["--info", at("bad.safetensors")], "is no safetensors file"],
    ["a model cut off", () => ["--info", at("cut.safetensors")], "its header tells of"],
    ["a name twice", () => ["--info", at("twice.safetensors")], "a name comes twice"],
    ["a dtype that is a list", () => ["--info", at("list.safetensors")], "has the dtype ['U8']"],
    ["metadata that is no object", () => [at("five.npz"), at("x.safetensors")], "expected texts by name"],
    ["pickled objects", () => ["--info", at("pickled.npz")], "cannot be read as .npz"],
    ...(torch
      ? []
      : [
          ["no PyTorch", () => [at("model.safetensors"), at("x.pt")], "pip install torch"] as [
            string,
            () => string[],
            string,
          ],
        ]),
  ])("refused with words: %s", (_, args, piece) => {
    for (const name of ["bad.npz", "bad.safetensors"])
      writeFileSync(at(name), "a text that is longer than eight bytes");
    writeFileSync(at("cut.safetensors"), m.save().slice(0, -1));
    const one = '"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}';
    for (const [name, header] of [
      ["twice", `{${one},${one}}`],
      ["list", `{${one.replace('"U8"', '["U8"]')}}`],
    ]) {
      const file = Buffer.from(`\0\0\0\0\0\0\0\0${header}`);
      file.writeUInt32LE(file.length - 8);
      writeFileSync(at(`${name}.safetensors`), file);
    }
    python(
      `import numpy, sys
numpy.savez(sys.argv[1], a=numpy.array([{}], dtype=object))
numpy.savez(sys.argv[2], __metadata__=numpy.array("5"))`,
      at("pickled.npz"),
      at("five.npz"),
    );
    const { status, error } = convert(...args());
    expect(status).not.toBe(0);
    expect(error).toContain(piece);
    expect(error).not.toContain("Traceback");
  });
});

describe.skipIf(!torch)("with PyTorch", () => {
  /** The net of this test; it reads sys.argv[1] and writes sys.argv[2]. */
  const NET = `
import json, sys, torch
net = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.BatchNorm1d(6), torch.nn.PReLU(), torch.nn.ReLU(), torch.nn.Linear(6, 3))`;

  it("into .pt: a Sequential takes it strictly, and every number is ours", () => {
    const said = convert(at("model.safetensors"), at("model.pt"));
    expect(said.status, said.error).toBe(0);
    expect(said.error).toContain("metadata (xent, build, model, training) is left out");
    const script = `${NET}
print(net.load_state_dict(torch.load(sys.argv[1])), file=sys.stderr)
print(json.dumps({n: [list(t.shape), t.flatten().tolist()] for n, t in net.state_dict().items()}))`;
    const read = JSON.parse(python(script, at("model.pt"))) as Record<string, [number[], number[]]>;
    for (const [name, { shape, data }] of Object.entries(m.stateDict())) {
      expect(read[name]).toEqual([shape, [...data]]);
    }
    expect(read["1.num_batches_tracked"]).toEqual([[], [4]]);
  });

  it("from what PyTorch trained: readStateDict and loadStateDict take it", () => {
    const script = `${NET}
net.train()
net(torch.randn(8, 4))
torch.save({"epoch": 3, "state_dict": net.state_dict()}, sys.argv[1])
print(json.dumps({n: t.flatten().tolist() for n, t in net.state_dict().items()}))`;
    const numbers = JSON.parse(python(script, at("trained.pt"))) as Record<string, number[]>;
    converts(at("trained.pt"), at("trained.safetensors"));
    const other = xent.sequential({ input: 4 }, [dense(6), batchNorm1d(), prelu(), relu(), dense(3)]);
    other.loadStateDict(readStateDict(bytesAt("trained.safetensors")));
    const state = other.stateDict();
    expect(Object.keys(state).length).toBe(9);
    for (const [name, { data }] of Object.entries(state)) expect([...data]).toEqual(numbers[name]);
  });

  it("gives a view its sign, and refuses tensors without numbers and the format's own name", () => {
    const script = `
import sys, torch
torch.save({"v": torch.tensor([1 + 2j]).conj().imag}, sys.argv[1])
torch.save({"v": torch.empty(3, device="meta")}, sys.argv[2])
torch.save({"__metadata__": torch.ones(1)}, sys.argv[3])`;
    python(script, at("view.pt"), at("meta.pt"), at("named.pt"));
    converts(at("view.pt"), at("view.safetensors"));
    expect(readStateDict(bytesAt("view.safetensors")).v?.data).toEqual(Float32Array.of(-2));
    for (const [name, to, piece] of [
      ["meta.pt", "x.safetensors", 'tensor "v" is on the device meta, which holds no numbers'],
      ["named.pt", "x.safetensors", 'a tensor is called "__metadata__"'],
      ["named.pt", "x.npz", 'a tensor is called "__metadata__"'],
    ] as const) {
      const { status, error } = convert(at(name), at(to));
      expect(status).toBe(1);
      expect(error).toContain(piece);
    }
  });

  it("refuses what is no state_dict, and does not tell anybody to trust it", () => {
    python("import sys, torch; torch.save(torch.nn.Linear(2, 2), sys.argv[1])", at("module.pt"));
    const { status, error } = convert("--info", at("module.pt"));
    expect(status).toBe(1);
    expect(error).toContain("torch.save(net.state_dict(), path)");
    expect(error).not.toContain("weights_only");
  });
});
