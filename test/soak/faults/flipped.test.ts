// A saved model with each bit of each byte changed, one by one: refused, and the model that was to take it is what it was, or read as
// what it says. Which refusals there are is test/model/load-refusals.test.ts's; files with more than one change are test/fuzz's.

import { expect, it } from "vitest";
import { XentError } from "../../../src/base/errors.ts";
import type { Sequential } from "../../../src/index.ts";
import { thrown } from "../../support/errors.ts";
import { expectBytes } from "../../support/resumed.ts";
import { data, good, trained, xent } from "../../support/whole-file.ts";
import { times } from "../counts.ts";

/** Of each byte; in short one of each third byte. */
const BITS = times("bits");
const [EACH, BYTES] = BITS === 8 ? [1, "each of"] : [3, "a third of"];
const start = 8 + new DataView(good.buffer, good.byteOffset).getUint32(0, true);
/** The first tensor, a count of batches, is written for PyTorch; the run has its own, and this one is not read. */
const numbers = start + 8;

/** What a model says, to the bit: NaN of any kind is NaN. */
const said = (model: Sequential): Float32Array => model.logits(data.x as Float32Array);

/** Whether it was refused, which must be as CHECKPOINT. */
async function refused(load: () => unknown, where: string): Promise<boolean> {
  const error = await thrown(load);
  if (error === undefined) return false;
  expect(error, where).toBeInstanceOf(XentError);
  expect((error as XentError).code, `${where}: ${(error as Error).message}`).toBe("CHECKPOINT");
  return true;
}

it(`${BITS} of 8 bits of ${BYTES} ${good.length} bytes`, { timeout: 600_000 }, async () => {
  const victim = await trained();
  const before = victim.save();
  const counts = { refused: 0, otherNumbers: 0, otherText: 0 };
  for (let at = 0; at < good.length; at += EACH) {
    for (let i = 0; i < BITS; i++) {
      const bit = (at + i) % 8;
      const where = `byte ${at}, bit ${bit}`;
      const file = good.slice();
      file[at] = (file[at] as number) ^ (1 << bit);
      const into = await refused(() => victim.load(file), where);
      let made: Sequential | undefined;
      const anew = await refused(async () => {
        made = await xent.load(file);
      }, where);
      if (into) expectBytes(victim.save(), before, where);
      if (made !== undefined) {
        const saved = made.save();
        // numbers are taken as they are; a text may be written otherwise, and then for good
        if (at >= numbers) expectBytes(saved, file, where);
        const again = await xent.load(saved);
        expectBytes(again.save(), saved, where);
        expect(said(again), where).toEqual(said(made));
        // its own loss stays where the file has none
        if (!into) expect(said(victim), where).toEqual(said(made));
        again.dispose();
        made.dispose();
      }
      // what fits the net of the file may be too much for a net that is there, not the other way round
      if (anew) expect(into, where).toBe(true);
      if (!into) await victim.load(before);
      counts[anew ? "refused" : at < start ? "otherText" : "otherNumbers"]++;
    }
  }
  console.log(JSON.stringify({ bytes: good.length, ...counts }));
  expect(counts.refused).toBeGreaterThan((start * BITS) / EACH / 3);
  expect(counts.otherNumbers).toBeGreaterThan(((good.length - start) * BITS) / EACH / 2);
});
