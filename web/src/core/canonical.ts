// A small strict JSON reader and the one writer (RFC 8785 without floating point): twin of
// packages/documents/src/json.rs. Own code because validity is voted: JSON.parse forgives repeated keys and
// forgets how numbers are written.
import { textOf } from './bytes';

/** A number as it was written. */
export class Num {
  constructor(readonly text: string) {}
}

/** An object in the order of the document, repeated keys included. */
export class Fields {
  constructor(readonly list: readonly (readonly [string, Node])[]) {}
}

export type Node = null | boolean | string | Num | Node[] | Fields;

/** Why a text is not JSON, and where (UTF-16 units from its start). */
export class JsonError extends Error {
  constructor(what: string, at: number) {
    super(`not JSON: ${what} at ${at}`);
    this.name = 'JsonError';
  }
}

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9+\-.eE])/y;
// eslint-disable-next-line no-control-regex
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const HEX4 = /[0-9a-fA-F]{4}/y;
const LITERALS: readonly (readonly [string, Node])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];
const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Parser {
  private at = 0;

  constructor(private readonly text: string) {}

  document(depth: number): Node {
    const value = this.value(depth);
    this.skipSpace();
    if (this.at < this.text.length) throw this.error('text after the document');
    return value;
  }

  private error(what: string): JsonError {
    return new JsonError(what, this.at);
  }

  /** What a sticky expression matches here, consumed; null if nothing. */
  private take(expression: RegExp): string | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.text);
    if (!found) return null;
    this.at += found[0].length;
    return found[0];
  }

  private skipSpace(): void {
    this.take(SPACE);
  }

  private eat(token: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(token, this.at)) return false;
    this.at += token.length;
    return true;
  }

  private expect(token: string): void {
    if (!this.eat(token)) throw this.error(`no '${token}'`);
  }

  private value(depth: number): Node {
    this.skipSpace();
    const next = this.text[this.at];
    if (next === '{') return this.object(depth);
    if (next === '[') return this.array(depth);
    if (next === '"') return this.string();
    for (const [name, value] of LITERALS) if (this.eat(name)) return value;
    const number = this.take(NUMBER);
    if (number === null) throw this.error('no value');
    return new Num(number);
  }

  private deeper(depth: number): number {
    if (depth < 1) throw this.error('containers nested too deep');
    return depth - 1;
  }

  private array(depth: number): Node[] {
    const inner = this.deeper(depth);
    this.expect('[');
    const items: Node[] = [];
    if (this.eat(']')) return items;
    for (;;) {
      items.push(this.value(inner));
      if (this.eat(']')) return items;
      this.expect(',');
    }
  }

  private object(depth: number): Fields {
    const inner = this.deeper(depth);
    this.expect('{');
    const list: [string, Node][] = [];
    if (this.eat('}')) return new Fields(list);
    for (;;) {
      this.skipSpace();
      const key = this.string();
      this.expect(':');
      list.push([key, this.value(inner)]);
      if (this.eat('}')) return new Fields(list);
      this.expect(',');
    }
  }

  private string(): string {
    if (this.text[this.at] !== '"') throw this.error("no '\"'");
    this.at += 1;
    let text = '';
    for (;;) {
      text += this.take(PLAIN) ?? '';
      const next = this.text[this.at];
      this.at += 1;
      if (next === '"') return text;
      if (next === undefined) throw this.error('the end inside a string');
      if (next !== '\\') throw this.error('a raw control character in a string');
      text += this.escape();
    }
  }

  /** What follows a backslash. */
  private escape(): string {
    const letter = this.text[this.at] ?? '';
    this.at += 1;
    if (letter === 'u') return this.unicode();
    const char = ESCAPES[letter];
    if (char === undefined || letter.length !== 1) throw this.error('an unknown escape');
    return char;
  }

  /** What follows `\u`: a character, or the first half of a pair and then the other. */
  private unicode(): string {
    const first = this.unit();
    if (first < 0xd800 || first > 0xdfff) return String.fromCharCode(first);
    if (first > 0xdbff || !this.text.startsWith('\\u', this.at)) throw this.error('a lone surrogate');
    this.at += 2;
    const second = this.unit();
    if (second < 0xdc00 || second > 0xdfff) throw this.error('a lone surrogate');
    return String.fromCharCode(first, second);
  }

  private unit(): number {
    const digits = this.take(HEX4);
    if (digits === null) throw this.error('no four hex digits after \\u');
    return parseInt(digits, 16);
  }
}

/** Reads one document of at most `depth` containers open at once. Throws `JsonError`. */
export function parseStrict(bytes: Uint8Array, depth: number): Node {
  const text = textOf(bytes);
  if (text === null) throw new JsonError('bytes that are not UTF-8', 0);
  return new Parser(text).document(depth);
}

/** The canonical text: keys in ASCII order, no white space, the shortest escapes. */
export function writeCanonical(node: Node): string {
  if (typeof node === 'string') return quote(node);
  if (node instanceof Num) return node.text;
  if (Array.isArray(node)) return `[${node.map(writeCanonical).join(',')}]`;
  if (node instanceof Fields) {
    const sorted = [...node.list].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${sorted.map(([key, value]) => `${quote(key)}:${writeCanonical(value)}`).join(',')}}`;
  }
  return String(node);
}

/** JSON.stringify escapes exactly what RFC 8785 escapes: it is RFC 8785's own definition. */
const quote = (text: string): string => JSON.stringify(text);

/** Plain values (strings, integers, arrays, objects; absent fields left out) as a document. */
export function nodeOf(value: unknown): Node {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return new Num(String(value));
  if (Array.isArray(value)) return value.map(nodeOf);
  if (typeof value !== 'object') throw new JsonError(`a ${typeof value} has no canonical form`, 0);
  const present = Object.entries(value as object).filter(([, field]) => field !== undefined);
  return new Fields(present.map(([key, field]) => [key, nodeOf(field)] as const));
}

/** A document as plain values. Throws on repeated keys and on numbers that are no safe integers. */
export function plainOf(node: Node): unknown {
  if (node instanceof Num) {
    const value = Number(node.text);
    if (!Number.isSafeInteger(value) || String(value) !== node.text) throw new JsonError(`the number ${node.text}`, 0);
    return value;
  }
  if (Array.isArray(node)) return node.map(plainOf);
  if (!(node instanceof Fields)) return node;
  const plain = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of node.list) {
    if (key in plain) throw new JsonError(`the field "${key}" twice`, 0);
    plain[key] = plainOf(value);
  }
  return plain;
}

/** Canonical text of plain values. */
export const canonical = (value: unknown): string => writeCanonical(nodeOf(value));

const INTEGER = /^(?:0|[1-9][0-9]*)$/;

/** Whether a text is `0|[1-9][0-9]*`. */
export const isInteger = (text: string): boolean => INTEGER.test(text);
