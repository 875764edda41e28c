// Source files as (path, text) pairs, and what they import: the ground the rules stand on. Reads syntax alone.

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import ts from "typescript";

/** A source file; `path` is relative to the package root, with forward slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** One mention of another module. `specifier` is undefined where it is computed at run time. */
export interface Import {
  readonly specifier: string | undefined;
  /** `static`: import … from, export … from, import type; `dynamic`: import(); `url`: new URL(…, import.meta.url) */
  readonly kind: "static" | "dynamic" | "url";
  readonly line: number;
}

/** Every file under a folder whose name ends so (TypeScript, JSX among it), but for what is generated or installed. */
export function readTree(root: string, ending = /\.tsx?$/): Source[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(root, name.replaceAll("\\", "/")))
    .filter((path) => ending.test(path) && !/\/(generated|node_modules)\//.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

export function parse(source: Source): ts.SourceFile {
  return ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
}

/** Calls `visit` for every node of a file, parents first. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

export function lineOf(node: ts.Node): number {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** Everything a file imports, types included. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (kind: Import["kind"], node: ts.Node, specifier: ts.Node | undefined): void => {
    const text = specifier !== undefined && ts.isStringLiteralLike(specifier) ? specifier.text : undefined;
    found.push({ specifier: text, kind, line: lineOf(node) });
  };
  walk(parse(source), (node) => {
    if (ts.isImportDeclaration(node)) add("static", node, node.moduleSpecifier);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add("static", node, node.moduleSpecifier);
    else if (ts.isExternalModuleReference(node)) add("static", node, node.expression);
    else if (ts.isImportTypeNode(node)) {
      add("static", node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
    } else if (ts.isCallExpression(node)) {
      const callee = node.expression;
      if (callee.kind === ts.SyntaxKind.ImportKeyword) add("dynamic", node, node.arguments[0]);
      else if (ts.isIdentifier(callee) && callee.text === "require") add("static", node, node.arguments[0]);
    } else if (ts.isNewExpression(node) && node.expression.getText() === "URL") {
      if (node.arguments?.[1]?.getText() === "import.meta.url") add("url", node, node.arguments[0]);
    }
  });
  return found;
}

/** The file a relative specifier means, as a path from the package root; undefined for a package. */
export function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const path = posix.join(posix.dirname(from), specifier);
  return posix.extname(path) === "" ? `${path}.ts` : path;
}

/** The package a bare specifier means: `a`, `@scope/a`. */
export function packageOf(specifier: string): string {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
