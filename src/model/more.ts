// What only some calls ask for, in one file to be loaded. In a file each, bundlers would cut what they share with a page's own code
// into as many scraps, which every page would load.

export { warningOf } from "../data/doctor.ts";
export { preprocessingOf } from "../data/prepare.ts";
export { firstNotFinite } from "../train/diagnose.ts";
export { evaluate } from "../train/evaluate.ts";
export { checkMetrics, metersOf } from "../train/metrics.ts";
export { checkMonitor, usualMonitor } from "../train/monitor.ts";
export { asyncSteps } from "../train/one-by-one.ts";
export { checkResumable } from "../train/resume.ts";
export { makeSchedule } from "../train/schedule.ts";
export { checkSchedule } from "../train/schedules.ts";
export { Stopwatch } from "../train/stopwatch.ts";
export { moduleFrom, workerFrom } from "./given.ts";
export { readSaved, restore } from "./loading.ts";
export { asSaved } from "./matching.ts";
export { confusionMatrix, evaluateModel } from "./measure.ts";
export { sourcesOf } from "./sources.ts";
export { confirmLater, tune } from "./tuning.ts";
