import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ask } from '../src/core/ask';
import { createContext } from '../src/core/context';
import { loadKey, sessionId } from '../src/core/keystore';
import { checkSession, endSession, feeLimit, sessionPayer, sessionStatus, startSession } from '../src/core/session';
import type { Context, Signer } from '../src/core/types';
import { connectKeplr } from '../src/core/wallet';
import { installWallet, type TestWallet } from '../live/wallet';
import { FakeChain, address, network } from './fake-chain';

vi.mock('../src/core/pace', () => ({
  sleep: () => Promise.resolve(),
  Pace: class {
    next = () => Promise.resolve();
  },
}));

const net = network();
let chain: FakeChain;
let wallet: TestWallet;
let signer: Signer;
let ctx: Context;
/** More that the account has granted: what the session is not. */
let others: { grants: object[]; allowances: object[] };
/** What the fake chain says of the session. */
let rights: { calls: number; fees: string; expires: number; grantee: () => Promise<string> } | null;

const EXECUTION = '/cosmwasm.wasm.v1.ContractExecutionAuthorization';

async function grant(contract = net.contract) {
  const { calls, expires, grantee } = rights!;
  const limit = { remaining: String(calls) };
  const authorization = { '@type': EXECUTION, grants: [{ contract, limit, filter: { keys: ['post_task'] } }] };
  return { grantee: await grantee(), authorization, expiration: new Date(expires).toISOString() };
}

beforeEach(async () => {
  chain = await FakeChain.start();
  wallet = await installWallet(net.prefix);
  rights = null;
  others = { grants: [], allowances: [] };
  const plain = chain.fetch;
  const fetcher: typeof plain = async (input, init) => {
    const { pathname, searchParams } = new URL(String(input));
    const reply = (body: unknown) => new Response(JSON.stringify(body));
    if (pathname.startsWith('/cosmos/authz/')) {
      return reply({ grants: [...(rights ? [await grant()] : []), ...others.grants] });
    }
    if (pathname.startsWith('/cosmos/feegrant/v1beta1/issued/')) {
      if (searchParams.get('pagination.key') === 'two+/=') return reply({ allowances: others.allowances });
      const pagination = { next_key: 'two+/=' };
      return reply({ allowances: rights ? [{ grantee: await rights.grantee() }] : [], pagination });
    }
    if (pathname.startsWith('/cosmos/feegrant/')) {
      if (!rights) return new Response(JSON.stringify({ code: 5, message: 'fee-grant not found' }), { status: 404 });
      const basic = { spend_limit: [{ denom: 'uanti', amount: rights.fees }] };
      return reply({ allowance: { allowance: { '@type': 'AllowedMsgAllowance', allowance: basic } } });
    }
    return plain(input, init);
  };
  signer = await connectKeplr(net, fetcher);
  chain.fund(signer.address);
  ctx = createContext(net, undefined, fetcher);
});
afterEach(() => Reflect.deleteProperty(globalThis, 'window'));

const stored = async (): Promise<string> =>
  (await loadKey(sessionId(net.chain_id, net.contract, signer.address)))?.address ?? '';

/** The chain as it is once a session was granted. */
function granted(more: Partial<NonNullable<typeof rights>> = {}): void {
  rights = { calls: 10, fees: '66000', expires: Date.now() + 600_000, grantee: stored, ...more };
}

async function started(): Promise<void> {
  const status = startSession(ctx, signer, { calls: 10, minutes: 10, deposit: 20_000n }, { onStage: () => granted() });
  await status;
}

