// Layers, losses, optimisers and schedules as a command line or a configuration file names them: `adamw:lr=0.01,betas=0.9/0.95`, or in JSON
// { "kind": "adamw", "lr": 0.01 }. Names and options are those of the functions of xent, which check them.

import { checkNames, nearest, show } from "../../base/options.ts";
import * as xent from "../../index.ts";
import { UsageError } from "../errors.ts";

/** A kind, and what its function is given. */
interface Named {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
}

type Maker = (options: never) => unknown;
/** By kind: one that is missing does not compile. */
type Makers<Spec extends { readonly kind: string }> = { readonly [K in Spec["kind"]]: Maker };

const { dense, dropout, residual, constant } = xent;

const ACTIVATIONS = {
  relu: xent.relu,
  leakyRelu: xent.leakyRelu,
  elu: xent.elu,
  gelu: xent.gelu,
  silu: xent.silu,
  softplus: xent.softplus,
  tanh: xent.tanh,
  sigmoid: xent.sigmoid,
  softmax: xent.softmax,
  prelu: xent.prelu,
} as const satisfies Record<string, Maker>;

const LAYERS: Makers<xent.LayerSpec> = {
  dense: ({ units, ...options }: { units: number; init?: unknown; biasInit?: unknown }) =>
    dense(units, {
      ...options,
      ...(options.init === undefined ? {} : { init: initOf(options.init) }),
      ...(options.biasInit === undefined ? {} : { biasInit: initOf(options.biasInit) }),
    } as xent.DenseOptions),
  dropout: ({ p, ...rest }: { p: number }) => {
    checkNames("dropout", rest, ["p"]);
    return dropout(p);
  },
  batchNorm1d: xent.batchNorm1d,
  layerNorm: xent.layerNorm,
  residual: ({ layers, ...rest }: { layers: unknown }) => {
    checkNames("residual", rest, ["layers"]);
    return residual(layersOf(layers));
  },
  ...ACTIVATIONS,
};

const INITS: Makers<xent.InitSpec> = {
  torchDefault: xent.torchDefault,
  heNormal: xent.heNormal,
  heUniform: xent.heUniform,
  glorotNormal: xent.glorotNormal,
  glorotUniform: xent.glorotUniform,
  lecunNormal: xent.lecunNormal,
  lecunUniform: xent.lecunUniform,
  truncatedNormal: xent.truncatedNormal,
  normal: xent.normal,
  uniform: xent.uniform,
  constant: ({ value, ...rest }: { value: number }) => {
    checkNames("constant", rest, ["value"]);
    return constant(value);
  },
  byActivation: xent.byActivation,
};

const LOSSES: Makers<Exclude<xent.LossSpec, xent.CustomLossSpec>> = {
  crossEntropy: xent.crossEntropy,
  bceWithLogits: xent.bceWithLogits,
  mse: xent.mse,
  mae: xent.mae,
  huber: xent.huber,
  quadratic: xent.quadratic,
};

const OPTIMIZERS: Makers<xent.OptimizerSpec> = {
  sgd: xent.sgd,
  adam: xent.adam,
  adamw: xent.adamw,
  rmsprop: xent.rmsprop,
  adagrad: xent.adagrad,
};

const SCHEDULES: Makers<Exclude<xent.ScheduleSpec, xent.ScheduleFunction>> = {
  cosine: xent.cosine,
  oneCycle: xent.oneCycle,
  linear: xent.linear,
  exponential: xent.exponential,
  stepDecay: xent.stepDecay,
  multiStep: xent.multiStep,
  reduceOnPlateau: xent.reduceOnPlateau,
};

/** The option that a value without a name is of: `dense:64`. */
const FIRST: Readonly<Record<string, string>> = {
  dense: "units",
  dropout: "p",
  constant: "value",
  residual: "layers",
  sgd: "lr",
  adam: "lr",
  adamw: "lr",
  rmsprop: "lr",
  adagrad: "lr",
  exponential: "gamma",
};

