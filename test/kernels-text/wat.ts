// The text form of a build as a tree: functions, their instructions, and what loops, blocks and branches hold.
// Reads what asc writes, one instruction on a line, and throws on anything else: nothing is passed over unseen.

export interface Instruction {
  /** `local.get`, `loop`, `f32x4.add`; `else` is one of those that its `if` holds. */
  readonly op: string;
  /** what stands behind it on the line */
  readonly rest: string;
  /** what a block, a loop or an `if` holds; of all others, nothing */
  readonly body: readonly Instruction[];
}

/** Instructions by name of the function, without its $. */
export type Functions = ReadonlyMap<string, readonly Instruction[]>;

const OPENS = ["block", "loop", "if"];

export function parseWat(text: string): Functions {
  const functions = new Map<string, Instruction[]>();
  // where instructions go: of the function and, last, of the innermost that is open; outside functions, empty
  let open: Instruction[][] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const fail = (problem: string): never => {
      throw new Error(`line ${index + 1}, ${JSON.stringify(line)}: ${problem}`);
    };
    const [, indent, op, rest] = /^( *)(\S*) ?(.*)$/.exec(line)!;
    if (open.length === 0) {
      if (op !== "(func") continue;
      const [, name] = /^\$("[^"]+"|[^\s"]+)/.exec(rest!) ?? fail("a function without a name");
      if (functions.has(name!)) fail("a second one of that name");
      open = [[]];
      functions.set(name!, open[0]!);
    } else if (op === "(local") {
      if (open.length > 1 || open[0]!.length > 0) fail("a local among instructions");
    } else if (op === ")") {
      if (open.length > 1) fail("the function ends before its blocks do");
      open = [];
    } else {
      const inner = open.at(-1)!;
      const depth = op === "end" || op === "else" ? open.length - 1 : open.length;
      if (depth === 0) fail("nothing is open that this could belong to");
      // asc indents by one a level: the text and this reader must agree on where an instruction is
      if (indent!.length !== depth + 1) fail(`indented by ${indent!.length}, expected ${depth + 1}`);
      if (op === "end") {
        open.pop();
      } else if (!/^[a-z][\w.]*$/.test(op!)) {
        fail("no instruction");
      } else if (OPENS.includes(op!)) {
        const body: Instruction[] = [];
        inner.push({ op: op!, rest: rest!, body });
        open.push(body);
      } else {
        inner.push({ op: op!, rest: rest!, body: [] });
      }
    }
  }
  if (open.length > 0) throw new Error("the text ends within a function");
  return functions;
}

/** Instructions with all that they hold, in the order of the text. */
export function flat(instructions: readonly Instruction[]): Instruction[] {
  return instructions.flatMap((instruction) => [instruction, ...flat(instruction.body)]);
}

/** Loops that hold no other. */
export function innermostLoops(instructions: readonly Instruction[]): Instruction[] {
  return flat(instructions).filter(
    ({ op, body }) => op === "loop" && !flat(body).some((i) => i.op === "loop"),
  );
}

/** `v128.load`, `f32x4.add`, `i8x16.shuffle`: a vector comes in or goes out. */
export function isVector({ op }: Instruction): boolean {
  return /^(v128|[if]\d+x\d+)\./.test(op);
}
