// Fields and types of strict documents; what a value means is judged elsewhere.
import { unhex } from './bytes';
import { Fields, Num, isInteger, type Node } from './canonical';
import { parseCid } from './cid';

/** A field is missing, unknown, there twice, or of a wrong type. */
export class ShapeFault extends Error {
  constructor(said: string) {
    super(said);
    this.name = 'ShapeFault';
  }
}

/** The values of exactly these fields, each there once and no other. */
export function fieldsOf<K extends string>(node: Node, names: readonly K[]): Record<K, Node> {
  if (!(node instanceof Fields)) throw new ShapeFault(`want an object with the fields ${names.join(', ')}`);
  const found = new Map(node.list);
  if (node.list.length !== names.length || names.some((name) => !found.has(name))) {
    throw new ShapeFault(`want exactly the fields ${names.join(', ')}, each once`);
  }
  return Object.fromEntries(found) as Record<K, Node>;
}

/** The digits of an integer `0|[1-9][0-9]*`, of any size. */
export function integer(node: Node, field: string): string {
  if (node instanceof Num && isInteger(node.text)) return node.text;
  throw new ShapeFault(`${field} is not an integer of digits only`);
}

/** An unsigned integer of so many bits. */
export function unsigned(node: Node, field: string, bits: 8 | 32): number {
  return Number(wide(node, field, bits));
}

/** Heights, times and ids: beyond what a number holds exactly. */
export function wide(node: Node, field: string, bits = 64): bigint {
  const digits = integer(node, field);
  if (digits.length <= 20 && BigInt(digits) < 1n << BigInt(bits)) return BigInt(digits);
  throw new ShapeFault(`${field} is ${digits.slice(0, 40)}, want less than 2^${bits}`);
}

export function string(node: Node, field: string): string {
  if (typeof node === 'string') return node;
  throw new ShapeFault(`${field} is not a string`);
}

export function boolean(node: Node, field: string): boolean {
  if (typeof node === 'boolean') return node;
  throw new ShapeFault(`${field} is neither true nor false`);
}

export function array(node: Node, field: string): Node[] {
  if (Array.isArray(node)) return node;
  throw new ShapeFault(`${field} is not an array`);
}

export function oneOf<T extends string>(node: Node, field: string, names: readonly T[]): T {
  const found = names.find((name) => name === node);
  if (found === undefined) throw new ShapeFault(`${field} is none of ${names.join(', ')}`);
  return found;
}

export function hexOf(node: Node, field: string, bytes: number): string {
  const text = string(node, field);
  if (!unhex(text, bytes)) throw new ShapeFault(`${field} is not ${2 * bytes} digits of lower-case hex`);
  return text;
}

export function cidOf(node: Node, field: string): string {
  const text = string(node, field);
  if (!parseCid(text)) throw new ShapeFault(`${field} is not a CID in its one spelling`);
  return text;
}

/** Null, or what `read` makes of it. */
export const orNull = <T>(node: Node, read: (node: Node) => T): T | null => (node === null ? null : read(node));
