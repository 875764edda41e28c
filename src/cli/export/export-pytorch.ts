// A model for PyTorch: its weights as a state_dict in the safetensors format, and a Python module that has the same layers, prepares
// rows as the model does, and reads the weights. It needs torch and nothing else.

import { type NumberColumn, type PreprocessingSpec, writeSafetensors } from "../../data.ts";
import type { LayerSpec, LossSpec, Sequential } from "../../index.ts";
import type { Saved } from "../saved.ts";

/** @param weights  name of the file beside the module */
export function exportPytorch(
  model: Sequential,
  saved: Saved,
  weights: string,
): { readonly state: Uint8Array; readonly text: string } {
  // parameters begin with the place of their layer; what belongs to training has names in front
  const own = [...saved.tensors].filter(([name]) => /^\d/.test(name));
  return { state: writeSafetensors(Object.fromEntries(own)), text: textOf(model, saved, weights) };
}

function textOf({ classes, preprocessing }: Sequential, { model }: Saved, weights: string): string {
  const { input, layers, scaling, loss } = model;
  const spec = preprocessing?.spec;
  const residual = layersIn(layers).some(({ kind }) => kind === "residual");
  const parts = [
    head(spec !== undefined),
    `WEIGHTS = pathlib.Path(__file__).with_name(${literal(weights)})`,
    `CLASSES = ${classes === undefined ? "None" : literal(classes)}  # by their ids`,
    spec === undefined ? bytesOf(scaling) : columnsOf(spec),
    "\n",
    ...(residual ? [RESIDUAL, "\n"] : []),
    `def net():
    """The layers with their first weights, under the names of the file."""
    return ${sequential(layers, input, "    ", "torch.nn.Sequential").text}
`,
    "",
    LOAD,
    "",
    spec === undefined ? FEATURES_OF_NUMBERS : FEATURES_OF_ROWS,
    "",
    predict(spec, loss),
  ];
  return `${parts.join("\n").trimEnd()}\n`;
}

function head(rows: boolean): string {
  const given = rows
    ? `rows are dictionaries by the names of the columns, as csv.DictReader or DataFrame.to_dict("records") give them`
    : "rows are numbers, [rows, features]";
  return `"""A net that xent trained, for PyTorch. It needs torch alone.

    net = load()                 # in evaluation; the weights are beside this file
    predict(net, rows)           # ${rows ? "a row of outputs for each" : "[rows, outputs]"}

${given[0]?.toUpperCase()}${given.slice(1)}.
"""

import json
${rows ? "import math\n" : ""}import pathlib

import torch
`;
}

const RESIDUAL = `class Residual(torch.nn.Sequential):
    """x + layers(x)"""

    def forward(self, x):
        return x + super().forward(x)
`;

const LOAD = `def load(path=WEIGHTS):
    """The net with the weights of a safetensors file: 8 bytes of length, a header in JSON, the tensors end to end."""
    data = pathlib.Path(path).read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    types = {"F32": torch.float32, "I64": torch.int64}
    state = {}
    for name, entry in json.loads(data[8:begin]).items():
        if name != "__metadata__":
            first, end = (begin + offset for offset in entry["data_offsets"])
            flat = torch.frombuffer(bytearray(data[first:end]), dtype=types[entry["dtype"]])
            state[name] = flat.reshape(entry["shape"])
    loaded = net()
    loaded.load_state_dict(state)
    return loaded.eval()
`;

const FEATURES_OF_NUMBERS = `def features(rows):
    """[rows, features] in float32; bytes are scaled."""
    x = torch.as_tensor(rows)
    return x.float() * SCALE + SHIFT if x.dtype == torch.uint8 else x.float()
`;

const FEATURES_OF_ROWS = `def features(rows):
    """[rows, features] in float32, of dictionaries by the names of the columns."""
    x = [[x for column in COLUMNS for x in prepared(column, row, i)] for i, row in enumerate(rows)]
    return torch.tensor(x, dtype=torch.float32)


def prepared(column, row, i):
    """The features that a column gives for row i."""
    name, value = column["name"], row[column["name"]]
    if value is None or value == "" or value != value:
        value = column.get("fill")
        if value is None:
            raise ValueError(f"row {i}: column {name!r} has no value")
    if column["kind"] == "number":
        value = float(value)
        if not math.isfinite(value):
            raise ValueError(f"row {i}: column {name!r} is {value}")
        return [(value - column["center"]) * column["scale"] + column["offset"]]
    known, label = column["categories"], text(value)
    if label not in known and column["unknown"] == "error":
        raise ValueError(f"row {i}: column {name!r} is {label!r}, which was not there in training")
    if column["kind"] == "ids":
        return [float(known.index(label))]
    return [float(label == category) for category in known]


def text(value):
    """A category as xent writes it: true, 2 for 2.0."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
`;

