// The one kind of content identifier Antiphon uses: version 1, SHA-256, base32 lower case.
import { concat, equal, sha256, type Bytes } from './bytes';

export type Codec = 'raw' | 'dag-pb';

export interface Cid {
  codec: Codec;
  digest: Bytes;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const SPELLING = /^b[a-z2-7]{57}[aeimquy4]$/;
const CODES: Record<Codec, number> = { raw: 0x55, 'dag-pb': 0x70 };

/** Whether a text is a CID in its one spelling. */
export const isCid = (text: string): boolean => parseCid(text) !== null;

/** Reads the one spelling; null for anything else. */
export function parseCid(text: string): Cid | null {
  if (!SPELLING.test(text)) return null;
  const [version, code, hash, size] = unbase32(text.slice(1));
  const codec = code === CODES.raw ? 'raw' : code === CODES['dag-pb'] ? 'dag-pb' : null;
  if (version !== 1 || codec === null || hash !== 0x12 || size !== 0x20) return null;
  return { codec, digest: unbase32(text.slice(1)).slice(4) };
}

export function cidText({ codec, digest }: Cid): string {
  return `b${base32(concat(Uint8Array.of(1, CODES[codec], 0x12, 0x20), digest))}`;
}

/** The identifier of one raw block. */
export async function cidOfRaw(bytes: Uint8Array): Promise<string> {
  return cidText({ codec: 'raw', digest: await sha256(bytes) });
}

/** Whether these bytes are the block that `cid` names. */
export async function matches(cid: string, bytes: Uint8Array): Promise<boolean> {
  const parsed = parseCid(cid);
  return parsed !== null && equal(parsed.digest, await sha256(bytes));
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(buffer >> (bits - 5)) & 31];
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

/** Whole bytes only: the spelling has made sure that the rest is zero. */
function unbase32(text: string): Bytes {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const char of text) {
    buffer = ((buffer << 5) | ALPHABET.indexOf(char)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((buffer >> bits) & 255);
    }
  }
  return Uint8Array.from(bytes);
}
