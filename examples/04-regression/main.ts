// A regression: features and target brought to one scale, an error to make small, and early stopping by rows that are kept back.
// `npm run example -- 04`.

import { print } from "../shared/print.ts";
import { reportLines } from "./report.ts";
import { run } from "./run.ts";

await print(async (paint) => reportLines(await run(), paint));
