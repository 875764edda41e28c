// The warmth of a confusion matrix's cells: that of the report's page.

export { heat } from "../../src/cli/report/page/heat.ts";
