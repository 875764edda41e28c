// What the command says, as text: numbers, colours, drawings, lines of epochs, the confusion matrix.

import { describe, expect, it } from "vitest";
import { confusionLines, measuredLines } from "../../src/cli/measure.ts";
import { drawDigit, sideBySide } from "../../src/cli/text/draw.ts";
import { bytes, clock, count, digits, duration, ratio, thousands } from "../../src/cli/text/format.ts";
import { coloured, painter, plain } from "../../src/cli/text/style.ts";
import { facts } from "../../src/cli/text/text.ts";
import { epochLine, progressText } from "../../src/cli/train/epochs.ts";

const ESCAPE = "\u001b[";

describe("colours", () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, { FORCE_COLOR: "1" }, true],
    [false, { FORCE_COLOR: "", NO_COLOR: "1", TERM: "dumb" }, true],
    [true, { FORCE_COLOR: "0" }, false],
    [true, { FORCE_COLOR: "false" }, false],
  ])("terminal %s, %j: %s", (terminal, env, expected) => {
    expect(painter(terminal, env)).toBe(expected ? coloured : plain);
  });

  it("are written whatever stdout is", () => {
    expect(coloured("green", "7")).toBe(`${ESCAPE}32m7${ESCAPE}39m`);
    expect(plain("green", "7")).toBe("7");
  });
});

describe("drawing", () => {
  /** An image of side 28 with ink at [y, x]. */
  function image(...ink: [y: number, x: number][]): Uint8Array {
    const pixels = new Uint8Array(784);
    for (const [y, x] of ink) pixels[y * 28 + x] = 255;
    return pixels;
  }

  it("shows two pixels a character", () => {
    const pixels = Uint8Array.of(
      ...[0, 255, 0, 255],
      ...[0, 0, 255, 255],
      ...[255, 0, 0, 0],
      ...[255, 0, 0, 255],
    );
    expect(drawDigit(pixels, 4, 4)).toEqual([" ▀▄█", "█  ▄"]);
  });

  it("has faint pixels as paper", () => {
    const pixels = image([14, 14]);
    pixels[15 * 28 + 14] = 20;
    expect(drawDigit(pixels, 28, 4).join("").trim()).toMatch(/^[▀▄]$/);
  });

  it("loses no ink, wherever 20 by 20 pixels of it lie", () => {
    for (const top of [0, 1, 4, 7, 8]) {
      for (const left of [0, 3, 8]) {
        const square: [number, number][] = [];
        for (let i = 0; i < 400; i++) square.push([top + Math.floor(i / 20), left + (i % 20)]);
        const drawn = drawDigit(image(...square), 28).join("");
        const pixels = [...drawn].reduce((sum, c) => sum + (c === "█" ? 2 : c === " " ? 0 : 1), 0);
        expect(pixels).toBe(400);
      }
    }
  });

  it("draws an empty image as paper", () => {
    expect(drawDigit(new Uint8Array(784), 28)).toEqual(Array.from({ length: 11 }, () => " ".repeat(22)));
  });

  it("puts blocks of different heights side by side, no blanks at the end", () => {
    expect(sideBySide([["ab", "c"], ["d"], ["e", "f", "g"]], 2)).toEqual([
      "ab  d  e",
      "c      f",
      "       g",
    ]);
    expect(sideBySide([], 2)).toEqual([]);
  });
});

