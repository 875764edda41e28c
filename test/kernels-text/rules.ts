// What the compiled kernels must look like. Each rule gives what it found, an empty list where all is well.

import { type Functions, flat, type Instruction, innermostLoops, isVector } from "./wat.ts";

/**
 * The loop over k of a micro-kernel.
 *
 * @throws when the function is not there, or has not exactly one innermost loop
 */
export function kLoop(functions: Functions, name: string): Instruction {
  const body = functions.get(name);
  if (body === undefined) throw new Error(`${name} is no function of the text`);
  const loops = innermostLoops(body);
  if (loops.length !== 1) throw new Error(`${name}: ${loops.length} innermost loops, expected 1`);
  return loops[0]!;
}

/** V8 keeps no constant in a register over a loop: it makes it anew, by three instructions, at every use. */
export function constantsInLoop(functions: Functions, name: string): string[] {
  return flat(kLoop(functions, name).body)
    .filter(({ op }) => op === "v128.const")
    .map(({ op, rest }) => `${name}: ${op} ${rest} in the loop over k`);
}

/** The loop runs straight through and tests at its end. The rules below follow it only then. */
export function branchesInLoop(functions: Functions, name: string): string[] {
  const { body, rest } = kLoop(functions, name);
  const last = body.at(-1);
  const back = last?.op === "br_if" && last.rest === rest ? last : undefined;
  const found = flat(body)
    .filter((i) => i !== back && /^(block|if|br|br_\w+|return|unreachable|call|call_\w+)$/.test(i.op))
    .map(({ op }) => `${name}: ${op} in the loop over k`);
  return back ? found : [...found, `${name}: the loop over k does not test at its end`];
}

/** What a round of the loop does with vectors. */
export interface Round {
  /** how often each vector instruction stands in it */
  readonly vectors: Record<string, number>;
  /** products that are added to something, in one instruction or two */
  readonly multiplyAdds: number;
}

/** @throws when the loop branches, or holds an instruction that is not known here */
export function roundOf(functions: Functions, name: string): Round {
  const vectors: Record<string, number> = {};
  for (const { op } of kLoop(functions, name).body.filter(isVector)) vectors[op] = (vectors[op] ?? 0) + 1;
  return { vectors, multiplyAdds: follow(functions, name).multiplyAdds };
}

/**
 * No sum waits for another of its round. Binaryen sometimes nests such chains, and then V8 spills; a tile has one
 * multiply-add a round for each accumulator.
 */
export function nestedSums(functions: Functions, name: string): string[] {
  return follow(functions, name).nested.map((op) => `${name}: ${op} of a sum of the same round`);
}

/** A value on the stack or in a local: is it a product as it is, and does a sum of this round go into it? */
interface Value {
  readonly product: boolean;
  readonly sum: boolean;
}
const FROM_OUTSIDE: Value = { product: false, sum: false };

const SUMS = ["f32x4.add", "f32x4.sub", "f32x4.relaxed_madd", "f32x4.relaxed_nmadd"];

/** How many values an instruction takes off the stack; each but a store leaves one. The first that fits. */
const OPERANDS: readonly (readonly [RegExp, number])[] = [
  [/\.const$/, 0],
  [/^v128\.load\d+_lane$/, 2],
  [/\.(load\w*|splat|abs|neg|sqrt|not|extract_lane\w*|extend_\w+|convert_\w+|promote_\w+|eqz|\w+_true)$/, 1],
  [/\.(add|sub|mul|div\w*|p?min|p?max|and|andnot|x?or|sh[lr]\w*|shuffle|eq|ne|[lg][te]\w*|store\w*)$/, 2],
  [/^(select|v128\.bitselect|f32x4\.relaxed_n?madd)$/, 3],
];

/** One round of the loop over k on a stack, as the engine sees it: no local holds anything of this round before. */
function follow(functions: Functions, name: string): { multiplyAdds: number; nested: string[] } {
  const [branch] = branchesInLoop(functions, name);
  if (branch !== undefined) throw new Error(branch);
  const nested: string[] = [];
  let multiplyAdds = 0;
  const locals = new Map<string, Value>();
  const stack: Value[] = [];
  const pop = (op: string): Value => {
    const value = stack.pop();
    if (value === undefined) throw new Error(`${name}: nothing on the stack for ${op}`);
    return value;
  };
  for (const { op, rest } of kLoop(functions, name).body) {
    if (op === "br_if") pop(op);
    else if (op === "local.get") stack.push(locals.get(rest) ?? FROM_OUTSIDE);
    else if (op === "local.set") locals.set(rest, pop(op));
    else if (op === "local.tee") {
      const value = pop(op);
      locals.set(rest, value);
      stack.push(value);
    } else {
      const [, count] = OPERANDS.find(([pattern]) => pattern.test(op)) ?? [];
      if (count === undefined) throw new Error(`${name}: how many operands ${op} has is not known`);
      const operands = Array.from({ length: count }, () => pop(op));
      const late = operands.some(({ sum }) => sum);
      const sum = SUMS.includes(op);
      if (sum && late) nested.push(op);
      if (/relaxed_n?madd$/.test(op) || (sum && operands.some(({ product }) => product))) multiplyAdds++;
      if (!/\.store/.test(op)) stack.push({ product: op === "f32x4.mul", sum: sum || late });
    }
  }
  if (stack.length > 0) throw new Error(`${name}: ${stack.length} values are left on the stack`);
  return { multiplyAdds, nested };
}

/** A function that leaves the work to others. */
export interface Caller {
  readonly name: string;
  /** what it must call, each a function of its own */
  readonly calls: readonly string[];
  /** how many loops it has itself; left out: any number */
  readonly loops?: number;
}

/**
 * No kernel is inlined into what calls it. V8 never replaces a frame that is running: a kernel inside the loop over
 * records would stay in the code of the first, slow compiler until the program ends.
 */
export function inlined(functions: Functions, { name, calls, loops }: Caller): string[] {
  const body = functions.get(name);
  if (body === undefined) return [`${name} is no function of the text`];
  const all = flat(body);
  const found: string[] = [];
  const vectors = all.filter(isVector);
  if (vectors.length > 0)
    found.push(`${name}: ${vectors.length} vector instructions, ${vectors[0]!.op} first`);
  const own = all.filter(({ op }) => op === "loop").length;
  if (loops !== undefined && own !== loops) found.push(`${name}: ${own} loops, expected ${loops}`);
  for (const callee of calls) {
    if (!functions.has(callee)) found.push(`${callee} is no function of the text`);
    if (!all.some(({ op, rest }) => op === "call" && rest === `$${callee}`)) {
      found.push(`${name} does not call ${callee}`);
    }
  }
  return found;
}
