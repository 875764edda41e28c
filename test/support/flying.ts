// A clock that flies, so that the event loop has its turn after most steps of a run in this thread: calls that come between, aborts and
// deaths find it at any of them.

import { afterAll, beforeAll } from "vitest";
import { source } from "../oracle/data.ts";

/** For the tests of this file. */
export function timeFlies(): void {
  beforeAll(() => {
    const random = source(1);
    let now = 0;
    // no spy, which remembers every call
    Object.defineProperty(performance, "now", {
      configurable: true,
      value() {
        now += 60 * random();
        return now;
      },
    });
  });
  afterAll(() => {
    Reflect.deleteProperty(performance, "now");
  });
}
