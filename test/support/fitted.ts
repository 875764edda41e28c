// Three preprocessings of one small table: one learns a class, one fills in what is missing, one learns two numbers.

import { asIs, ids, minMax, preprocess, standardize } from "../../src/data.ts";
import { number, table, text } from "./tables.ts";

export const train = table(
  4,
  number("age", [20, 40, 30, 10]),
  text("city", ["Rome", "Oslo", "Rome", "Paris"]),
  number("height", [1, 2, 3, 4]),
  text("species", ["b", "a", "b", "a"]),
);
export const fitted = preprocess(train, {
  target: "species",
  numbers: minMax(),
  columns: { height: asIs() },
});
export const filled = preprocess(train, { target: "species", missing: "impute", columns: { city: ids() } });
export const tall = preprocess(train, {
  target: ["age", "height"],
  scaleTarget: standardize(),
  ignore: ["species"],
});
