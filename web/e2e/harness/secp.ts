// Keys of people for the tests, by Node's own OpenSSL: another implementation than the page's, so
// that a signature both accept is a signature.
import { createECDH, createHash, createPrivateKey, randomBytes, sign } from 'node:crypto';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const ALPHABET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

/** A secp256k1 key with the address it has on the chain. */
export interface PersonKey {
  secret: Buffer;
  /** 33 bytes, compressed. */
  publicKey: Buffer;
  /** 20 bytes. */
  raw: Buffer;
  address: string;
}

export function newKey(prefix: string, secret: Buffer = randomBytes(32)): PersonKey {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(secret);
  const publicKey = ecdh.getPublicKey(null, 'compressed');
  const raw = createHash('ripemd160').update(createHash('sha256').update(publicKey).digest()).digest();
  return { secret, publicKey, raw, address: bech32(prefix, raw) };
}

/** 64 bytes, r and a low s, over the SHA-256 of the message: what the chain accepts. */
export function signBytes(key: PersonKey, message: Uint8Array): Buffer {
  const signature = sign('sha256', message, { key: nodeKey(key), dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  if (s <= ORDER / 2n) return signature;
  const low = (ORDER - s).toString(16).padStart(64, '0');
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(low, 'hex')]);
}

function nodeKey(key: PersonKey) {
  const ecdh = createECDH('secp256k1');
  ecdh.setPrivateKey(key.secret);
  const point = ecdh.getPublicKey();
  const part = (bytes: Buffer) => bytes.toString('base64url');
  const x = part(point.subarray(1, 33));
  const y = part(point.subarray(33));
  const jwk = { kty: 'EC', crv: 'secp256k1', x, y, d: part(key.secret) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

export function bech32(prefix: string, bytes: Uint8Array): string {
  const words = fiveBits(bytes);
  const expanded = [...prefix].map((c) => c.charCodeAt(0));
  const head = [...expanded.map((c) => c >> 5), 0, ...expanded.map((c) => c & 31)];
  const check = polymod([...head, ...words, 0, 0, 0, 0, 0, 0]) ^ 1;
  const tail = [25, 20, 15, 10, 5, 0].map((shift) => (check >> shift) & 31);
  return `${prefix}1${[...words, ...tail].map((word) => ALPHABET[word]).join('')}`;
}

function fiveBits(bytes: Uint8Array): number[] {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((group) => Number.parseInt(group.padEnd(5, '0'), 2));
}

function polymod(values: number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  return values.reduce((check, value) => {
    const mixed = ((check & 0x1ffffff) << 5) ^ value;
    return generators.reduce((sum, g, i) => (((check >> 25) >> i) & 1 ? sum ^ g : sum), mixed);
  }, 1);
}
