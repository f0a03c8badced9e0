// Whose money it is: the account that is shown, on the network that is set, by the clock of the chain.
import 'fake-indexeddb/auto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { isUsable } from '../src/core/blocks';
import { createContext } from '../src/core/context';
import type { SessionInfo, Signer } from '../src/core/types';
import { chainAhead } from '../src/state/clock';
import { net } from '../src/state/network';
import { account, connect, disconnect, isLive, payer, session, startWallet, walletFailure } from '../src/state/wallet';
import { refreshAccount, withdraw } from '../src/state/wallet';
import { FakeChain, address, network } from './fake-chain';

const wallet = vi.hoisted(() => ({ address: '', signed: 0 }));
vi.mock('../src/core/wallet', () => {
  const sign = (): never => {
    wallet.signed += 1;
    throw new Error('signed');
  };
  const connectKeplr = async () =>
    ({ kind: 'keplr', address: wallet.address, ledger: false, sign }) as unknown as Signer;
  return { connectKeplr, connectGuest: connectKeplr, onAccountSwitch: () => undefined, walletPresent: () => true };
});

let chain: FakeChain;
const shown = address(1);
const other = address(2);

beforeAll(() => startWallet());
beforeEach(async () => {
  chain = await FakeChain.start();
  chain.fund(shown);
  vi.stubGlobal('fetch', chain.fetch);
  wallet.address = shown;
  net.value = network();
});
afterEach(() => disconnect());
afterAll(() => vi.unstubAllGlobals());

describe('after a reload', () => {
  beforeEach(() => {
    account.value = { kind: 'keplr', address: shown, ledger: false };
  });

  it('the account that is shown pays', async () => {
    expect((await payer())?.signer.address).toBe(shown);
  });

  it('another account in the wallet pays nothing, and is told apart', async () => {
    wallet.address = other;
    await expect(payer()).rejects.toMatchObject({ code: 'account_switched' });
    await withdraw();
    expect(walletFailure.value?.code).toBe('account_switched');
    expect(wallet.signed).toBe(0);
    wallet.address = shown;
    expect((await payer())?.signer.address).toBe(shown);
  });
});

describe('another network in the settings', () => {
  it('leaves neither account nor signer of the one before', async () => {
    await connect('keplr');
    expect(account.value?.address).toBe(shown);
    net.value = network({ chain_id: 'test-2' });
    expect(account.value).toBeNull();
    expect(await payer()).toBeNull();
  });

  it('keeps the account where only the node is another, and asks the wallet for it again', async () => {
    await connect('keplr');
    wallet.address = other;
    net.value = network({ rest: 'http://127.0.0.1:1318' });
    expect(account.value?.address).toBe(shown);
    await expect(payer()).rejects.toMatchObject({ code: 'account_switched' });
  });
});

describe('a session', () => {
  it('runs out by the clock of the chain, not by that of this machine', async () => {
    const info = { callsLeft: 1, expires: new Date(Date.now() + 60_000) } as SessionInfo;
    expect(isLive(info)).toBe(true);
    await connect('keplr');
    const ahead = new Date(Date.now() + 3_600_000).toISOString();
    const header = { chain_id: 'test-1', height: '5', time: ahead };
    chain.faults = [
      ({ path }) => (path.endsWith('/blocks/latest') ? { status: 200, body: { block: { header } } } : undefined),
    ];
    await refreshAccount();
    expect(chainAhead.value).toBeGreaterThan(3_500_000);
    expect(isLive(info)).toBe(false);
    expect(session.value).toBeNull();
  });
});

describe('endpoints that strangers put on record', () => {
  const near = createContext(network());
  const far = createContext(network({ rest: 'https://node.example', gateway: 'http://127.0.0.1:8787' }));

  it.each(['https://worker.example', 'http://worker.example:9000/antiphon'])('%s is asked', (endpoint) => {
    expect(isUsable(far, endpoint)).toBe(true);
  });

  it.each(['https://w.example/?to=', 'https://w.example/#', 'file:///etc', 'https://a:b@w.example', 'nothing'])(
    '%s is never asked',
    (endpoint) => expect(isUsable(near, endpoint)).toBe(false),
  );

  it.each([
    'http://127.0.0.1:9001',
    'http://localhost:9001',
    'http://x.localhost',
    'http://[::1]:80',
    'http://2130706433',
    'http://[::ffff:127.0.0.1]',
    'http://0.0.0.0:1',
  ])('%s is asked only by a page whose own node is on this machine', (endpoint) => {
    expect(isUsable(near, endpoint)).toBe(true);
    expect(isUsable(far, endpoint)).toBe(false);
  });

  it('the gateway of the settings is asked wherever it is', () => {
    expect(isUsable(far, 'http://127.0.0.1:8787')).toBe(true);
  });
});
