// Names of classes in a data set: ids from names, names kept, and every refusal.

import { describe, expect, it } from "vitest";
import { dataset } from "../../src/data/dataset.ts";
import { split } from "../../src/data/split.ts";
import { refuses } from "../support/errors.ts";
import type { Any } from "../support/refusals.ts";

const x = [[1], [2], [3], [4]];

const MANY = Array.from({ length: 300_000 }, (_, i) => `c${i}`);

describe("what is made of names", () => {
  it("ids in the order of the sorted names", () => {
    const { y, classes, targets } = dataset({ x, y: ["dog", "cat", "dog", "eel"] });
    expect(y).toEqual(Int32Array.of(1, 0, 1, 2));
    expect(classes).toEqual(["cat", "dog", "eel"]);
    expect(targets).toBe(1);
  });

  it("ids in the order of classes, one of which may be missing", () => {
    const names = ["eel", "dog", "cat"];
    const { y, classes } = dataset({ x, y: ["dog", "cat", "dog", "dog"], classes: names });
    expect(y).toEqual(Int32Array.of(1, 2, 1, 1));
    expect(classes).toEqual(names);
    names[0] = "ape";
    expect(classes?.[0]).toBe("eel");
    expect(Object.isFrozen(classes)).toBe(true);
  });

  it("names of ids, and of outputs that are each a yes or no", () => {
    expect(dataset({ x, y: [0, 1, 1, 0], classes: ["no", "yes"] }).classes).toEqual(["no", "yes"]);
    const y = new Float32Array(12);
    expect(dataset({ x, y, classes: ["a", "b", "c"] }).classes).toEqual(["a", "b", "c"]);
    // −100 is ignored by cross entropy
    expect(dataset({ x, y: [0, 1, -100, 0], classes: ["no", "yes"] }).y[2]).toBe(-100);
  });

  it("sorts by code units, without a locale: the same everywhere", () => {
    expect(dataset({ x, y: ["ä", "z", "Z", "10"] }).classes).toEqual(["10", "Z", "z", "ä"]);
  });

  it("names like those of Object's are names", () => {
    const { y, classes } = dataset({ x, y: ["constructor", "__proto__", "toString", "__proto__"] });
    expect(classes).toEqual(["__proto__", "constructor", "toString"]);
    expect(y).toEqual(Int32Array.of(1, 0, 2, 0));
  });

  it("without names there are none; a split keeps them on both sides", () => {
    expect(dataset({ x, y: [0, 1, 1, 0] }).classes).toBeUndefined();
    const data = dataset({ x, y: ["a", "b", "a", "c"] });
    const { train, validation } = split(data, { validation: 0.25, shuffle: false });
    expect([train.classes, validation.classes]).toEqual([data.classes, data.classes]);
    expect([Array.from(train.y), Array.from(validation.y)]).toEqual([[0, 1, 0], [2]]);
  });
});

describe("refusals", () => {
  const y = ["cat", "dog", "cat", "dog"];
  it.each([
    ["classes that are no array", { y, classes: "cat" }, "OPTION", 'classes is "cat"', '["cat", "dog"]'],
    ["no classes", { y, classes: [] }, "OPTION", "classes is empty"],
    ["a class that is a number", { y, classes: ["cat", 1] }, "OPTION", "classes[1] is 1"],
    [
      "a class twice among many",
      { y, classes: [...MANY, "c7"] },
      "OPTION",
      'classes[300000] is "c7", as classes[7] is',
    ],
    ["a class without a name", { y, classes: ["cat", "dog", ""] }, "OPTION", 'classes[2] is ""'],
    [
      "a name twice",
      { y, classes: ["cat", "dog", "cat"] },
      "OPTION",
      'classes[2] is "cat", as classes[0] is',
    ],
    [
      "a label that is none",
      { y: [...y.slice(1), "dgo"], classes: ["cat", "dog"] },
      "LABEL",
      "row 3",
      '"dgo"',
      "cat",
    ],
    [
      "a label in another case",
      { y: ["Cat", ...y.slice(1)], classes: ["cat", "dog"] },
      "LABEL",
      "row 0",
      'mean "cat"',
    ],
    ["a number among names", { y: ["cat", "dog", 1, "dog"] }, "LABEL", "row 2", "is 1", "as in row 0"],
    ["a missing name", { y: ["cat", "dog", "cat", ""] }, "LABEL", "row 3", 'is ""'],
    ["null among names", { y: ["cat", null, "cat", "dog"] }, "LABEL", "row 1", "is null"],
    ["a name among ids", { y: [0, 1, "cat", 1] }, "LABEL", "row 2", '"cat"'],
    ["too few names", { y: ["cat"] }, "SHAPE", "1 label", "expected 4"],
    [
      "an id without a name",
      { y: [0, 1, 2, 0], classes: ["cat", "dog"] },
      "LABEL",
      "row 2",
      "is 2",
      "2 names",
    ],
    [
      "one name for a number",
      { y: new Float32Array(4), classes: ["price"] },
      "SHAPE",
      "1 name",
      "1 number a row",
    ],
    [
      "three names for two",
      { y: new Float32Array(8), classes: ["a", "b", "c"] },
      "SHAPE",
      "3 names",
      "2 numbers a row",
    ],
  ] as [string, Any, Any, ...string[]][])("%s", async (_, options, code, ...pieces) => {
    await refuses(() => dataset({ x, ...options }), code, "dataset: ", ...pieces);
  });
});
