// A loss of one's own in JavaScript: written, checked against differences, trained with, and compared with mse.
// `npm run example -- 08`.

import { print } from "../shared/print.ts";
import { reportLines } from "./report.ts";
import { run } from "./run.ts";

await print(async (paint) => reportLines(await run(), paint));
