// Numbers and equations as the pages write them, read back: what stands on both sides of a = is the same number.

import { expect } from "vitest";

/** "−1,234.5" */
export function numeric(text: string): number {
  return Number(text.replaceAll(",", "").replaceAll("−", "-"));
}

/** "½(0.98 − 0)² = 0.4802": every side, to the four digits that pages show, and a little for what was rounded before. */
export function expectEqual(equation: string): void {
  const sides = equation.split(" = ");
  expect(sides.length).toBeGreaterThan(1);
  const last = numeric(sides.at(-1) ?? "");
  for (const side of sides.slice(0, -1))
    expect(Math.abs(resultOf(side) - last), equation).toBeLessThanOrEqual(Math.abs(last) * 1e-3);
}

/** Of a sum or product of numbers, with ln, ½ and ². */
function resultOf(text: string): number {
  const code = text
    .replaceAll(",", "")
    .replaceAll("−", "-")
    .replaceAll("½", "0.5 * ")
    .replaceAll("²", " ** 2")
    .replaceAll("·", "*")
    .replace(/ln ([\d.e-]+)/g, "Math.log($1)")
    .replaceAll("ln(", "Math.log(");
  // nothing but numbers and what was put in
  if (!/^(Math\.log|[\d.e\s()*+-])+$/.test(code)) throw new Error(`${text} is no sum or product of numbers`);
  return Number(new Function(`return ${code}`)());
}
