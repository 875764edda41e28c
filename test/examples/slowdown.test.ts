// examples/03-slowdown: its numbers against the neuron in f64, within bounds chained from step to step, the slowdown
// itself, and what it prints.

import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { DEFAULTS, HELP, type Options, readOptions } from "../../examples/03-slowdown/options.ts";
import { epochBelow, reportLines } from "../../examples/03-slowdown/report.ts";
import { type Course, run } from "../../examples/03-slowdown/run.ts";
import { UsageError } from "../../examples/shared/arguments.ts";
import { coloured, plain } from "../../src/cli/text/style.ts";
import { type Near, type Neuron, type Simulation, simulate } from "../support/neuron.ts";

const result = await run(DEFAULTS);
const f64 = {
  quadratic: simulation(DEFAULTS, "quadratic"),
  crossEntropy: simulation(DEFAULTS, "crossEntropy"),
};
const COSTS = ["quadratic", "crossEntropy"] as const;

function simulation({ epochs, lr, weight, bias }: Options, cost: Neuron["cost"]): Simulation {
  const [w, b, rate] = [weight, bias, lr].map(Math.fround) as [number, number, number];
  return simulate({ cost, weight: w, bias: b, lr: rate }, epochs);
}

describe("the numbers", () => {
  it.each(COSTS)(
    "%s: every cost, the first gradient and the outputs are those of f64, within their bounds",
    (cost) => {
      expectCourse(result[cost], f64[cost]);
      // bounds that could swallow a step would prove nothing
      for (const { value, bound } of f64[cost].costs) expect(bound / value).toBeLessThan(2 ** -10);
    },
  );

  it.each<Partial<Options>>([{ lr: 0.6 }, { weight: 0.3, bias: -0.8 }, { weight: -3, bias: 1, epochs: 40 }])(
    "%j: the same",
    async (changes) => {
      const options = { ...DEFAULTS, epochs: 80, ...changes };
      const other = await run(options);
      for (const cost of COSTS) expectCourse(other[cost], simulation(options, cost));
    },
  );

  it("first gradients from other starts are those of f64, and from 32 on the quadratic one is 0", () => {
    expect(result.gradients.map(({ logit }) => logit)).toEqual([0, 2, 4, 8, 16, 32]);
    for (const row of result.gradients) {
      for (const cost of COSTS) {
        const { firstGradient } = simulate({ cost, weight: row.logit, bias: 0, lr: 1 }, 0);
        expectNear(row[cost], firstGradient, `${cost} from ${row.logit}`);
      }
    }
    expect(result.gradients.at(-1)).toMatchObject({ output: 1, quadratic: 0, crossEntropy: 1 });
  });
});

describe("the slowdown", () => {
  it("cross entropy's first gradient is 1/σ′ times the quadratic one: more than ten times here", () => {
    const { quadratic, crossEntropy } = result;
    const [q, c] = [f64.quadratic.firstGradient, f64.crossEntropy.firstGradient];
    expect(c.value / q.value).toBeCloseTo(1 / (sigma(4) * (1 - sigma(4))), 10);
    expect(crossEntropy.firstGradient / quadratic.firstGradient).toBeGreaterThan(10);
  });

  it("the quadratic cost stays on its plateau while cross entropy loses nine tenths", () => {
    const share = (cost: (typeof COSTS)[number], epoch: number) => {
      const [first, then] = [f64[cost].costs[0], f64[cost].costs[epoch]] as [Near, Near];
      return { value: 1 - then.value / first.value, bound: (2 * (first.bound + then.bound)) / first.value };
    };
    const epoch = epochBelow(
      f64.crossEntropy.costs.map(({ value }) => value),
      0.1,
    ) as number;
    const [slow, fast] = [share("quadratic", epoch), share("crossEntropy", epoch)];
    // in f64 already: less than a twentieth of the fall
    expect(slow.value).toBeLessThan(fast.value / 20);
    const fallen = ({ costs }: Course) => 1 - (costs[epoch] as number) / (costs[0] as number);
    expect(fallen(result.quadratic)).toBeLessThan(slow.value + slow.bound);
    expect(fallen(result.crossEntropy)).toBeGreaterThan(0.9 - fast.bound);
  });

  it("epochBelow counts the epochs until a cost is below a share of its first value", () => {
    expect(epochBelow([4, 3, 2, 1.9, 1], 0.5)).toBe(3);
    expect(epochBelow([4, 3], 0.5)).toBeUndefined();
    expect(epochBelow([0, 0], 0.5)).toBeUndefined();
  });
});

