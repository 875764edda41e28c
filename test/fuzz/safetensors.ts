// Fuzzing of saved models: xent.load of files whose text is changed word by word, in the header and in the JSON within, and whose
// bytes are changed, cut off and put in. What is accepted must compute, and be saved and loaded again as it is.

import fc from "fast-check";
import { readSafetensors } from "../../src/data.ts";
import * as nn from "../../src/index.ts";
import { blobSet } from "../support/blobs.ts";
import { stagesPassed, type Target } from "./harness.ts";

const xent = await nn.init({ threads: 1 });

const stages = [
  ...["length", "header text", "header JSON", "entries", "data layout"],
  ...["metadata JSON", "model described", "tensors match", "accepted"],
];
const REFUSALS: readonly (readonly RegExp[])[] = [
  [
    /^safetensors: the (gzipped )?file (has|begins with) \d+ /,
    /^safetensors: \d+ bytes begin as gzip but do not unpack/,
  ],
  [/^safetensors: the header is not valid UTF-8/],
  [
    /^safetensors: header, character \d+: expected (".*"|a whole string of JSON|a string|the end), found/s,
    /^safetensors: header, character \d+: it is deeper than 64/,
  ],
  [/^safetensors: header, character \d+: /],
  [/^safetensors: tensor .*: (the dtype|its data|the shape)/s, /^safetensors: the data of its tensors ends/],
  [
    /^load: the file has (no "\w+" in its metadata|format )/,
    /^load: "\w+" in the metadata, character \d+: /,
    /^load: (xent|model|training) is /,
  ],
  [/^load: (model|training)\./],
  [
    /^load: (best\.: |last\.: |optimizer \d+: )?("|no parameter)/,
    /^load: tensor .* belongs to nothing/s,
    /^load: the file has \d+ tensors of .* for each parameter/s,
  ],
  [/^load: the model: /],
];

/** Saved models that have, together, all that a file can have. */
async function saved(): Promise<Uint8Array[]> {
  const { dense, relu, batchNorm1d, crossEntropy, adam, sgd } = nn;
  const data = blobSet(1, 24, 3, 2);
  const fresh = xent.sequential({ input: 3, loss: nn.mse() }, [dense(2)]);
  const trained = xent.sequential({ input: 3, seed: 2 }, [dense(3), batchNorm1d(), relu(), dense(2)]);
  const stopped = new AbortController();
  await trained.fit(data, {
    loss: crossEntropy({ weight: [1, 2] }),
    optimizer: adam({ schedule: nn.reduceOnPlateau() }),
    epochs: 4,
    batchSize: 8,
    metrics: ["accuracy", "f1"],
    callbacks: [
      nn.earlyStopping({ patience: 3 }),
      { onEpochEnd: ({ epoch }) => void (epoch === 1 && stopped.abort()) },
    ],
    signal: stopped.signal,
  });
  const blocks = xent.sequential({ input: 3, seed: 3 }, [
    nn.frozen(dense(3, { init: nn.heNormal() })),
    nn.residual([nn.layerNorm(), nn.prelu(), dense(3, { bias: false }), nn.dropout(0.5)]),
    dense(1),
  ]);
  const named = nn.dataset({ x: data.x, y: data.y, features: 3, classes: ["a", "é"] });
  await blocks.fit(named, {
    loss: nn.bceWithLogits(),
    optimizer: sgd({ lr: 0.1, momentum: 0.9 }),
    inspect: false,
  });
  const files = [fresh, trained, blocks].map((model) => model.save());
  for (const model of [fresh, trained, blocks]) model.dispose();
  return files;
}

/** A file in parts: words of the header's entries and of each text of metadata, and the data. */
interface Parts {
  readonly entries: string[];
  readonly metadata: [key: string, words: string[]][];
  readonly data: Uint8Array;
}

/** Strings, numbers, names and marks of a text of JSON. */
const wordsOf = (json: string): string[] => json.match(/"(?:[^"\\]|\\.)*"|[-+.\w]+|[^\s]/g) ?? [];

