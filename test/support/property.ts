// fast-check for tests: the same draws on every run, others by XENT_SEED, as those of test/oracle/data.ts.

import fc from "fast-check";
import { SEED } from "../oracle/data.ts";

fc.configureGlobal({ seed: SEED });

export default fc;
