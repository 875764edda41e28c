// What the package and its builds show to the outside: exported names, WebAssembly imports and exports.

import ts from "typescript";
import { lineOf, parse, type Source } from "./sources.ts";

/** The names an entry exports, `type ` before those that are types only; in order of the alphabet. */
export function exportedNames(source: Source): string[] {
  const names: string[] = [];
  for (const statement of parse(source).statements) {
    if (ts.isExportDeclaration(statement)) {
      const clause = statement.exportClause;
      if (clause === undefined || !ts.isNamedExports(clause)) {
        throw new Error(`${source.path}:${lineOf(statement)}: export * hides what is public`);
      }
      for (const { name, isTypeOnly } of clause.elements) {
        names.push(statement.isTypeOnly || isTypeOnly ? `type ${name.text}` : name.text);
      }
    } else if (ts.isExportAssignment(statement)) {
      names.push("default");
    } else if (isExported(statement)) {
      names.push(...declaredNames(statement));
    }
  }
  return names.sort();
}

function isExported(node: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) {
    return [`type ${statement.name.text}`];
  }
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    return [statement.name?.text ?? "default"];
  }
  return [statement.getText()];
}

/** Names a compiled build imports (`module.name`) and exports. */
export function wasmSurface(bytes: BufferSource): { imports: string[]; exports: string[] } {
  const module = new WebAssembly.Module(bytes);
  return {
    imports: WebAssembly.Module.imports(module)
      .map(({ module, name }) => `${module}.${name}`)
      .sort(),
    exports: WebAssembly.Module.exports(module)
      .map(({ name }) => name)
      .sort(),
  };
}
