// Optimisers as they are described, refused and laid: which records over which parameters, what is kept, and the numbers of a step.

import { describe, expect, it } from "vitest";
import { TILE_5X8 } from "../../src/base/abi.ts";
import { OPS } from "../../src/base/ops.ts";
import type { OptimizerSpec, ParamGroup } from "../../src/base/spec.ts";
import { dataset } from "../../src/data/dataset.ts";
import { Sequential } from "../../src/model/sequential.ts";
import { tanh } from "../../src/nn/activations.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense } from "../../src/nn/layers.ts";
import { type Layout, layNetwork, type Optimizing } from "../../src/nn/layout.ts";
import type { Draft } from "../../src/program/builder.ts";
import { mark } from "../../src/program/sharing.ts";
import { verify } from "../../src/program/verify.ts";
import { adagrad, adam, adamw, rmsprop } from "../../src/train/adaptive.ts";
import { optimizing } from "../../src/train/optimizing.ts";
import { Rates } from "../../src/train/rates.ts";
import { sgd } from "../../src/train/sgd.ts";
import { noDecay } from "../../src/train/update-options.ts";
import { floats } from "../oracle/data.ts";
import { coreOf } from "../support/core.ts";
import { thrown } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const layers = [dense(6), tanh(), dense(4), tanh(), dense(3)];
const loss = crossEntropy();

function laid(optimizer: Optimizing, accumulates = false): Layout {
  const net = {
    tile: TILE_5X8,
    threads: 1,
    input: 5,
    outputs: 3,
    layers,
    scaling: { scale: 1, shift: 0 },
    loss,
  };
  const config = {
    batchSize: 4,
    windowRows: 4,
    features: "f32",
    loss,
    targets: "ids",
    hits: "fused",
  } as const;
  return layNetwork(
    { ...net, slots: optimizer.slots.length },
    { ...config, weighted: false, optimizer, accumulates },
  );
}

/** The records behind the backward pass: op, elements from where on and how many, scalars. */
function updates(spec: OptimizerSpec): string[] {
  const layout = laid(optimizing(spec));
  const { builder, backwardEnd } = layout.train as NonNullable<Layout["train"]>;
  const words = builder.encode();
  mark(words);
  expect(verify(words, builder.drafts, 3)).toEqual([]);
  return builder.drafts.slice(backwardEnd).map((draft) => shown(draft, layout));
}

function shown({ op, operands, d, f }: Draft, { params, grads, slots }: Layout): string {
  const name = OPS.get(op)?.name as string;
  const flats = [params, grads, ...slots];
  const from = operands.flatMap((tensor) => {
    const flat = flats.find((each) => tensor?.region === each.region && tensor.name === each.name);
    return flat === undefined || tensor === undefined ? [] : [(tensor.address - flat.address) / 4];
  });
  // all runs of a record begin at the same parameter
  expect(new Set(from).size).toBeLessThanOrEqual(1);
  const scalars = f.map((x) => Number(x.toPrecision(6))).join(" ");
  return `${name} ${from[0] ?? ""}+${d.join()}${scalars === "" ? "" : `: ${scalars}`}`;
}

/** In memory: three matrices of 5, 6 and 4 rows of 16, then three vectors of 16. */
const [MATRICES, ALL] = [(5 + 6 + 4) * 16, (5 + 6 + 4 + 3) * 16];

