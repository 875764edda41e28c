// A run that is killed several times and resumed each time, and its last file beside that of the same run in one go: they are the
// same to the byte. `npm run example -- 07`.

import { print } from "../shared/print.ts";
import { reportLines } from "./report.ts";
import { byLot, run } from "./run.ts";

await print(async (paint) => {
  const result = await run(byLot(4));
  if (result.whole.sha256 !== result.killed.sha256) process.exitCode = 1;
  return reportLines(result, paint);
});
