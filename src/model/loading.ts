// Reads what saving.ts writes, without trust: everything is checked before anything of a model changes. Loaded when a file is.

import { toBytes } from "../base/bytes.ts";
import { gunzip, isGzip } from "../base/gunzip.ts";
import { MAX_F32, show, within } from "../base/options.ts";
import type { LayerSpec, LossSpec, OptimizerSpec, Scaling, StateDict } from "../base/spec.ts";
import { preprocessingOf } from "../data/prepare.ts";
import type { Preprocessing } from "../data/prepared.ts";
import { claimedLength, decodeSafetensors } from "../io/decode.ts";
import { parseJson } from "../io/json.ts";
import { LIMITS } from "../io/limits.ts";
import { failure } from "../io/safetensors.ts";
import type { Network } from "../nn/network.ts";
import { lastLayer } from "../nn/params.ts";
import { Rates } from "../train/rates.ts";
import { Run, type RunState, type Series } from "../train/run.ts";
import { checkFits } from "../train/scoring.ts";
import { described } from "./kinds.ts";
import { asSaved, type Found, fail, match, NO_OPTIMIZER } from "./matching.ts";
import { checkLayers, checkLoss, checkOptimizer } from "./options.ts";
import { FORMAT, GONE, text } from "./saving.ts";
import type { Training } from "./training.ts";

/** What a file says, checked as far as that goes without a model. */
export interface Saved {
  readonly input: number;
  readonly seed: number;
  readonly layers: readonly LayerSpec[];
  readonly scaling: Scaling;
  /** undefined too where it cannot come back: a loss in JavaScript */
  readonly loss: LossSpec | undefined;
  readonly classes: readonly string[] | undefined;
  readonly preprocessing: Preprocessing | undefined;
  /** with `GONE` in place of a schedule in JavaScript */
  readonly optimizer: OptimizerSpec | undefined;
  readonly rates:
    | { readonly kind: string; readonly steps: number; readonly powers?: readonly [number, number] }
    | undefined;
  readonly batches: number;
  readonly run: RunState | undefined;
  readonly over: string | undefined;
  readonly tensors: Found;
}

/**
 * Reads a file, plain or gzipped.
 *
 * @throws {XentError} `CHECKPOINT`
 */
export async function readSaved(bytes: Uint8Array | ArrayBuffer): Promise<Saved> {
  const file = toBytes(bytes, failure);
  const { tensors, metadata } = decodeSafetensors(
    isGzip(file) ? await gunzip(file, claimedLength, failure) : file,
  );
  const part = (key: string): Record<string, unknown> => {
    const json = metadata.get(key);
    if (json === undefined) {
      throw fail(
        `the file has no "${key}" in its metadata`,
        "It is a safetensors file of something else: make the model with sequential() and use loadStateDict().",
      );
    }
    return parse(key, json);
  };
  const { format } = part("xent");
  if (format !== FORMAT) {
    throw fail(
      `the file has format ${show(format)}, expected ${FORMAT}`,
      "Read it with the version that wrote it.",
    );
  }
  const model = part("model");
  const training = part("training");
  const { loss, classes, preprocessing, scaling } = model;
  const { scale, shift } = record("model.scaling", scaling);
  if (classes !== undefined && !(isList(classes) && classes.every((name) => typeof name === "string"))) {
    throw fail(`model.classes are ${show(classes)}, expected names`);
  }
  const { optimizer, rates, run, over } = training;
  const { schedule } = Object(optimizer) as { schedule?: unknown };
  const told = {
    input: count("model.input", model.input, 1),
    seed: count("model.seed", model.seed),
    layers: asSaved("model.layers", () => layersOf(model.layers)),
    scaling: {
      scale: asSaved("model.scaling", () => within("scale", scale, -MAX_F32)),
      shift: asSaved("model.scaling", () => within("shift", shift, -MAX_F32)),
    },
    loss: asSaved("model.loss", () =>
      (Object(loss) as { kind?: unknown }).kind === "custom"
        ? undefined
        : checkLoss("load", described(loss) as LossSpec),
    ),
    classes: classes as readonly string[] | undefined,
    preprocessing: asSaved("model.preprocessing", () =>
      preprocessing === undefined ? undefined : preprocessingOf(preprocessing),
    ),
    optimizer: asSaved("training.optimizer", () =>
      checkOptimizer(
        "load",
        described(
          schedule === "function"
            ? { ...(optimizer as OptimizerSpec), schedule: GONE }
            : (optimizer as OptimizerSpec | undefined),
        ),
      ),
    ),
    rates: rates === undefined ? undefined : ratesOf(record("training.rates", rates)),
    batches: count("training.batches", training.batches),
    run: run === undefined ? undefined : runOf(record("training.run", run)),
    over: over === undefined ? undefined : String(over),
  };
  return { ...told, tensors: match(told, tensors) };
}

/**
 * Makes a model what the file says.
 *
 * @throws {XentError} `CHECKPOINT` the file is of another net; nothing is changed then
 */
export function restore(network: Network, training: Training, saved: Saved): void {
  checkSame(network, saved);
  const { tensors, run, rates } = saved;
  const { weights, slots, optimizer } = tensors;
  // the file's bytes are the caller's
  const best = copied(tensors.best);
  const last = copied(tensors.last);
  const measured = tensors.measured?.slice();
  // memory is taken before anything is written, and then nothing fails
  network.become(weights, optimizer, slots);
  network.remember(saved.loss, saved.scaling);
  network.batches = saved.batches;
  training.rates = rates && new Rates(rates.kind, saved.optimizer ?? NO_OPTIMIZER);
  if (rates !== undefined) training.rates?.load(rates);
  training.classes = saved.classes;
  training.preprocessing = saved.preprocessing;
  training.optimizer = saved.optimizer;
  training.adopt(run && new Run(run.settings, run.epochsBefore, run, measured), saved.over);
  if (training.run !== undefined) {
    training.run.best = best;
    training.run.last = last;
  }
}