describe("records", () => {
  const lr = 0.1;
  it.each<readonly [string, OptimizerSpec, readonly string[]]>([
    ["plain sgd: one over all", sgd({ lr }), [`sgdStep 0+${ALL}: 1`]],
    ["momentum", sgd({ lr, momentum: 0.9 }), [`momentumStep 0+${ALL}: 1 0.9 0`]],
    ["Nesterov", sgd({ lr, momentum: 0.9, nesterov: true }), [`momentumStep 0+${ALL}: 1 0.9 0.9`]],
    ["adam", adam(), [`adamStep 0+${ALL}: 1 0.1 0.001 1e-8`]],
    [
      "adam's decay is part of the gradient",
      adam({ weightDecay: 0.25 }),
      [`prepareGradient 0+${ALL}: Infinity 0.25 0`, `adamStep 0+${ALL}: 1 0.1 0.001 1e-8`],
    ],
    ["adamw's is not", adamw(), [`adamStep 0+${ALL}: 1 0.1 0.001 1e-8 0.01`]],
    [
      "noDecay: matrices and vectors",
      adamw({ groups: [noDecay] }),
      [
        `adamStep 0+${MATRICES}: 1 0.1 0.001 1e-8 0.01`,
        `adamStep ${MATRICES}+${ALL - MATRICES}: 1 0.1 0.001 1e-8 0`,
      ],
    ],
    ["rmsprop", rmsprop(), [`rmspropStep 0+${ALL}: 1 0.01 1e-8 0`]],
    ["adagrad", adagrad(), [`adagradStep 0+${ALL}: 1 1e-10`]],
    ["clipValue", sgd({ lr, clipValue: 2 }), [`prepareGradient 0+${ALL}: 2 0 0`, `sgdStep 0+${ALL}: 1`]],
    [
      "clipNorm: the norm of all, then as it is",
      sgd({ lr, clipNorm: 2, l1: 0.5 }),
      [
        `squareSums 0+${ALL},0`,
        "clipFactor +1: 2",
        `prepareGradient 0+${ALL}: Infinity 0 0.5`,
        `sgdStep 0+${ALL}: 1`,
      ],
    ],
    [
      "a layer in the middle: what is side by side and alike is one run",
      sgd({ lr, groups: [{ layers: ["2"], lrScale: 0.5 }] }),
      [
        `sgdStep 0+${5 * 16}: 1`,
        `sgdStep ${5 * 16}+${6 * 16}: 0.5`,
        // the last matrix and the first vector
        `sgdStep ${11 * 16}+${5 * 16}: 1`,
        `sgdStep ${16 * 16}+16: 0.5`,
        `sgdStep ${17 * 16}+16: 1`,
      ],
    ],
    [
      "the first group that fits, and none for a scale of 0, whose gradients count in the norm",
      sgd({
        lr,
        weightDecay: 0.25,
        clipNorm: 1,
        groups: [
          { roles: ["bias"], weightDecay: 0 },
          { layers: ["0"], lrScale: 0 },
          { layers: ["0", "2"], weightDecay: 0.5 },
        ],
      }),
      [
        `squareSums 0+${ALL},0`,
        "clipFactor +1: 1",
        `prepareGradient ${5 * 16}+${6 * 16}: Infinity 0.5 0`,
        `sgdStep ${5 * 16}+${6 * 16}: 1`,
        `prepareGradient ${11 * 16}+${4 * 16}: Infinity 0.25 0`,
        `sgdStep ${11 * 16}+${4 * 16}: 1`,
        `prepareGradient ${MATRICES}+48: Infinity 0 0`,
        `sgdStep ${MATRICES}+48: 1`,
      ],
    ],
  ])("%s", (_, spec, expected) => {
    expect(updates(spec)).toEqual(expected);
  });

  it("frozen parameters have none", () => {
    const frozen: Optimizing = {
      ...optimizing(sgd({ lr: 1 })),
      emit: (b, plan, tensors) =>
        optimizing(sgd({ lr, clipNorm: 1 })).emit(b, plan, {
          ...tensors,
          list: tensors.list.map((param) =>
            param.name.startsWith("4.") ? { ...param, frozen: true } : param,
          ),
        }),
    };
    const layout = laid(frozen);
    const { builder, backwardEnd } = layout.train as NonNullable<Layout["train"]>;
    const lines = builder.drafts.slice(backwardEnd).map((draft) => shown(draft, layout));
    expect(lines).toEqual([
      `squareSums 0+${11 * 16},0`,
      `squareSums ${MATRICES}+32,1`,
      "clipFactor +2: 1",
      `prepareGradient 0+${11 * 16}: Infinity 0 0`,
      `sgdStep 0+${11 * 16}: 1`,
      `prepareGradient ${MATRICES}+32: Infinity 0 0`,
      `sgdStep ${MATRICES}+32: 1`,
    ]);
  });

  it("add up gradients only where that is asked for", () => {
    const flags = (accumulates: boolean): number[] => {
      const { builder, lossEnd, backwardEnd } = laid(optimizing(sgd({ lr: 1 })), accumulates)
        .train as NonNullable<Layout["train"]>;
      return builder.drafts.slice(lossEnd, backwardEnd).map((draft) => draft.flags & 2048);
    };
    expect(flags(false).every((flag) => flag === 0)).toBe(true);
    // three weights and three biases
    expect(flags(true).filter((flag) => flag !== 0).length).toBe(6);
  });
});

