// Norms, prelu, dropout and sums of blocks in the suite `elementwise`, at the width of activations. Together, forward and backward,
// batchNorm1d and dropout are to take at most 10 ns an element: a fifth of a step of 784-512-256-10 on 128 rows. Forward and
// backward of a norm read or write each element five and five times, of which all but one meet the first-level cache.

import type { Tensor } from "../src/memory/plan.ts";
import * as records from "../src/program/layer-records.ts";
import type { Spec } from "./case.ts";
import { type Output, Rig, recordCase } from "./rig.ts";

const ROWS = 128;
const COLS = 512;
const EPS = 1e-5;

export function layerSpecs(): Spec[] {
  const x = (rig: Rig): Tensor => rig.input("x", ROWS, COLS, "numbers");
  const dy = (rig: Rig): Tensor => rig.input("dy", ROWS, COLS, "numbers");
  const y = (rig: Rig, name = "y"): Tensor => rig.matrix(name, ROWS, COLS);
  const row = (rig: Rig, name: string): Tensor => rig.input(name, 1, COLS, "answers");
  const rowOut = (rig: Rig, name: string): Tensor => rig.matrix(name, 1, COLS);
  const columns = (rig: Rig) => ({ mean: row(rig, "mean"), variance: row(rig, "variance") });
  const affine = (rig: Rig) => ({ gamma: row(rig, "gamma"), beta: row(rig, "beta") });
  const gradients = (rig: Rig) => ({ gamma: rowOut(rig, "dgamma"), beta: rowOut(rig, "dbeta") });
  const ofRows = (rig: Rig): Tensor => rig.input("statistics", ROWS, 2, "answers", 2);
  return [
    spec("dropout", (rig) => {
      const out = y(rig);
      records.dropout(rig.builder, x(rig), out, { seed: 1, stream: 5, p: 0.5 });
      return [out];
    }),
    spec("batchNormForward", (rig) => {
      const kept = { mean: rowOut(rig, "mean"), variance: rowOut(rig, "variance") };
      const out = y(rig);
      records.batchNorm(rig.builder, x(rig), out, kept, affine(rig), EPS);
      return [out, kept.mean, kept.variance];
    }),
    spec("batchNormBackward", (rig) => {
      const [dx, own] = [y(rig, "dx"), gradients(rig)];
      records.batchNormBackward(rig.builder, dy(rig), x(rig), dx, columns(rig), affine(rig), own, EPS);
      return [dx, own.gamma, own.beta];
    }),
    spec("normalize", (rig) => {
      const out = y(rig);
      records.normalize(rig.builder, x(rig), out, columns(rig), affine(rig), EPS);
      return [out];
    }),
    spec("layerNormForward", (rig) => {
      const [out, kept] = [y(rig), rig.matrix("statistics", ROWS, 2, 2)];
      records.layerNorm(rig.builder, x(rig), out, kept, affine(rig), EPS);
      return [out, kept];
    }),
    spec("layerNormBackward", (rig) => {
      const dx = y(rig, "dx");
      records.layerNormBackward(rig.builder, dy(rig), x(rig), dx, ofRows(rig), row(rig, "gamma"));
      return [dx];
    }),
    spec("layerNormParameters", (rig) => {
      const own = gradients(rig);
      records.layerNormParameters(rig.builder, dy(rig), x(rig), ofRows(rig), own);
      return [own.gamma, own.beta];
    }),
    spec("preluForward", (rig) => {
      const out = y(rig);
      records.prelu(rig.builder, x(rig), out, row(rig, "slope"));
      return [out];
    }),
    spec("preluBackward", (rig) => {
      const dx = y(rig, "dx");
      records.preluBackward(rig.builder, dy(rig), x(rig), dx, row(rig, "slope"));
      return [dx];
    }),
    spec("preluSlope", (rig) => {
      const own = rowOut(rig, "dslope");
      records.preluSlope(rig.builder, dy(rig), x(rig), own);
      return [own];
    }),
    spec("add", (rig) => {
      const out = y(rig);
      records.add(rig.builder, x(rig), dy(rig), out);
      return [out];
    }),
  ];
}

/** @param build  declares the record and returns what it writes */
function spec(op: string, build: (rig: Rig) => Tensor[]): Spec {
  const name = `${op} ${ROWS}x${COLS}`;
  return {
    name,
    group: "layers",
    make(core) {
      const rig = new Rig(core);
      const outputs: Output[] = build(rig).map((tensor) => ({ tensor }));
      return recordCase(rig, name, outputs, { rows: ROWS, elements: ROWS * COLS, memoryBound: op === "add" });
    },
  };
}
