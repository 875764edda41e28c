// Descriptions as a command line has them: what a text or an object gives is what the API's function gives. That no kind is missing, the
// compiler sees; what the functions refuse, their own tests.

import { describe, expect, it, test } from "vitest";
import {
  activationOf,
  initOf,
  layersOf,
  lossOf,
  optimizerOf,
  scheduleOf,
} from "../../src/cli/train/specs.ts";
import * as xent from "../../src/index.ts";

describe("text", () => {
  it("has options by name, a first one without, lists with slashes, true and false", () => {
    expect(layersOf("dense:64,bias=false relu  dropout:0.25 leakyRelu:negativeSlope=0.1")).toEqual([
      xent.dense(64, { bias: false }),
      xent.relu(),
      xent.dropout(0.25),
      xent.leakyRelu({ negativeSlope: 0.1 }),
    ]);
    expect(layersOf("dense:8,init=heNormal,biasInit=lecunNormal")).toEqual([
      xent.dense(8, { init: xent.heNormal(), biasInit: xent.lecunNormal() }),
    ]);
    expect(activationOf("gelu:approximate=tanh")).toEqual(xent.gelu({ approximate: "tanh" }));
    expect(initOf("constant:0.5")).toEqual(xent.constant(0.5));
    expect(lossOf("crossEntropy:weight=1/2.5/1,labelSmoothing=0.1")).toEqual(
      xent.crossEntropy({ weight: [1, 2.5, 1], labelSmoothing: 0.1 }),
    );
    expect(optimizerOf("adam:0.01,betas=0.8/0.99,eps=1e-7")).toEqual(
      xent.adam({ lr: 0.01, betas: [0.8, 0.99], eps: 1e-7 }),
    );
    expect(scheduleOf("multiStep:milestones=3/6,gamma=0.5")).toEqual(
      xent.multiStep({ milestones: [3, 6], gamma: 0.5 }),
    );
    expect(scheduleOf("exponential:0.9")).toEqual(xent.exponential({ gamma: 0.9 }));
  });
});

describe("objects", () => {
  it("nest", () => {
    const layers = [
      { kind: "residual", layers: ["dense:4", { kind: "prelu", shared: false }] },
      "batchNorm1d",
    ];
    expect(layersOf(layers)).toEqual([
      xent.residual([xent.dense(4), xent.prelu({ shared: false })]),
      xent.batchNorm1d(),
    ]);
    const optimizer = {
      kind: "sgd",
      momentum: 0.9,
      groups: [{ roles: ["bias"], lrScale: 2 }],
      schedule: "cosine:warmup=3",
    };
    expect(optimizerOf(optimizer, { lr: 0.5 })).toEqual(
      xent.sgd({
        lr: 0.5,
        momentum: 0.9,
        groups: [{ roles: ["bias"], lrScale: 2 }],
        schedule: xent.cosine({ warmup: 3 }),
      }),
    );
  });

  it("give way to what was said elsewhere", () => {
    expect(optimizerOf("adamw:lr=1,weightDecay=3", { lr: 0.1 })).toEqual(
      xent.adamw({ lr: 0.1, weightDecay: 3 }),
    );
    expect(lossOf({ kind: "crossEntropy" }, { weight: [1, 2] })).toEqual(
      xent.crossEntropy({ weight: [1, 2] }),
    );
  });
});

test.each([
  ["a kind that is another's", () => lossOf("adam"), 'no loss "adam"'],
  ["a name of Object's", () => optimizerOf("constructor"), 'no optimizer "constructor"'],
  ["a prototype", () => optimizerOf("adam:__proto__=1"), "option=value"],
  ["no value", () => optimizerOf("adam:lr="), "option=value"],
  ["two bare values", () => optimizerOf("adam:0.1,0.2"), "option=value"],
  ["a bare value of a kind without a first option", () => layersOf("gelu:tanh"), "option=value"],
  ["an option of a bare kind", () => layersOf("relu:slope=1"), '"slope"'],
  ["an option that there is not", () => layersOf("dropout:p=0.1,q=1"), '"q"'],
  ["a text where a number belongs", () => layersOf("dense:many"), "units"],
  ["no list", () => layersOf(7), "expected text such as"],
  ["no kind", () => lossOf({ labelSmoothing: 1 }), "an object with a kind"],
])("%s is refused", (_, call, says) => {
  expect(call).toThrow(says);
});
