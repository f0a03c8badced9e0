import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createContext } from '../src/core/context';
import { AntiphonError } from '../src/core/errors';
import { ofWallet, type Keplr } from '../src/core/keplr';
import { submit } from '../src/core/tx';
import type { TxMsg } from '../src/core/types';
import { askFaucet, chainInfo, connectKeplr, onAccountSwitch, walletPresent } from '../src/core/wallet';
import { installWallet, type TestWallet } from '../live/wallet';
import { FakeChain, network } from './fake-chain';
import { expectChainInfo } from './keplr-rules';

const net = network();
let chain: FakeChain;
let wallet: TestWallet;

beforeEach(async () => {
  chain = await FakeChain.start();
  wallet = await installWallet(net.prefix);
});
afterEach(() => Reflect.deleteProperty(globalThis, 'window'));

describe('the chain suggestion', () => {
  it.each([
    {},
    { chain_name: 'A name that is far longer than any wallet would ever care to show' },
    { gas_price: '0.1uanti', decimals: 0, display_denom: 'ANTI' },
  ])("keeps every rule of Keplr's validator: %j", (more) => {
    expectChainInfo(JSON.parse(JSON.stringify(chainInfo(network(more)))));
  });
});

describe('connecting', () => {
  it('suggests a network the wallet does not know, then asks for its account', async () => {
    const signer = await connectKeplr(net, chain.fetch);
    expect(signer.kind).toBe('keplr');
    expect(signer.address).toBe(await wallet.key.address('wasm'));
    expect(signer.ledger).toBe(false);
  });

  it('Demand 15: says which of these it is when it fails', async () => {
    const keplr = (globalThis.window as unknown as { keplr: Keplr }).keplr;
    const failing = (message: string) => {
      keplr.enable = () => Promise.reject(new Error(message));
      keplr.experimentalSuggestChain = () => Promise.reject(new Error(message));
      return connectKeplr(net, chain.fetch);
    };
    await expect(failing('Request rejected')).rejects.toMatchObject({ code: 'wallet_refused' });
    await expect(failing('Key ring is not unlocked')).rejects.toMatchObject({ code: 'wallet_locked' });
    await expect(failing('There is no chain info for test-1')).rejects.toMatchObject({ code: 'wrong_chain' });
    Object.assign(globalThis, { window: {} });
    expect(walletPresent()).toBe(false);
    await expect(connectKeplr(net, chain.fetch)).rejects.toMatchObject({ code: 'wallet_missing' });
  });

  it.each([
    ['Request rejected', 'wallet_refused'],
    ['[rejected] user denied', 'wallet_refused'],
    ['Signer mismatched', 'account_switched'],
    ['Ledger is locked', 'wallet_locked'],
    ['something nobody has seen', 'wallet_refused'],
  ])('understands "%s"', (message, code) => {
    expect(ofWallet(message).code).toBe(code);
  });

  it('tells of another account, until it is told not to', () => {
    let count = 0;
    const stop = onAccountSwitch(() => (count += 1));
    window.dispatchEvent(new Event('keplr_keystorechange'));
    stop();
    window.dispatchEvent(new Event('keplr_keystorechange'));
    expect(count).toBe(1);
  });
});

describe('signing', () => {
  const message = (sender: string): TxMsg => ({
    type: 'execute',
    sender,
    contract: net.contract,
    msg: { deposit: {} },
    funds: [],
  });

  it.each([false, true])('opens one popup for one transaction (Ledger: %s)', async (ledger) => {
    wallet.ledger = ledger;
    const signer = await connectKeplr(net, chain.fetch);
    chain.fund(signer.address);
    const ctx = createContext(net, undefined, chain.fetch);
    await submit(ctx, signer, [message(signer.address)], {});
    expect(wallet.popups).toBe(1);
    expect(chain.taken).toHaveLength(1);
  });

  it('Demand 15: refused by the person, or by the wallet for another account: nothing is sent', async () => {
    const signer = await connectKeplr(net, chain.fetch);
    chain.fund(signer.address);
    const ctx = createContext(net, undefined, chain.fetch);
    wallet.refuse = true;
    await expect(submit(ctx, signer, [message(signer.address)], {})).rejects.toMatchObject({ code: 'wallet_refused' });
    const switched = (globalThis.window as unknown as { keplr: Keplr }).keplr;
    const key = await switched.getKey(net.chain_id);
    switched.getKey = async () => ({ ...key, bech32Address: 'wasm1other' });
    const sent = submit(ctx, signer, [message(signer.address)], {});
    await expect(sent).rejects.toMatchObject({ code: 'account_switched' });
    expect(chain.taken).toHaveLength(0);
  });
});

describe('the faucet', () => {
  const withFaucet = network({ faucet: 'http://127.0.0.1:4500' });
  const answering = (status: number, body: unknown) => async () => new Response(JSON.stringify(body), { status });

  it('gives coins and says in which transaction', async () => {
    const gift = { address: 'wasm1a', amount: '5', denom: 'uanti', hash: 'AB' };
    expect(await askFaucet(withFaucet, 'wasm1a', answering(200, gift))).toEqual(gift);
  });

  it('Demand 15: refuses in its own words, and there may be none', async () => {
    const busy = answering(429, { error: { code: 'too_soon', message: 'ask again in 30 s' } });
    await expect(askFaucet(withFaucet, 'wasm1a', busy)).rejects.toMatchObject({
      code: 'faucet_refused',
      params: { reason: 'too_soon' },
      detail: 'ask again in 30 s',
    });
    await expect(askFaucet(net, 'wasm1a')).rejects.toBeInstanceOf(AntiphonError);
  });
});