describe("the report", () => {
  it("says what was computed: first gradients, plateau, last outputs", () => {
    const text = reportLines(DEFAULTS, result, plain).join("\n");
    const short = (value: number): string => String(Number(value.toPrecision(4)));
    for (const cost of COSTS) {
      expect(text).toContain(short(result[cost].firstGradient));
      expect(text).toContain(short(result[cost].outputs[1]));
      for (const share of [0.9, 0.5])
        expect(text).toContain(`until epoch ${epochBelow(result[cost].costs, share)}`);
    }
    expect(text).toContain("learning rate 0.15 for both");
  });

  it.each<Partial<Options>>([
    {},
    { epochs: 1 },
    { epochs: 7, lr: 1000 },
    { weight: -1000, bias: -1000 },
    { weight: 999.123456, bias: 999.98765, epochs: 10_000, lr: 123.456789012 },
    { weight: 40 },
  ])("%j: fits 80 columns, and colours do not move it", async (changes) => {
    const options = { ...DEFAULTS, ...changes };
    const numbers = await run(options);
    const lines = reportLines(options, numbers, plain);
    for (const line of lines) expect([...line].length, line).toBeLessThanOrEqual(80);
    expect(lines.join("\n")).not.toMatch(/NaN|undefined|Infinity/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const bare = reportLines(options, numbers, coloured).map((line) => line.replace(/\u001b\[\d+m/g, ""));
    expect(bare).toEqual(lines);
  });

  it("draws both curves from 1 on, cross entropy's below", () => {
    const lines = reportLines(DEFAULTS, result, plain);
    const top = lines.findIndex((line) => line.startsWith("1.00┤"));
    const chart = lines.slice(top, top + 13);
    expect(chart[0]).toMatch(/^1\.00┤━{10}/);
    expect(chart.at(-1)).toMatch(/^0\.00┤ +•{30}/);
    for (const line of chart) if (line.includes("•")) expect(line).not.toMatch(/[━┓┗].*•/);
  });

  it("has its own words where there is nothing to learn, and where the quadratic cost cannot", async () => {
    const last = async (changes: Partial<Options>) => {
      const options = { ...DEFAULTS, epochs: 3, ...changes };
      const lines = reportLines(options, await run(options), plain);
      return lines.slice(lines.lastIndexOf("") + 1).join(" ");
    };
    expect(await last({ weight: -1000 })).toBe("Nothing to learn: the output is 0 from the start.");
    expect(await last({ weight: 40 })).toContain("the quadratic cost never moves");
    expect(await last({})).toMatch(/has not halved its cost after 3 epochs\.$/);
    expect(await last({ epochs: 20 })).toMatch(
      /in 8 epochs; the quadratic cost has not done so after 20 epochs\.$/,
    );
  });
});

describe("the command line", () => {
  const example = (args: readonly string[], env: Record<string, string> = {}) => {
    const { FORCE_COLOR: _, ...rest } = process.env;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "examples/03-slowdown/main.ts", ...args],
      { encoding: "utf8", env: { ...rest, ...env } },
    );
    return { status, stdout, stderr };
  };

  it("is read", () => {
    expect(readOptions([])).toEqual(DEFAULTS);
    expect(readOptions(["--epochs", "20", "--lr=5e-1", "--weight=-3", "--bias", "0"])).toEqual({
      epochs: 20,
      lr: 0.5,
      weight: -3,
      bias: 0,
    });
    expect(readOptions(["-h"])).toBe("help");
    for (const line of HELP.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it.each([
    [["--epochs", "0"], '--epochs is "0", expected a whole number from 1 to 10000'],
    [["--lr", "0"], '--lr is "0", expected a number above 0, at most 1000'],
    [["--lr", "1001"], "at most 1000"],
    [["--weight", "much"], '--weight is "much", expected a number from -1000 to 1000'],
    [["--bias=-1001"], '--bias is "-1001"'],
    [["--bias="], '--bias is ""'],
    [["--weight", "-2"], "--weight=-XYZ"],
    [["--rate", "1"], "--rate"],
  ])("refuses %j", (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });

  it("bad options end with 2 and a message", () => {
    const { status, stdout, stderr } = example(["--epochs", "none"]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toBe(
      '--epochs is "none", expected a whole number from 1 to 10000\nnpm run example -- 03 --help shows the options.\n',
    );
  });

  it("NO_COLOR: the report, with no escape codes; FORCE_COLOR: the same with them", () => {
    const bare = example([], { NO_COLOR: "1" });
    expect(bare).toMatchObject({ status: 0, stderr: "" });
    expect(bare.stdout).toBe(`${reportLines(DEFAULTS, result, plain).join("\n")}\n`);
    expect(bare.stdout).not.toContain("\u001b");
    expect(example([], { FORCE_COLOR: "1" }).stdout).toContain("\u001b[35m");
  });
});

function sigma(z: number): number {
  return 1 / (1 + Math.exp(-z));
}

function expectCourse(got: Course, exact: Simulation): void {
  expect(got.costs.length).toBe(exact.costs.length);
  for (const [epoch, cost] of got.costs.entries())
    expectNear(cost, exact.costs[epoch], `cost after ${epoch}`);
  expectNear(got.firstGradient, exact.firstGradient, "first gradient");
  expectNear(got.outputs[0], exact.outputs[0], "output at the start");
  expectNear(got.outputs[1], exact.outputs.at(-1), "output at the end");
}

function expectNear(got: number, exact: Near | undefined, what: string): void {
  const { value, bound } = exact as Near;
  expect(Math.abs(got - value), `${what}: ${got} against ${value}`).toBeLessThanOrEqual(bound);
}
