// Bech32 addresses (BIP 173), as the chain spells them.
import { AntiphonError } from './errors';
import type { Bytes } from './bytes';

const CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const CHECKSUM = 6;
/** Of the code: longer texts could have two spellings. */
const MAX_LENGTH = 1_023;

export interface Address {
  prefix: string;
  bytes: Bytes;
}

/** Reads an address in lower case; null for anything else. */
export function parseAddress(text: string): Address | null {
  const one = text.lastIndexOf('1');
  if (one < 1 || text.length > MAX_LENGTH || text !== text.toLowerCase()) return null;
  const prefix = text.slice(0, one);
  const words = Array.from(text.slice(one + 1), (char) => CHARSET.indexOf(char));
  if (words.length < CHECKSUM || words.includes(-1) || polymod([...expand(prefix), ...words]) !== 1) return null;
  const bytes = regroup(words.slice(0, -CHECKSUM), 5, 8, false);
  return bytes && { prefix, bytes: Uint8Array.from(bytes) };
}

/** Canonical bytes of an address; throws where it is none. */
export function addressBytes(text: string): Bytes {
  const parsed = parseAddress(text);
  if (!parsed) throw new AntiphonError('receipt_invalid', {}, `got the address ${text}, want bech32 in lower case`);
  return parsed.bytes;
}

export function bech32(prefix: string, bytes: Uint8Array): string {
  const words = regroup(Array.from(bytes), 8, 5, true) ?? [];
  const check = polymod([...expand(prefix), ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  const sum = Array.from({ length: CHECKSUM }, (_, at) => (check >>> (5 * (5 - at))) & 31);
  return `${prefix}1${[...words, ...sum].map((word) => CHARSET[word]).join('')}`;
}

function expand(prefix: string): number[] {
  const codes = Array.from(prefix, (char) => char.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
}

function polymod(values: readonly number[]): number {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    GENERATOR.forEach((generator, at) => {
      if ((top >>> at) & 1) sum ^= generator;
    });
  }
  return sum >>> 0;
}

/** Bits in other groups; null if padding would hold anything but zeros. */
function regroup(values: readonly number[], from: number, to: number, pad: boolean): number[] | null {
  const out: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const value of values) {
    buffer = (buffer << from) | value;
    for (bits += from; bits >= to; bits -= to) out.push((buffer >> (bits - to)) & ((1 << to) - 1));
    buffer &= (1 << bits) - 1;
  }
  if (pad) return bits > 0 ? [...out, (buffer << (to - bits)) & ((1 << to) - 1)] : out;
  return bits >= from || buffer !== 0 ? null : out;
}
