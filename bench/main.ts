// `npm run bench`: has processes of this engine measure, and prints tables. Measures nothing itself.

import { HELP } from "./cli.ts";
import { collect } from "./collect.ts";
import { command, report } from "./command.ts";
import { reportLines } from "./print-report.ts";

const THIS_ENGINE = { name: `Node ${process.versions.node}`, command: process.execPath, args: [] };

await command(HELP, undefined, async (job) =>
  report(job, await collect([THIS_ENGINE], job.args, !job.args.smoke), reportLines),
);