describe('starting a session', () => {
  it('is one transaction with both grants and the deposit that is short, in one popup', async () => {
    chain.prepaid.set(signer.address, 5_000n);
    await started();
    expect(wallet.popups).toBe(1);
    const types = chain.taken[0].msgs.map(({ typeUrl }) => typeUrl.split('.').at(-1));
    expect(types).toEqual(['MsgGrant', 'MsgGrantAllowance', 'MsgExecuteContract']);
    expect(chain.taken[0].msgs[2].funds).toEqual([{ denom: 'uanti', amount: '15000' }]);
  });

  it('revokes what an earlier one has left, in the same transaction', async () => {
    await started();
    await started();
    const types = chain.taken[1].msgs.map(({ typeUrl }) => typeUrl.split('.').at(-1));
    expect(types.slice(0, 3)).toEqual(['MsgRevokeAllowance', 'MsgRevoke', 'MsgGrant']);
    expect(wallet.popups).toBe(2);
  });

  it('leaves no key behind when the person refuses, and keeps the one of the session that goes on', async () => {
    wallet.refuse = true;
    await expect(started()).rejects.toMatchObject({ code: 'wallet_refused' });
    expect(await stored()).toBe('');
    wallet.refuse = false;
    await started();
    const before = await stored();
    wallet.refuse = true;
    await expect(started()).rejects.toMatchObject({ code: 'wallet_refused' });
    expect(await stored()).toBe(before);
  });

  it('is refused before the popup where the coins for the deposit are missing', async () => {
    chain.accounts.get(signer.address)!.coins = 100n;
    await expect(started()).rejects.toMatchObject({ code: 'no_funds', params: { have: '100', need: '20000' } });
    expect(wallet.popups).toBe(0);
  });

  it('keeps the new key while nobody knows whether the grant was made', async () => {
    const stop = new AbortController();
    chain.halted = true;
    const onStage = (stage: string) => void (stage === 'broadcast' && stop.abort());
    const how = { onStage, signal: stop.signal };
    const asked = startSession(ctx, signer, { calls: 10, minutes: 10, deposit: 0n }, how);
    await expect(asked).rejects.toMatchObject({ code: 'stopped' });
    expect(chain.taken).toHaveLength(1);
    expect(await stored()).not.toBe('');
  });

  it('has an allowance near calls × real fee', () => {
    expect(feeLimit(ctx, 10)).toBe(66_000n);
  });
});

describe('using a session', () => {
  it('Demand 6: opens no popup, and posts for the account with its own key', async () => {
    await started();
    const session = { ...ctx, payer: await sessionPayer(ctx, signer.address) };
    chain.prepaid.set(signer.address, 50_000n);
    chain.fund(session.payer.signer.address);
    const question = { model: 1, messages: [{ role: 'user' as const, content: 'Hello?' }] };
    const settings = { max_output_tokens: 8, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
    await ask(session, { ...question, settings }, () => undefined);
    expect(wallet.popups).toBe(1);
    expect(chain.taken[1].signer).toBe(await stored());
    expect(chain.taken[1].msgs[0]).toMatchObject({ sender: signer.address, funds: [] });
  });

  it.each([
    ['no calls are left', { calls: 0 }, 'session_over'],
    ['its time is over', { expires: Date.now() - 1 }, 'session_over'],
    ['its fees are used up', { fees: '0' }, 'session_over'],
    ['the prepaid balance is short', {}, 'no_balance'],
  ])('is refused before anything is sent when %s', async (_, more, code) => {
    await started();
    granted(more);
    await expect(checkSession(ctx, signer.address, 1_000n)).rejects.toMatchObject({ code });
  });

  it('is missing where this browser has no key for the account', async () => {
    await expect(sessionPayer(ctx, 'wasm1nobody')).rejects.toMatchObject({ code: 'session_missing' });
  });
});

describe('ending a session', () => {
  it('Demand 7: revokes both grants in one transaction and forgets the key', async () => {
    await started();
    await endSession(ctx, signer);
    const types = chain.taken[1].msgs.map(({ typeUrl }) => typeUrl.split('.').at(-1));
    expect(types).toEqual(['MsgRevokeAllowance', 'MsgRevoke']);
    expect(await sessionStatus(ctx, signer.address)).toBeNull();
    expect(await stored()).toBe('');
  });

  it('keeps the key when the person refuses, so that it can be ended later', async () => {
    await started();
    wallet.refuse = true;
    await expect(endSession(ctx, signer)).rejects.toMatchObject({ code: 'wallet_refused' });
    expect(await stored()).not.toBe('');
  });

  it('revokes allowances that earlier sessions have left, on every page, and no others', async () => {
    await started();
    const sessions = (grantee: string, messages = ['/cosmos.authz.v1beta1.MsgExec']) => ({
      grantee,
      allowance: { '@type': '/cosmos.feegrant.v1beta1.AllowedMsgAllowance', allowed_messages: messages },
    });
    others.allowances = [
      sessions(address(21)),
      sessions(address(22), ['/cosmos.bank.v1beta1.MsgSend']),
      { grantee: address(23), allowance: { '@type': '/cosmos.feegrant.v1beta1.BasicAllowance' } },
      sessions(address(24)),
    ];
    const elsewhere = { ...(await grant(address(77))), grantee: address(24) };
    others.grants = [elsewhere];
    const own = await stored();
    await endSession(ctx, signer);
    const [first, second, ...more] = chain.taken[1].msgs;
    expect([first.msg.grantee, second.msg.grantee]).toEqual([own, address(21)]);
    expect(more.map(({ typeUrl }) => typeUrl.split('.').at(-1))).toEqual(['MsgRevoke']);
  });

  it('sends nothing where nothing is granted any more', async () => {
    await started();
    rights = null;
    await endSession(ctx, signer);
    expect(chain.taken).toHaveLength(1);
  });
});
