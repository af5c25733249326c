import { parseSync } from '@swc/core';
import { VenfleetError } from '@venfleet/core';

/** A module that a file imports, re-exports, requires, mocks or takes a type from. */
export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone after compilation: it ties packages together, but does nothing at run time. */
  readonly typeOnly: boolean;
  /** Names imported; empty for a whole module. */
  readonly names: readonly string[];
}

/** A global that a file uses: `setTimeout`, `Date.now`, `new Date()`. */
export interface GlobalUse {
  readonly name: string;
  readonly line: number;
}

export interface Source {
  readonly imports: readonly Import[];
  readonly globals: readonly GlobalUse[];
}

interface Node {
  readonly type: string;
  readonly span?: { readonly start: number };
  readonly [key: string]: unknown;
}

/** swc marks an identifier that nothing in the file declares with this syntax context. */
const UNRESOLVED = 1;
const GLOBAL_OBJECTS = ['globalThis', 'global'];
const MOCKS = ['mock', 'doMock', 'unstable_mockModule', 'requireActual', 'requireMock', 'createMockFromModule'];

/**
 * Reads what a JavaScript or TypeScript file imports and which globals it uses.
 * @throws VenfleetError SOURCE_INVALID with `context.line` when it does not parse.
 */
export function readSource(path: string, text: string): Source {
  const source = text.replace(/^\ufeff/, '');
  const lineOf = lineFinder(source);
  const imports: Import[] = [];
  const globals: GlobalUse[] = [];
  visit(parse(path, source), (node) => {
    for (const found of importsOf(node)) imports.push({ ...found, line: lineOf(node) });
    for (const name of globalsOf(node)) globals.push({ name, line: lineOf(node) });
  });
  return { imports, globals };
}

function parse(path: string, text: string): Node {
  const syntax = /\.[cm]?tsx?$/.test(path)
    ? ({ syntax: 'typescript', tsx: path.endsWith('x'), decorators: true } as const)
    : ({ syntax: 'ecmascript', jsx: true, decorators: true } as const);
  const kind = path.endsWith('.cjs') ? { isModule: 'commonjs' as const } : {};
  try {
    return parseSync(text, { ...syntax, ...kind, target: 'es2022' }) as unknown as Node;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const line = Number(/\[(\d+):\d+\]/.exec(message)?.[1] ?? 1);
    const reason = /^\s*x\s+(.*)$/m.exec(message)?.[1] ?? 'it does not parse';
    throw new VenfleetError('SOURCE_INVALID', reason, { cause, context: { path, line } });
  }
}

/** swc counts bytes from 1. */
function lineFinder(text: string): (node: Node) => number {
  const bytes = Buffer.from(text);
  const starts = [0];
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) starts.push(at + 1);
  return ({ span }) => {
    const offset = (span?.start ?? 1) - 1;
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  // `typeof setTimeout` in a type uses nothing, but `typeof import('x')` takes a type from x.
  const usesNothing = node.type === 'TsTypeQuery' && (node.exprName as Node).type !== 'TsImportType';
  if (!usesNothing) visitAll(Object.values(node), see);
}

function visitAll(values: readonly unknown[], see: (node: Node) => void): void {
  for (const value of values) {
    if (isNode(value)) visit(value, see);
    else if (typeof value === 'object' && value !== null) visitAll(Object.values(value), see);
  }
}

const isNode = (value: unknown): value is Node => typeof (value as { type?: unknown } | null)?.type === 'string';

type Found = Omit<Import, 'line'>;

function importsOf(node: Node): Found[] {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return declared(node);
    case 'TsImportEqualsDeclaration':
      return written((node.moduleRef as { expression?: Node }).expression, node.isTypeOnly === true);
    case 'TsImportType':
      return written(node.argument as Node, true);
    case 'CallExpression':
      return loadsModule(node.callee as Node) ? written((node.arguments as { expression: Node }[])[0]?.expression, false) : [];
    default:
      return [];
  }
}

function declared(node: Node): Found[] {
  const specifiers = (node.specifiers ?? []) as (Node & {
    isTypeOnly?: boolean;
    imported?: Node | null;
    local?: Node;
    orig?: Node;
  })[];
  const allTypes = specifiers.length > 0 && specifiers.every((specifier) => specifier.isTypeOnly === true);
  const names = specifiers
    .map((s) => (s.type.endsWith('Specifier') ? nameOf(s.imported ?? s.orig ?? s.local) : ''))
    .filter((n) => n !== '');
  return written(node.source as Node | undefined, node.typeOnly === true || allTypes, names);
}

const nameOf = (node: Node | null | undefined): string => (typeof node?.value === 'string' ? node.value : '');

/** `import(…)`, `require(…)`, `require.resolve(…)`, `jest.mock(…)`. */
function loadsModule(callee: Node): boolean {
  if (callee.type === 'Import' || (callee.type === 'Identifier' && callee.value === 'require')) return true;
  if (callee.type !== 'MemberExpression') return false;
  const [object, property] = [nameOf(callee.object as Node), memberName(callee)];
  return (object === 'jest' && MOCKS.includes(property)) || (object === 'require' && property === 'resolve');
}

/** A specifier that is written out; one that is computed cannot be checked. */
function written(specifier: Node | null | undefined, typeOnly: boolean, names: string[] = []): Found[] {
  const text = specifier?.type === 'TemplateLiteral' ? textOf(specifier) : nameOf(specifier);
  return text === '' ? [] : [{ specifier: text, typeOnly, names }];
}

function textOf(template: Node): string {
  const quasis = template.quasis as { cooked?: string }[];
  return quasis.length === 1 ? (quasis[0]?.cooked ?? '') : '';
}

function globalsOf(node: Node): string[] {
  switch (node.type) {
    case 'Identifier':
      return named(globalName(node));
    case 'MemberExpression':
      return named(qualified(globalName(node.object as Node), memberName(node)));
    case 'NewExpression': {
      const withoutArgument = ((node.arguments ?? []) as unknown[]).length === 0;
      return withoutArgument ? named(globalName(node.callee as Node), (name) => `new ${name}()`) : [];
    }
    case 'CallExpression':
      return named(globalName(node.callee as Node), (name) => `${name}()`);
    case 'VariableDeclarator': {
      // const { env } = process
      const [pattern, object] = [node.id as Node, isNode(node.init) ? globalName(node.init) : ''];
      const properties = pattern.type === 'ObjectPattern' ? (pattern.properties as Node[]) : [];
      return properties.flatMap((property) => named(qualified(object, nameOf(property.key as Node))));
    }
    default:
      return [];
  }
}

const named = (name: string, as = (it: string) => it): string[] => (name === '' ? [] : [as(name)]);

/** `object.member`, or the member alone when it is one of the global object; empty when the object is not global. */
function qualified(object: string, member: string): string {
  if (object === '') return '';
  return GLOBAL_OBJECTS.includes(object) ? member : `${object}.${member}`;
}

/** The name of a global, be it bare or a member of the global object; empty for anything else. */
function globalName(node: Node): string {
  if (node.type === 'Identifier') return node.ctxt === UNRESOLVED ? nameOf(node) : '';
  if (node.type !== 'MemberExpression') return '';
  return GLOBAL_OBJECTS.includes(globalName(node.object as Node)) ? memberName(node) : '';
}

function memberName(member: Node): string {
  const property = member.property as Node;
  return nameOf(property.type === 'Computed' ? (property.expression as Node) : property);
}
