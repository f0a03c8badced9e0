// One secp256k1 key: address and signatures. Loaded only when something is to be signed.
import { ripemd160 } from '@noble/hashes/legacy.js';
import { getPublicKey, signAsync, utils } from '@noble/secp256k1';
import { bech32 } from './address';
import { sha256, type Bytes } from './bytes';

export class Key {
  /** Compressed, 33 bytes. */
  readonly pubkey: Bytes;

  constructor(readonly secret: Uint8Array) {
    this.pubkey = Uint8Array.from(getPublicKey(secret, true));
  }

  static random(): Key {
    return new Key(utils.randomSecretKey());
  }

  /** ripemd160(sha256(public key)), as every Cosmos chain names accounts. */
  async address(prefix: string): Promise<string> {
    return bech32(prefix, ripemd160(await sha256(this.pubkey)));
  }

  /** r‖s, low s, RFC 6979, over SHA-256 of these bytes. */
  async sign(bytes: Uint8Array): Promise<Bytes> {
    const signature = await signAsync(await sha256(bytes), this.secret, { prehash: false });
    return Uint8Array.from(signature);
  }
}