describe("what is kept", () => {
  it.each<readonly [OptimizerSpec, string, readonly number[]]>([
    [sgd({ lr: 1 }), "sgd", []],
    [sgd({ lr: 1, momentum: 0.5 }), "sgd momentum", [0]],
    [adam(), "adam mean square", [0, 0]],
    [adamw(), "adamw mean square", [0, 0]],
    [rmsprop(), "rmsprop square", [0]],
    [rmsprop({ centered: true }), "rmsprop square mean", [0, 0]],
    [rmsprop({ centered: true, momentum: 0.5 }), "rmsprop square mean momentum", [0, 0, 0]],
    [adagrad({ initialAccumulator: 0.5 }), "adagrad sum", [0.5]],
  ])("%j", (spec, kind, slots) => {
    expect(optimizing(spec)).toMatchObject({ kind, slots });
    expect(laid(optimizing(spec)).slots.length).toBe(slots.length);
  });

  it("the learning rate and its schedule make no other records, all else does", () => {
    const { records } = optimizing(sgd({ lr: 0.1, momentum: 0.5 }));
    expect(optimizing(sgd({ lr: 0.2, momentum: 0.5 })).records).toBe(records);
    expect(optimizing({ ...sgd({ lr: 0.2, momentum: 0.5 }), schedule: () => 1 }).records).toBe(records);
    for (const more of [{ momentum: 0.25 }, { nesterov: true }, { weightDecay: 1 }, { groups: [noDecay] }]) {
      expect(optimizing(sgd({ lr: 0.1, momentum: 0.5, ...more })).records).not.toBe(records);
    }
  });

  it("a scale of 0 leaves parameters as they are, to the bit", async () => {
    const optimizer = adamw({ groups: [{ layers: ["2"], lrScale: 0 }] });
    const model = new Sequential(coreOf("simd"), { input: 5, loss, optimizer }, layers);
    const before = model.stateDict();
    await model.fit(dataset({ x: floats(1, 40), y: [0, 1, 2, 0, 1, 2, 0, 1], features: 5 }), { epochs: 2 });
    const after = model.stateDict();
    for (const [name, { data }] of Object.entries(before)) {
      if (name.startsWith("2.")) expect(after[name]?.data, name).toEqual(data);
      else expect(after[name]?.data, name).not.toEqual(data);
    }
  });
});

describe("the numbers of a step", () => {
  /** What step `step` is set to, the ones before it done. */
  const of = (spec: OptimizerSpec, step: number, lr: number) => {
    const rates = new Rates("", spec);
    const turn = { correction1: Number.NaN, correction2: Number.NaN };
    for (let i = 0; i < step; i++) rates.count();
    return { lr: rates.next(lr, turn), ...turn };
  };

  it("of momentum: the buffer begins as the gradient", () => {
    const spec = sgd({ lr: 1, momentum: 0.5, dampening: 0.25 });
    expect(of(spec, 0, 0.5)).toEqual({ lr: 0.5, correction1: 0, correction2: 1 });
    expect(of(spec, 1, 0.5)).toEqual({ lr: 0.5, correction1: 1, correction2: 0.75 });
  });

  it("of adam: both corrections, within float64's rounding of powers", () => {
    for (const step of [0, 1, 9, 999, 1e5]) {
      const { lr, correction1, correction2 } = of(adam({ betas: [0.8, 0.99] }), step, 0.25);
      const [first, second] = [1 - 0.8 ** (step + 1), Math.sqrt(1 - 0.99 ** (step + 1))];
      expect(lr).toBe(0.25);
      // t·βᵗ·2⁻⁵³ is what the power is off by, at most 2⁻⁴⁷ for β = 0.99, and 1 − βᵗ is 0.01 at least
      expect(Math.abs(correction2 / second - 1)).toBeLessThan(2 ** -40);
      expect(Math.abs((correction1 * first) / (0.25 * second) - 1)).toBeLessThan(2 ** -40);
    }
  });

  it("of adagrad: the learning rate", () => {
    const spec = adagrad({ lrDecay: 0.5 });
    expect([0, 1, 2].map((step) => of(spec, step, 0.5).lr)).toEqual([0.5, 0.5 / 1.5, 0.25]);
  });

  it.each([sgd({ lr: 1, momentum: 0.5 }), adamw(), rmsprop(), adagrad({ lrDecay: 0.5 })])(
    "go on from a state that went through JSON: $kind",
    (spec) => {
      const [rates, other] = [new Rates("", spec), new Rates("", spec)];
      for (let i = 0; i < 7; i++) rates.count();
      other.load(JSON.parse(JSON.stringify(rates.state())));
      for (let i = 0; i < 3; i++) {
        const turns = [rates, other].map((each) => {
          const turn = { correction1: 0, correction2: 0 };
          const lr = each.next(0.1, turn);
          each.count();
          return { lr, ...turn };
        });
        expect(turns[1]).toEqual(turns[0]);
      }
      expect(other.state().steps).toBe(10);
    },
  );
});

