// What only some calls ask for, in one file to be loaded: of many small ones a page would load scraps of what they share.

export { warningOf } from "../data/doctor.ts";
export { splitRows } from "../data/split.ts";
export { firstNotFinite } from "./diagnose.ts";
export { confusion, evaluate } from "./evaluate.ts";
export { checkMetrics, metersOf } from "./metrics.ts";
export { checkMonitor, usualMonitor } from "./monitor.ts";
export { makeSchedule } from "./schedule.ts";
export { checkSchedule } from "./schedules.ts";
export { Stopwatch } from "./stopwatch.ts";
