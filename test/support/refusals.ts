// A list of calls that are refused, each made twice: by a model without memory, and by one that has trained.

import { expect, it } from "vitest";
import type { XentErrorCode } from "../../src/base/errors.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import type { Sequential } from "../../src/model/sequential.ts";
import { refuses } from "./errors.ts";
import { memoriesMade } from "./memories.ts";
import { weights } from "./state.ts";

// what the types forbid and JavaScript does not
// biome-ignore lint/suspicious/noExplicitAny: that is the point
export type Any = any;

/** A call, the code of its error and pieces of the message. */
export type Refusal = readonly [
  what: string,
  call: (m: Any) => unknown,
  code: XentErrorCode,
  ...pieces: string[],
];

/**
 * One test a call: it is refused, and the model goes on as if it had not been made.
 *
 * @param model  makes a model, the same each time
 * @param good   what it can be trained on, with the loss and optimiser it knows
 */
export function refusals(model: () => Sequential, good: Dataset, list: readonly Refusal[]): void {
  for (const [what, call, code, ...pieces] of list) {
    it(what, async () => {
      // a model that has no memory gets none: no kernel can have run
      const fresh = model();
      expect(await memoriesMade(() => refuses(() => call(fresh), code, ...pieces))).toEqual([]);

      const [m, twin] = [model(), model()];
      for (const each of [m, twin]) await each.fit(good, { epochs: 1, batchSize: 8 });
      const before = weights(m);
      const made = await memoriesMade(() => refuses(() => call(m), code, ...pieces));
      expect(made).toEqual([]);
      expect(weights(m)).toBe(before);
      expect(m.predict(good.x)).toEqual(twin.predict(good.x));
      for (const each of [m, twin]) await each.fit(good, { epochs: 1, batchSize: 8 });
      expect(weights(m)).toBe(weights(twin));
      expect(weights(m)).not.toBe(before);
    });
  }
}