describe("refusals", () => {
  const group =
    (given: Any): (() => unknown) =>
    () =>
      sgd({ lr: 1, groups: [noDecay, given as ParamGroup] });
  type Case = readonly [what: string, make: () => unknown, ...pieces: string[]];
  const CASES: readonly Case[] = [
    ["an unknown option", () => adam({ beta: 0.9 } as Any), "adam", '"beta"', "betas"],
    ["a β of 1", () => adam({ betas: [0.9, 1] }), "adam: betas[1] is 1", "below 1"],
    ["a β that is 1 in f32", () => adam({ betas: [1 - 1e-9, 0.9] }), "betas[0]", "below 1"],
    ["one β", () => adamw({ betas: 0.9 } as Any), "adamw: betas are 0.9", "[0.9, 0.999]"],
    ["three βs", () => adamw({ betas: [0, 0, 0] } as Any), "an array of 3"],
    ["an ε of 0", () => adam({ eps: 0 }), "adam: eps is 0", "above 1e-30"],
    ["an ε that vanishes", () => rmsprop({ eps: 1e-40 }), "rmsprop: eps is 1e-40"],
    ["a negative lr", () => rmsprop({ lr: -1 }), "rmsprop: lr is -1", "above 0"],
    ["an α of −0.1", () => rmsprop({ alpha: -0.1 }), "rmsprop: alpha is -0.1"],
    ["a word for centered", () => rmsprop({ centered: "yes" } as Any), 'centered is "yes"', "true or false"],
    ["a negative lrDecay", () => adagrad({ lrDecay: -1 }), "adagrad: lrDecay is -1", "at least 0"],
    ["an infinite start", () => adagrad({ initialAccumulator: 1e39 }), "initialAccumulator is 1e+39"],
    ["a negative weightDecay", () => adamw({ weightDecay: -0.1 }), "adamw: weightDecay is -0.1"],
    ["NaN for l1", () => sgd({ lr: 1, l1: Number.NaN }), "sgd: l1 is NaN"],
    ["a clipNorm of 0", () => sgd({ lr: 1, clipNorm: 0 }), "clipNorm is 0", "above 0"],
    ["both ways to clip", () => sgd({ lr: 1, clipNorm: 1, clipValue: 1 }), "clipNorm with clipValue"],
    ["Nesterov without momentum", () => sgd({ lr: 1, nesterov: true }), "nesterov with no momentum"],
    [
      "Nesterov with dampening",
      () => sgd({ lr: 1, momentum: 0.9, dampening: 0.1, nesterov: true }),
      "nesterov with dampening",
    ],
    ["dampening without momentum", () => sgd({ lr: 1, dampening: 0.1 }), "dampening with no momentum"],
    ["a momentum of 1", () => sgd({ lr: 1, momentum: 1 }), "momentum is 1"],
    [
      "groups that are none",
      () => sgd({ lr: 1, groups: noDecay as Any }),
      "groups are an object",
      "[noDecay]",
    ],
    ["a group that is none", group(3), "groups[1]", "3"],
    ["an option that a group has not", group({ lr: 1 }), "groups[1]", '"lr"', "lrScale"],
    ["an unknown role", group({ roles: ["kernel"] }), "groups[1]: roles are", '"kernel"', '"weight"'],
    ["a role that is no list", group({ roles: "bias" }), 'roles are "bias"'],
    ["layers by number", group({ layers: [0] }), "groups[1]: layers are 0", '"0"'],
    ["a negative scale", group({ lrScale: -1 }), "groups[1]: lrScale is -1"],
  ];
  it.each(CASES.map(([what, make, ...pieces]) => [what, { make, pieces }] as const))(
    "%s",
    async (_, { make, pieces }) => {
      const error = await thrown(make);
      expect(error).toMatchObject({ name: "XentError", code: "OPTION" });
      for (const piece of pieces) expect((error as Error).message).toContain(piece);
    },
  );
});
