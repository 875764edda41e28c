// The pure parts of examples/02-digits: options, colours, drawing, the report's text.

import { describe, expect, it } from "vitest";
import { drawDigit, sideBySide } from "../../examples/02-digits/draw.ts";
import { DEFAULTS, HELP, readOptions } from "../../examples/02-digits/options.ts";
import {
  caption,
  clock,
  confusionLines,
  count,
  duration,
  EPOCH_HEADER,
  epochLine,
  findMistakes,
  megabytes,
  progressText,
  ratio,
  thousands,
} from "../../examples/02-digits/report.ts";
import { UsageError } from "../../examples/shared/arguments.ts";
import { coloured, painter, plain } from "../../src/cli/style.ts";
import { facts } from "../../src/cli/text.ts";

const ESCAPE = "\u001b[";

describe("options", () => {
  it("have defaults", () => {
    expect(readOptions([])).toEqual(DEFAULTS);
  });

  it("are read", () => {
    const args = ["--epochs", "2", "--batch=64", "--lr", "5e-2", "--seed", "0", "--hidden", "30"];
    expect(readOptions(args)).toEqual({
      epochs: 2,
      batchSize: 64,
      lr: 0.05,
      seed: 0,
      hidden: 30,
      threads: "auto",
    });
    expect(readOptions(["--threads", "3"])).toMatchObject({ threads: 3 });
  });

  it("give help, which fits 80 columns and names them all", () => {
    expect(readOptions(["--help"])).toBe("help");
    expect(readOptions(["-h", "--epochs", "nonsense"])).toBe("help");
    for (const name of ["epochs", "batch", "lr", "hidden", "seed", "threads", "help"])
      expect(HELP).toContain(`--${name}`);
    for (const line of HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [["--epochs", "0"], '--epochs is "0", expected a whole number from 1'],
    [["--epochs", "2.5"], '--epochs is "2.5"'],
    [["--epochs", "1e2"], '--epochs is "1e2"'],
    [["--epochs="], '--epochs is ""'],
    [["--batch", "60001"], "from 1 to 60000"],
    [["--seed", "4294967296"], "from 0 to 4294967295"],
    [["--seed=-1"], '--seed is "-1"'],
    [["--hidden", "many"], '--hidden is "many"'],
    [["--lr", "0"], '--lr is "0", expected a number above 0'],
    [["--lr", "Infinity"], "--lr"],
    [["--lr", " "], "--lr"],
    [["--lr"], "--lr"],
    [["--rate", "1"], "--rate"],
    [["7"], "7"],
  ])("refuse %j", (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});

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

  it("has an epoch's numbers under the header's words", () => {
    const line = epochLine({
      epoch: 0,
      epochs: 5,
      loss: 0.24519,
      train: 0.92449,
      test: 0.9621,
      seconds: 2.52,
    });
    expect(line).toBe("  1/5  0.2452  0.9244  0.9621      2.5");
    expect(line).toHaveLength(EPOCH_HEADER.length);
  });

  it("has a dash for what an abort left out", () => {
    const line = epochLine({ epoch: 1, epochs: 5, loss: 1, train: 1, test: undefined, seconds: 12 });
    expect(line).toBe("  2/5  1.0000  1.0000       –     12.0");
    expect(line).toHaveLength(EPOCH_HEADER.length);
  });

  it("tells speed and time left once they are known", () => {
    const p = { loss: 0.5, samplesPerSecond: 12345.6, secondsLeft: 61.2 };
    expect(progressText(p, false)).toBe("loss 0.5000");
    expect(progressText(p, true)).toBe("loss 0.5000  12,346 digits/s  1:02 left");
  });

  it("keeps the bar within 80 columns", () => {
    const text = progressText({ loss: 2.5, samplesPerSecond: 123456, secondsLeft: 3599 }, true);
    expect(`epoch 10/20  ${"█".repeat(16)}  100 %  ${text}`.length).toBeLessThanOrEqual(80);
  });

  it("aligns the confusion matrix", () => {
    const counts = [
      [1000, 0, 2],
      [0, 0, 0],
      [1, 2, 1],
    ];
    expect(confusionLines([0, 1, 2], counts, plain)).toEqual([
      "true    0    1    2    right",
      "   0 1000    ·    2   0.9980",
      "   1    ·    ·    ·        –",
      "   2    1    2    1   0.2500",
    ]);
  });

  it("keeps ten classes within 80 columns, and widens for large counts", () => {
    const ten = Array.from({ length: 10 }, (_, i) =>
      Array.from({ length: 10 }, (_, j) => (i === j ? 9999 : 0)),
    );
    const labels = ten.map((_, i) => i);
    for (const line of confusionLines(labels, ten, plain)) expect(line.length).toBeLessThanOrEqual(80);
    const widths = confusionLines(
      [0, 1],
      [
        [60000, 0],
        [0, 123456],
      ],
      plain,
    ).map((line) => line.length);
    expect(new Set(widths).size).toBe(1);
  });

  it("colours the matrix without moving it", () => {
    const counts = [
      [3, 0],
      [1, 4],
    ];
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const bare = confusionLines([0, 1], counts, coloured).map((line) => line.replace(/\u001b\[\d+m/g, ""));
    expect(bare).toEqual(confusionLines([0, 1], counts, plain));
  });

  it("finds mistakes, the surest first", () => {
    const probabilities = new Float32Array([0.75, 0.25, 0.125, 0.875, 0.25, 0.75, 0.5, 0.5]);
    const mistakes = findMistakes(new Int32Array([1, 0, 1, 1]), probabilities);
    expect(mistakes).toEqual([
      { row: 1, truth: 0, predicted: 1, probability: 0.875 },
      { row: 0, truth: 1, predicted: 0, probability: 0.75 },
      { row: 3, truth: 1, predicted: 0, probability: 0.5 },
    ]);
    expect(caption(mistakes[0]!)).toEqual(["a 0, read as 1", "p = 0.8750, row 1"]);
  });

  it("writes numbers", () => {
    expect([ratio(0.9761), ratio(0.97679), ratio(1), ratio(0.99999), ratio(0)]).toEqual([
      "0.9761",
      "0.9767",
      "1.0000",
      "0.9999",
      "0.0000",
    ]);
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
    expect([count(1, "step"), count(2000, "step")]).toEqual(["1 step", "2,000 steps"]);
    expect(megabytes(51_512_345)).toBe("51.5 MB");
  });

  it("shows every accuracy of 10,000 digits exactly", () => {
    const shown = Array.from({ length: 10_001 }, (_, right) => ratio(right / 10_000));
    const exact = shown.map(
      (_, right) => `${Math.floor(right / 10_000)}.${String(right % 10_000).padStart(4, "0")}`,
    );
    expect(shown).toEqual(exact);
  });
});