describe("report", () => {
  it("aligns facts", () => {
    expect(
      facts(
        [
          ["model", "small"],
          ["in", "2"],
        ],
        plain,
      ),
    ).toEqual(["model  small", "in     2"]);
  });

  const end = { epoch: 0, epochs: 5, loss: 0.24519, accuracy: 0.92449, lr: 0.2, seconds: 2.52 };

  it("has an epoch's numbers in columns", () => {
    expect(epochLine(end, ["accuracy"])).toBe("      1/5   0.2452    0.9244     0.2000      2.5");
    expect(epochLine({ ...end, validation: { loss: 12.5, accuracy: 1 } }, ["accuracy"])).toBe(
      "      1/5   0.2452    0.9244     12.50        1.0000     0.2000      2.5",
    );
  });

  it("has a dash for a metric that an epoch does not have", () => {
    expect(epochLine(end, ["accuracy", "f1"])).toContain("0.9244        –");
  });

  it("tells speed and time left once they are known", () => {
    const p = { loss: 0.5, accuracy: 0.75, samplesPerSecond: 12345.6, secondsLeft: 61.2 };
    expect(progressText(p, false)).toBe("loss 0.5000  acc 0.7500");
    expect(progressText(p, true)).toBe("loss 0.5000  acc 0.7500  12,346 rows/s  1:02 left");
    expect(progressText({ ...p, accuracy: Number.NaN }, false)).toBe("loss 0.5000");
  });

  it("keeps the bar within 80 columns", () => {
    const p = { loss: 2.5, accuracy: 0.5, samplesPerSecond: 12345, secondsLeft: 599 };
    const line = `epoch 12/100  ${"█".repeat(8)}   60 %  ${progressText(p, true)}`;
    expect(line.length).toBeLessThanOrEqual(80);
  });

  const three = {
    labels: [0, 1, 2],
    names: ["setosa", "a name that is longer than is shown", "c"],
    counts: [
      [1000, 0, 2],
      [0, 0, 0],
      [1, 2, 1],
    ],
  };

  it("aligns the confusion matrix, whose names are cut", () => {
    expect(confusionLines(three, plain, 80)).toEqual([
      "true              setosa  a name that is …    c    right",
      "setosa              1000                 ·    2   0.9980",
      "a name that is …       ·                 ·    ·        –",
      "c                      1                 2    1   0.2500",
    ]);
  });

  it("leaves a matrix out that is wider than the terminal", () => {
    const wide = confusionLines(three, plain, 80)[0]?.length ?? 0;
    expect(confusionLines(three, plain, wide)).toHaveLength(4);
    expect(confusionLines(three, plain, wide - 1)).toEqual([]);
  });

  it("colours the matrix without moving it", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const bare = confusionLines(three, coloured, 80).map((line) => line.replace(/\u001b\[\d+m/g, ""));
    expect(bare).toEqual(confusionLines(three, plain, 80));
  });

  it("names what was measured", () => {
    const measured = { rows: 88, loss: 0.5265, metrics: { r2: 0.56155 }, errors: { price: 41.94 } };
    expect(measuredLines("test", measured, plain, 80)).toEqual([
      "test            88 rows",
      "loss            0.5265",
      "r2              0.5615",
      "error of price  41.94 in the mean",
    ]);
  });

  it("writes numbers", () => {
    expect([ratio(0.9761), ratio(0.97679), ratio(1), ratio(0.99999), ratio(0), ratio(-0.25)]).toEqual([
      "0.9761",
      "0.9767",
      "1.0000",
      "0.9999",
      "0.0000",
      "-0.2500",
    ]);
    expect([
      digits(0),
      digits(0.00123456),
      digits(1e-5),
      digits(12.3456),
      digits(123456),
      digits(-2e7),
    ]).toEqual(["0", "0.001235", "1.000e-5", "12.35", "123456", "-2.000e+7"]);
    expect([ratio(undefined), digits(Number.NaN)]).toEqual(["–", "–"]);
    expect([thousands(0.4), thousands(60000), thousands(1234567.8)]).toEqual(["0", "60,000", "1,234,568"]);
    expect([duration(0.04), duration(59.94), duration(59.96), duration(125), duration(3725)]).toEqual([
      "0.0 s",
      "59.9 s",
      "1 min 0 s",
      "2 min 5 s",
      "1 h 2 min",
    ]);
    expect([clock(0), clock(6.2), clock(59.5), clock(125), clock(3599.5), clock(36005)]).toEqual([
      "0:00",
      "0:07",
      "1:00",
      "2:05",
      "1:00:00",
      "10:00:05",
    ]);
    expect([count(1, "step"), count(2000, "step"), count(3, "class")]).toEqual([
      "1 step",
      "2,000 steps",
      "3 classes",
    ]);
    expect([bytes(1), bytes(999), bytes(6428), bytes(51_512_345)]).toEqual([
      "1 byte",
      "999 bytes",
      "6.4 kB",
      "51.5 MB",
    ]);
  });

  it("shows every accuracy of 10,000 digits exactly", () => {
    const shown = Array.from({ length: 10_001 }, (_, right) => ratio(right / 10_000));
    const exact = shown.map(
      (_, right) => `${Math.floor(right / 10_000)}.${String(right % 10_000).padStart(4, "0")}`,
    );
    expect(shown).toEqual(exact);
  });
});
