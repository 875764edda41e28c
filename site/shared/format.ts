// Numbers as the pages show them: those of the report's page.

export {
  count,
  duration,
  milliseconds,
  number,
  percent,
  plain,
  ticks,
} from "../../src/cli/report/page/format.ts";
