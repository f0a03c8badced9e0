// The few wire types of protobuf that a transaction needs, written for the tests alone.

export const join = (...parts: Uint8Array[]): Buffer => Buffer.concat(parts);

function varint(value: bigint): Buffer {
  const out: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...out, Number(rest)]);
    out.push(Number(rest & 0x7fn) | 0x80);
  }
}

/** A number field; 0 is left out, as proto3 does. */
export function uint(field: number, value: bigint | number): Buffer {
  return BigInt(value) === 0n ? Buffer.alloc(0) : join(varint(BigInt(field << 3)), varint(BigInt(value)));
}

/** A field of bytes, words or an inner message. */
export function bytes(field: number, value: Uint8Array | string): Buffer {
  const raw = typeof value === 'string' ? Buffer.from(value) : value;
  return join(varint(BigInt((field << 3) | 2)), varint(BigInt(raw.length)), raw);
}

/** google.protobuf.Any */
export const any = (url: string, value: Uint8Array): Buffer => join(bytes(1, url), bytes(2, value));

/** cosmos.base.v1beta1.Coin */
export const coin = (denom: string, amount: bigint): Buffer => join(bytes(1, denom), bytes(2, amount.toString()));