/** What `predict` of the model gives, whose link goes by the loss. */
function predict(spec: PreprocessingSpec | undefined, loss: LossSpec | undefined): string {
  const target = spec?.target;
  const link: { readonly [K in LossSpec["kind"]]?: string } = {
    crossEntropy: "torch.softmax(y, 1)",
    bceWithLogits: "torch.sigmoid(y)",
  };
  const what =
    loss === undefined
      ? "Logits: the loss is not known."
      : link[loss.kind]
        ? "Probabilities."
        : "Outputs, in their own units.";
  const lines = [
    "def predict(net, rows):",
    `    """[rows, outputs]. ${what}"""`,
    "    with torch.inference_mode():",
    "        y = net(features(rows))",
  ];
  const linked = loss && link[loss.kind];
  if (linked !== undefined) lines.push(`        y = ${linked}`);
  if (loss !== undefined && target?.kind === "numbers") {
    const each = (of: (column: NumberColumn) => number): string =>
      `torch.tensor([${target.columns.map((column) => literal(of(column))).join(", ")}], dtype=torch.float64)`;
    lines.push(
      `        offset = ${each(({ offset }) => offset)}`,
      `        scale = ${each(({ scale }) => scale)}`,
      `        center = ${each(({ center }) => center)}`,
      "        y = ((y.double() - offset) / scale + center).float()",
    );
  }
  lines.push("        return y", "");
  return lines.join("\n");
}

const bytesOf = ({ scale, shift }: Saved["model"]["scaling"]): string =>
  `SCALE, SHIFT = ${literal(scale)}, ${literal(shift)}  # of features that are bytes`;

/** Texts and numbers alone, whose JSON is Python's too; a column without `fill` refuses missing values. */
function columnsOf({ columns }: PreprocessingSpec): string {
  return `COLUMNS = [\n${columns.map((column) => `    ${literal(column)},\n`).join("")}]`;
}

/** JSON, which Python reads alike where there is no true, false or null. */
const literal = (value: unknown): string => JSON.stringify(value);

interface Made {
  readonly text: string;
  /** of what it gives */
  readonly width: number;
}

/** A container of layers, one a line. */
function sequential(layers: readonly LayerSpec[], input: number, indent: string, name: string): Made {
  let width = input;
  const lines = layers.map((layer) => {
    const made = layerOf(layer, width, `${indent}    `);
    width = made.width;
    return `${indent}    ${made.text},\n`;
  });
  return { text: `${name}(\n${lines.join("")}${indent})`, width };
}

type Of<K extends LayerSpec["kind"]> = Extract<LayerSpec, { readonly kind: K }>;

/** By kind, the arguments of PyTorch's module and its name; one that is missing does not compile. */
const MODULES: {
  readonly [K in Exclude<LayerSpec["kind"], "dense" | "residual">]: (spec: Of<K>, width: number) => string;
} = {
  relu: () => "ReLU()",
  sigmoid: () => "Sigmoid()",
  tanh: () => "Tanh()",
  leakyRelu: ({ negativeSlope }) => `LeakyReLU(${negativeSlope})`,
  elu: ({ alpha }) => `ELU(${alpha})`,
  gelu: ({ approximate }) => `GELU(approximate=${literal(approximate)})`,
  silu: () => "SiLU()",
  softplus: ({ beta }) => `Softplus(beta=${beta})`,
  softmax: () => "Softmax(dim=1)",
  dropout: ({ p }) => `Dropout(${p})`,
  batchNorm1d: ({ eps, momentum, affine }, width) =>
    `BatchNorm1d(${width}, eps=${eps}, momentum=${momentum}, affine=${python(affine)})`,
  layerNorm: ({ eps, affine }, width) =>
    `LayerNorm(${width}, eps=${eps}, elementwise_affine=${python(affine)})`,
  prelu: ({ init, shared }, width) => `PReLU(${shared ? 1 : width}, init=${init})`,
};

function layerOf(layer: LayerSpec, width: number, indent: string): Made {
  if (layer.kind === "dense") {
    const { units, bias } = layer;
    return {
      text: `torch.nn.Linear(${width}, ${units}${bias === false ? ", bias=False" : ""})`,
      width: units,
    };
  }
  if (layer.kind === "residual") return sequential(layer.layers, width, indent, "Residual");
  const made = MODULES[layer.kind] as (spec: LayerSpec, width: number) => string;
  return { text: `torch.nn.${made(layer, width)}`, width };
}

const python = (value: boolean): string => (value ? "True" : "False");

function layersIn(layers: readonly LayerSpec[]): LayerSpec[] {
  return layers.flatMap((layer) =>
    layer.kind === "residual" ? [layer, ...layersIn(layer.layers)] : [layer],
  );
}
