// A wallet with Keplr's interface around a key of our own: real signatures, every popup counted.
import { serializeSignDoc } from '@cosmjs/amino';
import { base64 } from '../src/core/bytes';
import { signDoc } from '../src/core/proto';
import type { Keplr } from '../src/core/keplr';
import { Key } from '../src/core/key';

export interface TestWallet {
  key: Key;
  popups: number;
  ledger: boolean;
  refuse: boolean;
}

/** Puts the wallet where pages look for it. */
export async function installWallet(prefix: string): Promise<TestWallet> {
  const wallet: TestWallet = { key: Key.random(), popups: 0, ledger: false, refuse: false };
  const address = await wallet.key.address(prefix);
  const known = new Set<string>();
  const popup = () => {
    wallet.popups += 1;
    if (wallet.refuse) throw new Error('Request rejected');
  };
  const signed = async (bytes: Uint8Array) => ({ signature: base64(await wallet.key.sign(bytes)) });
  const keplr: Keplr = {
    async enable(chain) {
      if (!known.has(chain)) throw new Error(`There is no chain info for ${chain}`);
    },
    async experimentalSuggestChain(info) {
      known.add(info.chainId);
    },
    async getKey() {
      return { name: 'test', pubKey: wallet.key.pubkey, bech32Address: address, isNanoLedger: wallet.ledger };
    },
    async signDirect(_chain, _signer, doc) {
      popup();
      const bytes = signDoc(doc.bodyBytes, doc.authInfoBytes, doc.chainId, BigInt(doc.accountNumber));
      return { signed: doc, signature: await signed(bytes) };
    },
    async signAmino(_chain, _signer, doc) {
      popup();
      return { signed: doc, signature: await signed(serializeSignDoc(doc as never)) };
    },
  };
  Object.assign(globalThis, { window: Object.assign(new EventTarget(), { keplr }) });
  return wallet;
}
