// Accounts: a wallet with Keplr's interface, or a guest key of this page. Small; what signs is loaded on demand.
import { AntiphonError } from './errors';
import { request } from './http';
import type { NetworkConfig } from './network';
import { Rest } from './rest';
import type { Fetch, Signer } from './types';

export { chainInfo, type KeplrChainInfo } from './chain-info';

const plainFetch: Fetch = (input, init) => globalThis.fetch(input, init);

/** Whether a wallet has put itself into this page. Extensions may do so shortly after it has loaded. */
export const walletPresent = (): boolean => globalThis.window?.keplr !== undefined;

/** Calls back when the person picks another account in the wallet; returns how to stop that. */
export function onAccountSwitch(callback: () => void): () => void {
  globalThis.window.addEventListener('keplr_keystorechange', callback);
  return () => globalThis.window.removeEventListener('keplr_keystorechange', callback);
}

/** The wallet's account. Throws `wallet_missing`, `wallet_locked`, `wallet_refused` or `wrong_chain`. */
export async function connectKeplr(net: NetworkConfig, fetcher: Fetch = plainFetch): Promise<Signer> {
  if (!walletPresent()) throw new AntiphonError('wallet_missing');
  const { connect } = await import('./keplr');
  return connect(net, new Rest(net.rest, fetcher));
}

/** This browser's own key for the network, made at the first call. */
export async function connectGuest(net: NetworkConfig, fetcher: Fetch = plainFetch): Promise<Signer> {
  const [{ Key, localSigner }, store] = await Promise.all([import('./signer'), import('./keystore')]);
  const id = store.guestId(net.chain_id);
  const stored = await store.loadKey(id);
  const key = stored ? new Key(stored.secret) : Key.random();
  if (!stored) {
    await store.saveKey(id, { address: await key.address(net.prefix), secret: Uint8Array.from(key.secret) });
  }
  return localSigner(net, new Rest(net.rest, fetcher), key, 'guest');
}

/** Coins from the local network's faucet. */
export interface Gift {
  address: string;
  amount: string;
  denom: string;
  hash: string;
}

/** Throws `faucet_refused` with the faucet's own words. */
export async function askFaucet(net: NetworkConfig, address: string, fetcher: Fetch = plainFetch): Promise<Gift> {
  if (!net.faucet) throw new AntiphonError('faucet_refused', {}, 'this network has no faucet');
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify({ address }) };
  const { status, bytes } = await request(fetcher, `${net.faucet}/give`, init, { timeout: 30_000, max: 16_384 });
  const said = parse(new TextDecoder().decode(bytes));
  if (status === 200 && said && 'hash' in said) return said as unknown as Gift;
  const error = said?.error as { code?: string; message?: string } | undefined;
  throw new AntiphonError('faucet_refused', { reason: error?.code ?? String(status) }, error?.message);
}

function parse(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
}
