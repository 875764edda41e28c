// Dropout, which only those who choose it have to load.

export { dropout } from "xent";
