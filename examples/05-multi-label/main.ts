// Several yes or no answers a row: binary cross entropy, a weight for rare yeses, and a threshold for each answer.
// `npm run example -- 05`.

import { print } from "../shared/print.ts";
import { reportLines } from "./report.ts";
import { run } from "./run.ts";

await print(async (paint) => reportLines(await run(), paint));
