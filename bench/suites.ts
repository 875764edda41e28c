// Everything that can be measured, by suite, in the order of the tables.

import type { Spec } from "./case.ts";
import type { SuiteName } from "./cli.ts";
import { elementwiseSpecs } from "./elementwise.ts";
import { gemmSpecs } from "./gemm.ts";
import { stepSpecs } from "./step.ts";
import { threadsSpecs } from "./threads.ts";

export interface SuiteSpec extends Spec {
  readonly suite: SuiteName;
}

const SPECS: Record<SuiteName, () => Spec[]> = {
  gemm: gemmSpecs,
  elementwise: elementwiseSpecs,
  step: stepSpecs,
  threads: threadsSpecs,
};

/** @param filter  only cases that have it in their name, in whatever case */
export function listSpecs(suites: readonly SuiteName[], filter = ""): SuiteSpec[] {
  const text = filter.toLowerCase();
  return suites.flatMap((suite) =>
    SPECS[suite]()
      .filter(({ name }) => name.toLowerCase().includes(text))
      .map((spec) => ({ ...spec, suite })),
  );
}
