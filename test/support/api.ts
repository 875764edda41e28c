// What is public, as the TypeScript compiler sees it: what entries export, and the methods of what their functions give; with the
// docstring of each. Judges nothing.

import ts from "typescript";
import { blocks } from "./blocks.ts";

/** A public name and its docstring. */
export interface Public {
  /** `src/index.ts` */
  readonly entry: string;
  /** `relu`, of a method `Sequential.fit` */
  readonly name: string;
  /** a value is a function, class or constant */
  readonly kind: "value" | "method" | "type";
  /** where it is declared: `src/nn/layers.ts` */
  readonly file: string;
  /** of `@category` */
  readonly category: string | undefined;
  /** what stands before the tags */
  readonly text: string;
  /** code of `@example`, a block each */
  readonly examples: readonly string[];
}

/** Every public name, in the order of the entries and of their exports; methods behind the function that gives them first. */
export function publicNames(program: ts.Program, entries: readonly string[]): Public[] {
  const checker = program.getTypeChecker();
  const found: Public[] = [];
  const met = new Set<unknown>();
  const own = (node: ts.Node | undefined): node is ts.Node =>
    node !== undefined && !program.isSourceFileFromExternalLibrary(node.getSourceFile()) && !isLib(node);
  const isLib = (node: ts.Node): boolean => program.isSourceFileDefaultLibrary(node.getSourceFile());

  for (const entry of entries) {
    const add = (name: string, kind: Public["kind"], symbol: ts.Symbol, node: ts.Node): void => {
      found.push({ entry, name, kind, file: relative(node), ...docOf(checker, symbol) });
    };
    const methods = (type: ts.Type): void => {
      if (met.has(type)) return;
      met.add(type);
      const parts = type.isUnionOrIntersection() ? type.types : [];
      for (const part of [...parts, ...checker.getTypeArguments(type as ts.TypeReference)]) methods(part);
      for (const property of checker.getPropertiesOfType(type)) {
        const [node] = property.declarations ?? [];
        if (!own(node) || isHidden(node) || isInternal(property)) continue;
        const given = checker.getTypeOfSymbol(property);
        if (isMethod(node) && !met.has(node) && !isCallback(node, checker)) {
          met.add(node);
          add(`${nameOf(node.parent)}.${property.name}`, "method", property, node);
        }
        if (!isMethod(node)) methods(given);
        for (const call of given.getCallSignatures()) methods(call.getReturnType());
      }
    };
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${entry} exports nothing`);
    for (const exported of checker.getExportsOfModule(module)) {
      const alias = exported.flags & ts.SymbolFlags.Alias;
      const symbol = alias ? checker.getAliasedSymbol(exported) : exported;
      const [node] = symbol.declarations ?? [];
      if (node === undefined || met.has(symbol)) continue;
      met.add(symbol);
      // `export type` of a class: it is made by functions
      const isType = !(symbol.flags & ts.SymbolFlags.Value) || isTypeOnly(exported);
      add(exported.name, isType ? "type" : "value", symbol, node);
      if (isType) continue;
      for (const call of checker.getTypeOfSymbol(symbol).getCallSignatures()) methods(call.getReturnType());
    }
  }
  return found;
}

/**
 * A program over files that are given as text, and those that they import.
 *
 * @param old  one of the same options, whose files need not be read again
 */
export function programOf(
  files: ReadonlyMap<string, string>,
  options: ts.CompilerOptions,
  old?: ts.Program,
): ts.Program {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => files.has(path) || fileExists(path);
  host.readFile = (path) => files.get(path) ?? readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const text = files.get(path);
    if (text === undefined) return old?.getSourceFile(path) ?? getSourceFile(path, ...rest);
    return ts.createSourceFile(path, text, rest[0]);
  };
  return ts.createProgram([...files.keys()], options, host);
}

function docOf(checker: ts.TypeChecker, symbol: ts.Symbol): Pick<Public, "category" | "text" | "examples"> {
  const tags = symbol.getJsDocTags(checker);
  const of = (name: string): string[] =>
    tags.filter((tag) => tag.name === name).map(({ text }) => ts.displayPartsToString(text));
  return {
    category: of("category")[0]?.trim(),
    text: ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    examples: of("example").flatMap((text) => blocks(text, "ts")),
  };
}

function isTypeOnly(exported: ts.Symbol): boolean {
  const [node] = exported.declarations ?? [];
  return (
    node !== undefined && ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly)
  );
}

type Method = ts.MethodDeclaration | ts.MethodSignature;

function isMethod(node: ts.Node): node is Method {
  const method = ts.isMethodDeclaration(node) || ts.isMethodSignature(node);
  return method && node.questionToken === undefined;
}

/** `#name`, or a name that is a symbol. */
function isHidden(node: ts.Node): boolean {
  const name = ts.getNameOfDeclaration(node as ts.Declaration);
  return name !== undefined && (ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name));
}

function isInternal(symbol: ts.Symbol): boolean {
  return symbol.getJsDocTags().some(({ name }) => name === "internal");
}

/** Whether it is there to be called by xent: an interface that is extended has it, as something that may be left out. */
function isCallback({ parent, name }: Method, checker: ts.TypeChecker): boolean {
  const heritage = ts.isInterfaceDeclaration(parent) ? (parent.heritageClauses ?? []) : [];
  return heritage
    .flatMap(({ types }) => types)
    .some((type) => checker.getPropertyOfType(checker.getTypeAtLocation(type), name.getText()) !== undefined);
}

function nameOf(node: ts.Node): string {
  return (ts.isInterfaceDeclaration(node) || ts.isClassDeclaration(node)) && node.name ? node.name.text : "";
}

function relative(node: ts.Node): string {
  return node.getSourceFile().fileName.replace(`${process.cwd()}/`, "");
}
