// Lines of a report are written as the command writes them.

export { facts, table, wrap } from "../../src/cli/text/text.ts";
