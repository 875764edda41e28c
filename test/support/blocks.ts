// Code of a document, run as it is printed: what it imports and assumes is bound to what a test gives.

import { transform } from "esbuild";

const AsyncFunction = (async () => undefined).constructor as new (
  ...names: string[]
) => (...values: unknown[]) => Promise<unknown>;

/** The blocks of one language, in their order. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)\\n\`\`\`$`, "gms"))].map(
    ([, code]) => code as string,
  );
}

/** Names that are imported, with the module of each. */
export function imports(text: string): { name: string; from: string }[] {
  return [...text.matchAll(/^import \{ ([\w, ]+) \} from "([^"]+)";$/gm)].flatMap(([, names, from]) =>
    (names as string).split(", ").map((name) => ({ name, from: from as string })),
  );
}

/**
 * Runs a block of TypeScript.
 *
 * @param modules  what it may import from; `import` waits for the module, so that one may be made by the block itself
 * @param given    what the text before it has made
 * @returns the block's own constants by their names
 */
export async function runBlock(
  code: string,
  modules: Readonly<Record<string, () => object | Promise<object>>>,
  given: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, unknown>> {
  const plain = code.replace(
    /^import (\{ [\w, ]+ \}) from ("[^"]+");$/gm,
    (_, names, from) => `const ${names} = await imported(${from});`,
  );
  const own = [...plain.matchAll(/^const (?:(\w+)|\{ ([\w, ]+) \}) =/gm)].flatMap(([, one, some]) =>
    one === undefined ? (some as string).split(", ") : [one],
  );
  const { code: script } = await transform(`async () => {${plain}\nreturn { ${own.join(", ")} };}`, {
    loader: "ts",
  });
  const imported = (from: string): unknown => {
    const module = modules[from];
    if (module === undefined) throw new Error(`nobody gives ${from}`);
    return module();
  };
  const names = Object.keys(given);
  const run = new AsyncFunction("imported", ...names, `return (${script.trim().replace(/;$/, "")})();`);
  return (await run(imported, ...names.map((name) => given[name]))) as Record<string, unknown>;
}