function apart(file: Uint8Array): Parts {
  const length = new DataView(file.buffer, file.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Record<
    string,
    unknown
  >;
  delete header.__metadata__;
  const metadata = [...readSafetensors(file).metadata].map(([key, json]): [string, string[]] => [
    key,
    wordsOf(json),
  ]);
  return { entries: wordsOf(JSON.stringify(header)), metadata, data: file.slice(8 + length) };
}

function together({ entries, metadata, data }: Parts, shift: number): Uint8Array {
  const told = metadata.map(([key, words]) => `${JSON.stringify(key)}:${JSON.stringify(words.join(""))}`);
  const rest = entries.slice(1).join("");
  const text = new TextEncoder().encode(`{"__metadata__":{${told.join()}}${rest === "}" ? "" : ","}${rest}`);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(text.length + shift), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const bases = (await saved()).map(apart);

const NUMBERS = [
  "0",
  "1",
  "2",
  "3",
  "4",
  "5",
  "7",
  "24",
  "-1",
  "0.5",
  "1e3",
  "1e999",
  "4294967296",
  "9007199254740991",
];
const NAMES = [
  ...[
    "dense",
    "relu",
    "dropout",
    "residual",
    "adam",
    "sgd",
    "mse",
    "units",
    "kind",
    "layers",
    "0.weight",
    "best.0.bias",
  ],
  ...[
    "optimizer.2.0.weight",
    "metrics",
    "F64",
    "U8",
    "I64",
    "__proto__",
    "constructor",
    "",
    "NaN",
    "a\ud83d\ude00",
    "é",
  ],
].map((name) => JSON.stringify(name));
const WORDS = [
  ...NUMBERS,
  ...NAMES,
  "null",
  "true",
  "false",
  "{}",
  "[]",
  "[[",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "",
];

/** A word of the same kind more often than any. */
function otherWord(word: string, any: boolean, pick: number): string {
  const kind = any ? WORDS : word.startsWith('"') ? NAMES : /^[-\d]/.test(word) ? NUMBERS : WORDS;
  return kind[pick % kind.length] as string;
}

type Change = (parts: Parts) => void;
const place = fc.nat();
const wordsIn = (parts: Parts, pick: number): string[] =>
  (parts.metadata[pick % Math.max(1, parts.metadata.length)] ?? ["", parts.entries])[1];
const changes: readonly { arbitrary: fc.Arbitrary<Change>; weight: number }[] = [
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.boolean(), place, place, fc.nat(9), place)
      .map(([inside, which, at, any, pick]) => (parts) => {
        const words = inside ? wordsIn(parts, which) : parts.entries;
        const i = at % Math.max(1, words.length);
        words[i] = otherWord(words[i] ?? "", any === 0, pick);
      }),
  },
  {
    // a member more, of a name that may be there
    weight: 2,
    arbitrary: fc.tuple(place, place, place, place).map(([which, at, name, value]) => (parts) => {
      const words = wordsIn(parts, which);
      const open = words.flatMap((word, i) => (word === "{" && words[i + 1] !== "}" ? [i] : []));
      const i = open[at % Math.max(1, open.length)] ?? 0;
      words.splice(
        i + 1,
        0,
        NAMES[name % NAMES.length] as string,
        ":",
        WORDS[value % WORDS.length] as string,
        ",",
      );
    }),
  },
  {
    weight: 1,
    arbitrary: place.map((which) => (parts) => void parts.metadata.splice(which % 4, 1)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(place, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e38, 2 ** -149))
      .map(([at, value]) => ({ data }) => {
        const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
        view.setFloat32(4 * (at % Math.floor(data.length / 4)), value, true);
      }),
  },
];

/** What happens to bytes: one is changed, they are cut off, some come in between or behind. */
const damage = fc.oneof(
  { weight: 5, arbitrary: fc.constant((bytes: Uint8Array) => bytes) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(place, fc.integer({ min: 1, max: 255 }))
      .map(([at, change]) => (bytes: Uint8Array) => {
        bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ change;
        return bytes;
      }),
  },
  { weight: 1, arbitrary: place.map((at) => (bytes: Uint8Array) => bytes.slice(0, at % (bytes.length + 1))) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(place, fc.uint8Array({ minLength: 1, maxLength: 9 }))
      .map(([at, more]) => (bytes: Uint8Array) => {
        const i = at % (bytes.length + 1);
        return Uint8Array.from([...bytes.subarray(0, i), ...more, ...bytes.subarray(i)]);
      }),
  },
);

export const target: Target = {
  name: "safetensors",
  stages,
  inputs: fc
    .tuple(
      fc.nat(bases.length - 1),
      fc.array(fc.oneof(...changes), { maxLength: 3 }),
      // of the header's length
      fc.oneof(
        { weight: 19, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.integer({ min: -40, max: 40 }) },
      ),
      damage,
    )
    .map(([which, list, shift, damaged]) => {
      const parts = structuredClone(bases[which] as Parts);
      for (const change of list) change(parts);
      return damaged(together(parts, shift));
    }),
  async read(input) {
    let model: nn.Sequential;
    try {
      model = await xent.load(input);
    } catch (error) {
      return stagesPassed(error, REFUSALS);
    }
    const row = new Float32Array(model.input);
    const [file, logits] = [model.save(), model.logits(row)];
    model.dispose();
    const again = await xent.load(file);
    if (Buffer.compare(again.save(), file) !== 0) throw new Error("a file that was saved again is another");
    if (!again.logits(row).every((value, i) => Object.is(value, logits[i]))) throw new Error("other logits");
    again.dispose();
    return stages.length;
  },
};