/** Kinds whose functions look at no options. */
const BARE = [
  ...["relu", "silu", "tanh", "sigmoid", "softmax"],
  ...["torchDefault", "lecunNormal", "lecunUniform", "byActivation"],
];

export const activationOf = (given: unknown): xent.LayerSpec =>
  made("activation", ACTIVATIONS, given) as xent.LayerSpec;

/** Layers in their order: text with blanks between them, or a list. */
export function layersOf(given: unknown): xent.LayerSpec[] {
  const list = typeof given === "string" ? given.split(/\s+/).filter((each) => each !== "") : given;
  if (!Array.isArray(list))
    throw new UsageError(`layers are ${show(given)}, expected text such as "dense:64 relu", or a list`);
  return list.map((each: unknown) => made("layer", LAYERS, each) as xent.LayerSpec);
}

export const initOf = (given: unknown): xent.InitSpec => made("init", INITS, given) as xent.InitSpec;

export const lossOf = (given: unknown, more: object = {}): xent.LossSpec =>
  made("loss", LOSSES, given, more) as xent.LossSpec;

export const scheduleOf = (given: unknown): xent.ScheduleSpec =>
  made("schedule", SCHEDULES, given) as xent.ScheduleSpec;

/**
 * @param more  options that were given elsewhere, such as by `--lr`; they win
 */
export function optimizerOf(
  given: unknown,
  more: Readonly<Record<string, unknown>> = {},
): xent.OptimizerSpec {
  const { kind, options } = named("optimizer", OPTIMIZERS, given);
  const { schedule } = options;
  return made(
    "optimizer",
    OPTIMIZERS,
    { kind, ...options },
    {
      ...(schedule === undefined ? {} : { schedule: scheduleOf(schedule) }),
      ...more,
    },
  ) as xent.OptimizerSpec;
}

function made(
  what: string,
  makers: Readonly<Record<string, Maker>>,
  given: unknown,
  more: object = {},
): unknown {
  const { kind, options } = named(what, makers, given);
  const all = { ...options, ...more };
  if (BARE.includes(kind)) checkNames(kind, all, []);
  return (makers[kind] as Maker)(all as never);
}

function named(what: string, makers: Readonly<Record<string, Maker>>, given: unknown): Named {
  const found = typeof given === "string" ? parse(what, given) : fromObject(what, given);
  if (Object.hasOwn(makers, found.kind)) return found;
  const known = Object.keys(makers);
  const meant = nearest(found.kind, known);
  throw new UsageError(
    `there is no ${what} ${show(found.kind)}. ${meant === undefined ? "" : `Did you mean ${meant}? `}Known: ${known.join(", ")}.`,
  );
}

function fromObject(what: string, given: unknown): Named {
  const { kind, ...options } = Object(given) as { kind?: unknown };
  if (typeof given === "object" && typeof kind === "string") return { kind, options };
  throw new UsageError(
    `the ${what} is ${show(given)}, expected text such as "kind:option=value", or an object with a kind`,
  );
}

/** `kind`, `kind:value`, `kind:option=value,option=value`. */
function parse(what: string, text: string): Named {
  const colon = text.indexOf(":");
  const kind = colon < 0 ? text : text.slice(0, colon);
  if (colon < 0) return { kind, options: {} };
  const options: Record<string, unknown> = {};
  for (const [i, part] of text
    .slice(colon + 1)
    .split(",")
    .entries()) {
    const equals = part.indexOf("=");
    const name = equals < 0 && i === 0 ? FIRST[kind] : part.slice(0, Math.max(equals, 0));
    const value = part.slice(equals + 1);
    if (name === undefined || name === "" || name === "__proto__" || value === "")
      throw new UsageError(
        `the ${what} ${show(text)} has ${show(part)}, expected option=value with a comma between two, as in adam:lr=0.01,eps=1e-7`,
      );
    options[name] = valueIn(value);
  }
  return { kind, options };
}

/** A number, true, false, a list of such with slashes between them, or the text. */
function valueIn(text: string): unknown {
  if (text.includes("/")) return text.split("/").map(valueIn);
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}
