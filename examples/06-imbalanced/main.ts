// Two classes, one of them rare: why accuracy says little, and what class weights do.
// `npm run example -- 06`.

import { print } from "../shared/print.ts";
import { reportLines } from "./report.ts";
import { run } from "./run.ts";

await print(async (paint) => reportLines(await run(), paint));
