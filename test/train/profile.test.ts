// fit with profile: a line for every record of the step, and the same bits as without.

import { describe, expect, it } from "vitest";
import type { LayerSpec } from "../../src/base/spec.ts";
import type { FitOptions } from "../../src/model/options.ts";
import { init } from "../../src/model/runtime.ts";
import { networkOf, Sequential } from "../../src/model/sequential.ts";
import { crossEntropy } from "../../src/nn/cross-entropy.ts";
import { dense, relu } from "../../src/nn/layers.ts";
import { batchNorm1d, dropout } from "../../src/nn/norms.ts";
import { adam } from "../../src/train/adaptive.ts";
import type { ProfileLine } from "../../src/train/stopwatch.ts";
import { blobSet } from "../support/blobs.ts";
import { crewed } from "../support/crew.ts";
import { refuses } from "../support/errors.ts";
import { abortingAt, expectBytes } from "../support/resumed.ts";

const xent = await init();
const layers: readonly LayerSpec[] = [dense(40), batchNorm1d(), relu(), dropout(0.2), dense(4)];
const data = blobSet(1, 300, 30, 4);
const how = (more: FitOptions = {}): FitOptions => ({
  loss: crossEntropy(),
  optimizer: adam({ lr: 0.01 }),
  batchSize: 64,
  epochs: 3,
  ...more,
});
const made = () => xent.sequential({ input: 30, seed: 2 }, layers);

/** Every record has a line, with figures that can be. */
function expectWhole(profile: readonly ProfileLine[] | undefined, m: Sequential): void {
  const { drafts } = networkOf(m).trained.program;
  const lines = profile ?? [];
  expect(lines.map(({ label }) => label)).toEqual(drafts.map(({ label }) => label));
  for (const { op, ms, share, gflops } of lines) {
    expect(op).toMatch(/^[a-z]\w+$/i);
    for (const figure of [ms, share, gflops]) {
      expect(figure).toBeGreaterThanOrEqual(0);
      expect(figure).toBeLessThan(Number.POSITIVE_INFINITY);
    }
  }
  expect(lines.some(({ gflops }) => gflops > 0)).toBe(true);
  // a sum of as many shares, each rounded once
  const sum = lines.reduce((all, { share }) => all + share, 0);
  expect(Math.abs(sum - 1)).toBeLessThanOrEqual(2 * lines.length * 2 ** -53);
  const total = lines.reduce((all, { ms }) => all + ms, 0);
  for (const { ms, share } of lines)
    expect(Math.abs(share - ms / total)).toBeLessThanOrEqual(lines.length * 2 ** -52);
}

describe("profile", () => {
  it.each<[string, FitOptions]>([
    ["plain", {}],
    ["accumulate", { accumulate: 2 }],
    ["dropLast", { dropLast: true }],
    ["validation and metrics", { validation: blobSet(2, 100, 30, 4), metrics: ["accuracy", "f1"] }],
  ])("%s: every record, and the same weights", async (_, more) => {
    const [m, plain] = [made(), made()];
    const { profile, ...history } = await m.fit(data, how({ ...more, profile: true }));
    expectWhole(profile, m);
    expect(history).toEqual(await plain.fit(data, how(more)));
    expectBytes(m.save(), plain.save());
    expect(profile?.map(({ op }) => op)).toContain("sgemm");
  });

  it("on two threads", async () => {
    const { core, pool } = await crewed("simd-threads", 2);
    try {
      const [m, plain] = [1, 2].map(() => new Sequential(core, { input: 30, seed: 2 }, layers)) as [
        Sequential,
        Sequential,
      ];
      const { profile, ...history } = await m.fit(data, how({ profile: true }));
      expectWhole(profile, m);
      expect(history).toEqual(await plain.fit(data, how()));
      expectBytes(m.save(), plain.save());
    } finally {
      pool.end("over");
    }
  });

  it("of a part of a run tells of that part; where no step was done there is nothing to tell", async () => {
    const m = made();
    const first = await m.fit(data, how({ profile: true, signal: abortingAt(5) }));
    expectWhole(first.profile, m);
    const rest = await m.fit(data, how({ profile: true, resume: true }));
    expectWhole(rest.profile, m);
    const none = await m.fit(data, how({ profile: true, resume: true }));
    expect(none.profile).toEqual([]);
  });

  it("says how long a step is in the mean", async () => {
    const m = made();
    const start = performance.now();
    const { profile, steps } = await m.fit(data, how({ profile: true, epochs: 20 }));
    const ms = performance.now() - start;
    const sum = (profile ?? []).reduce((all, line) => all + line.ms, 0);
    expect(sum * steps).toBeLessThanOrEqual(ms);
    expect(sum).toBeGreaterThan(0);
  });

  it("is left out where it is not asked for, and is true or false", async () => {
    expect(await made().fit(data, how())).not.toHaveProperty("profile");
    await refuses(
      () => made().fit(data, how({ profile: 1 as unknown as boolean })),
      "OPTION",
      "profile is 1",
    );
    await refuses(
      () => made().fit(data, { ...how(), profil: true } as FitOptions),
      "OPTION",
      'unknown option "profil"',
      "Did you mean profile?",
    );
  });
});
