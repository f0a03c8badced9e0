// Signing with a key of this page: guests and sessions. A chunk of its own, loaded when it is needed.
import { Key } from './key';
import { feeOf, type NetworkConfig } from './network';
import { authInfo, signDoc, txBody, txRaw } from './proto';
import type { Rest } from './rest';
import { AntiphonError } from './errors';
import type { SignOptions, Signer, TxMsg } from './types';

export { Key } from './key';

/** A signer for a key that is at hand. */
export async function localSigner(
  net: NetworkConfig,
  rest: Rest,
  key: Key,
  kind: 'guest' | 'session',
): Promise<Signer> {
  const address = await key.address(net.prefix);
  const sign = async (msgs: TxMsg[], opts: SignOptions): Promise<Uint8Array> => {
    const account = await rest.account(address);
    if (!account) throw new AntiphonError('no_funds', { have: '0', need: '' });
    const sequence = opts.sequence ?? account.sequence;
    const body = txBody({ msgs, ...opts });
    const granter = opts.feeGranter ? { granter: opts.feeGranter } : {};
    const auth = authInfo({ pubkey: key.pubkey, sequence, fee: feeOf(net, opts.gas), gas: opts.gas, ...granter });
    const signature = await key.sign(signDoc(body, auth, net.chain_id, account.number));
    return txRaw(body, auth, signature);
  };
  return { kind, address, pubkey: key.pubkey, ledger: false, sign };
}
