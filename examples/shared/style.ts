// Colours are those of the command.

export { coloured, type Paint, painter, plain } from "../../src/cli/text/style.ts";
