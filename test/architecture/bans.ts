// What may not stand in a source file. Each rule takes sources and returns what is wrong, one line a finding.

import ts from "typescript";
import { lineOf, parse, type Source, walk } from "./sources.ts";

/** A hard look is due above this many lines. */
export const LONG_FILE = 300;
const LONGEST_FILE = 500;

/** Math functions and constants that every engine computes to the same bits. */
const EXACT_MATH = new Set(
  "abs ceil clz32 floor fround imul max min round sign sqrt trunc E LN10 LN2 LOG10E LOG2E PI SQRT1_2 SQRT2".split(
    " ",
  ),
);

type Report = (node: ts.Node, problem: string) => void;

function inspect(sources: readonly Source[], look: (node: ts.Node, report: Report) => void): string[] {
  const problems: string[] = [];
  for (const source of sources) {
    const report: Report = (node, problem) => problems.push(`${source.path}:${lineOf(node)}: ${problem}`);
    walk(parse(source), (node) => look(node, report));
  }
  return problems;
}

/** AssemblyScript: nothing is allocated, captured, kept between calls or asked of the host. */
export function assemblyBans(sources: readonly Source[]): string[] {
  return inspect(sources, (node, report) => {
    if (ts.isNewExpression(node)) report(node, "new");
    if (isText(node) && !isSpecifier(node)) report(node, "a string");
    if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) report(node, "a closure");
    if (ts.isFunctionDeclaration(node) && !atTop(node)) report(node, "a function in a function");
    if (ts.isVariableStatement(node) && atTop(node) && !(node.declarationList.flags & ts.NodeFlags.Const)) {
      report(node, "a mutable global");
    }
    if (ts.isPropertyDeclaration(node) && !isStaticReadonly(node)) report(node, "a field");
    if (ts.isArrayLiteralExpression(node) && !isDataArgument(node)) report(node, "an array literal");
    if (ts.isObjectLiteralExpression(node)) report(node, "an object literal");
    if (ts.canHaveModifiers(node) && has(node, ts.SyntaxKind.DeclareKeyword)) report(node, "a host import");
    if (ts.isDecorator(node) && node.expression.getText().startsWith("external"))
      report(node, "a host import");
    if (ts.isIdentifier(node) && node.text.startsWith("relaxed_") && !inLib(node)) {
      report(node, `${node.text} outside lib/`);
    }
    if (ts.isPropertyAccessExpression(node) && /^(heap\.\w+|memory\.grow)$/.test(node.getText())) {
      report(node, node.getText());
    }
  });
}

/** The f64 meaning of ops: results are compared with, never kept, so their last bit is free. */
const COMPARED_WITH = /^src\/program\/meaning(-\w+)?\.ts$/;

/** src/, outside cli and what is only compared with: arithmetic that gives the same bits on every engine. */
export function srcBans(sources: readonly Source[]): string[] {
  const checked = sources.filter(({ path }) => !path.startsWith("src/cli/") && !COMPARED_WITH.test(path));
  return inspect(checked, (node, report) => {
    if (ts.isIdentifier(node) && node.text === "Math") {
      const { parent } = node;
      const member =
        ts.isPropertyAccessExpression(parent) && parent.expression === node ? parent.name.text : "";
      if (!EXACT_MATH.has(member)) report(node, member === "" ? "Math passed on" : `Math.${member}`);
    }
    if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      const constant = ts.isNumericLiteral(node.left) && isLiteral(node.right);
      if (kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken) report(node, "**=");
      if (kind === ts.SyntaxKind.AsteriskAsteriskToken && !constant)
        report(node, "** of something not constant");
    }
  });
}

/** 14, −14 */
function isLiteral(node: ts.Expression): boolean {
  return ts.isNumericLiteral(ts.isPrefixUnaryExpression(node) ? node.operand : node);
}

/** src/base/abi.ts, read by asc and tsc alike: nothing but `export const NAME = <integer expression>`. */
export function abiProblems(source: Source): string[] {
  const known = new Set<string>();
  const problems: string[] = [];
  for (const statement of parse(source).statements) {
    const report = (problem: string) => problems.push(`${source.path}:${lineOf(statement)}: ${problem}`);
    const declaration = ts.isVariableStatement(statement) && statement.declarationList.declarations[0];
    if (!declaration || !(statement.declarationList.flags & ts.NodeFlags.Const)) report("no constant");
    else if (!has(statement, ts.SyntaxKind.ExportKeyword)) report("not exported");
    else if (declaration.type !== undefined) report("an annotation, which would make it f64");
    else if (declaration.initializer === undefined || !isInteger(declaration.initializer, known)) {
      report("not an integer expression");
    } else known.add(declaration.name.getText());
  }
  return problems;
}

/** The example of a docstring, which says nothing of the code that is around it. */
const EXAMPLE = /^ *\* @example\n *\* ```.*\n(?: *\*(?! ```).*\n)* *\* ```\n/gm;

/** In the opening of a file: why it may have any number of lines. */
const REASON = /\bone (file|page) because\b/i;

/** Files of more than `most` lines that do not say why they are one; examples in docstrings are not counted. */
export function longFiles(sources: readonly Source[], most = LONGEST_FILE): string[] {
  return sources
    .filter(({ text }) => !REASON.test(text.slice(0, 1000)))
    .map(({ path, text }) => ({ path, lines: text.replace(EXAMPLE, "").trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > most)
    .map(
      ({ path, lines }) => `${path}: ${lines} lines, at most ${most}, or "One file because …" in its opening`,
    );
}

/** What a file of any of our languages begins with that says what it is; a page for browsers has a title, prose a heading. */
const OPENING = /^(#!.*\n)?(\/\/ |\/\*\*?\s|"""|# |<!doctype html>)/;

/** Files that do not open with what they are. */
export function unopened(sources: readonly Source[]): string[] {
  return sources.filter(({ text }) => !OPENING.test(text)).map(({ path }) => `${path}: no opening comment`);
}

function isInteger(node: ts.Expression, known: ReadonlySet<string>): boolean {
  if (ts.isNumericLiteral(node)) return /^(0x[\da-f_]+|\d[\d_]*)$/i.test(node.getText());
  if (ts.isIdentifier(node)) return known.has(node.text);
  if (ts.isParenthesizedExpression(node)) return isInteger(node.expression, known);
  if (ts.isPrefixUnaryExpression(node)) return isInteger(node.operand, known);
  return ts.isBinaryExpression(node) && isInteger(node.left, known) && isInteger(node.right, known);
}

function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isRegularExpressionLiteral(node);
}

function isSpecifier(node: ts.Node): boolean {
  return ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent);
}

function atTop(node: ts.Node): boolean {
  return ts.isSourceFile(node.parent) || ts.isModuleBlock(node.parent);
}

function has(node: ts.Node, modifier: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === modifier);
}

function isStaticReadonly(node: ts.Node): boolean {
  return has(node, ts.SyntaxKind.StaticKeyword) && has(node, ts.SyntaxKind.ReadonlyKeyword);
}

/** The one array literal that is no allocation: `memory.data<T>([…])`. */
function isDataArgument({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && parent.expression.getText() === "memory.data";
}

function inLib(node: ts.Node): boolean {
  return node.getSourceFile().fileName.startsWith("assembly/lib/");
}