function copied(state: StateDict | undefined): StateDict | undefined {
  if (state === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(state).map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
  );
}

/** Says the first thing in which the file's net is another. */
function checkSame({ input, outputs, seed, layers }: Network, saved: Saved): void {
  const differs = (what: string, file: unknown, own: unknown): void => {
    const [a, b] = [text(file), text(own)];
    if (a === b) return;
    throw fail(
      `${what} is ${a ?? "missing"} in the file and ${b ?? "missing"} in the model`,
      "Load it with xent.load(), which makes the model that the file describes.",
    );
  };
  differs("input", saved.input, input);
  for (let i = 0; i < Math.max(layers.length, saved.layers.length); i++) {
    differs(`layer ${i}`, saved.layers[i], layers[i]);
  }
  differs("seed", saved.seed, seed);
  const { loss, classes, preprocessing } = saved;
  if (preprocessing !== undefined && preprocessing.features !== input) {
    throw fail(`model.preprocessing makes ${preprocessing.features} features, the model takes ${input}`);
  }
  if (preprocessing?.spec.target?.kind === "numbers" && preprocessing.outputs !== outputs) {
    throw fail(
      `model.preprocessing has ${preprocessing.outputs} numbers to learn, the model has ${outputs} outputs`,
    );
  }
  if (loss !== undefined) {
    asSaved("model.loss", () => checkFits("load", loss, outputs, lastLayer(layers)));
  }
  if (classes !== undefined && ![outputs, Math.max(outputs, 2)].includes(classes.length)) {
    throw fail(`model.classes are ${classes.length} names, the model has ${outputs} outputs`);
  }
}

/** Their number is looked at first: a layer without parameters costs a file a few bytes, and a model some hundred. */
function layersOf(list: unknown): readonly LayerSpec[] {
  if (isList(list)) {
    let most: number = LIMITS.layers;
    const countDown = (layers: readonly unknown[]): void => {
      for (const layer of layers) {
        if (--most < 0) throw new Error(`there are more than ${LIMITS.layers}`);
        const { layers: inner } = Object(layer) as { layers?: unknown };
        if (isList(inner)) countDown(inner);
      }
    };
    countDown(list);
  }
  return checkLayers(described(list) as readonly LayerSpec[]);
}

function parse(key: string, json: string): Record<string, unknown> {
  return record(
    key,
    parseJson(json, (problem) => fail(`"${key}" in the metadata, ${problem}`)),
  );
}

function record(what: string, value: unknown): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw fail(`${what} is ${show(value)}, expected an object`);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function count(what: string, value: unknown, least = 0): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw fail(`${what} is ${show(value)}, expected an integer of at least ${least}`);
}

function finite(what: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw fail(`${what} is ${show(value)}, expected a finite number`);
}

/** A number as `text` writes it. */
function number(what: string, value: unknown): number {
  return ["NaN", "Infinity", "-Infinity"].includes(value as string) ? Number(value) : finite(what, value);
}

function ratesOf({ kind, steps, powers }: Record<string, unknown>): NonNullable<Saved["rates"]> {
  if (typeof kind !== "string") throw fail(`training.rates.kind is ${show(kind)}`);
  const rates = { kind, steps: count("training.rates.steps", steps) };
  if (powers === undefined) return rates;
  if (!isList(powers) || powers.length !== 2) throw fail(`training.rates.powers are ${show(powers)}`);
  const [beta1, beta2] = powers.map((power, i) =>
    asSaved("training.rates", () => within(`powers[${i}]`, power, 0, 1)),
  ) as [number, number];
  return { ...rates, powers: [beta1, beta2] };
}

function runOf(run: Record<string, unknown>): RunState {
  const sums = record("training.run.sums", run.sums);
  const early = record("training.run.early", run.early);
  const of = (name: string): number => number(`training.run.sums.${name}`, sums[name]);
  const epoch = count("training.run.epoch", run.epoch);
  return {
    epoch,
    row: count("training.run.row", run.row),
    step: count("training.run.step", run.step),
    epochsBefore: count("training.run.epochsBefore", run.epochsBefore),
    sums: { loss: of("loss"), share: of("share"), hits: of("hits"), counted: of("counted") },
    series: series("training.run.series", run.series, [epoch]),
    validation: series("training.run.validation", run.validation, [0, epoch]),
    early: {
      best: early.best === null ? null : number("training.run.early.best", early.best),
      epoch: count("training.run.early.epoch", early.epoch, -1),
      waited: count("training.run.early.waited", early.waited),
    },
    schedule: run.schedule,
    settings: record("training.run.settings", run.settings),
  };
}

/** Lists of numbers by name, the loss among them, each of one of these lengths. */
function series(what: string, value: unknown, lengths: readonly number[]): Series {
  const found: Series = {};
  for (const [name, list] of Object.entries(record(what, value))) {
    if (!isList(list) || !lengths.includes(list.length)) {
      throw fail(`${what}.${name} is ${show(list)}, expected ${lengths.join(" or ")} numbers`);
    }
    const numbers = list.map((one, i) => number(`${what}.${name}[${i}]`, one));
    Object.defineProperty(found, name, {
      value: numbers,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  if (!Object.hasOwn(found, "loss")) throw fail(`${what} has no loss`);
  return found;
}
