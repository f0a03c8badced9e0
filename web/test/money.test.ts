// What a lost, late or foreign answer may cost: nothing, and nothing twice.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ask, resume } from '../src/core/ask';
import { createContext } from '../src/core/context';
import { directPayer } from '../src/core/payer';
import { Key, localSigner } from '../src/core/signer';
import type { AskRequest, Context, Pending } from '../src/core/types';
import { actionOf } from '../src/pages/chat/next-step';
import { unresolved, type Ask } from '../src/state/chat-types';
import { withTake } from '../src/state/send';
import { ANSWER, FakeChain, network, type Fault } from './fake-chain';

vi.mock('../src/core/pace', () => ({
  sleep: () => Promise.resolve(),
  Pace: class {
    next = () => Promise.resolve();
  },
}));

const net = network();
let chain: FakeChain;
let ctx: Context;
const settings = { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
const request: AskRequest = { model: 1, messages: [{ role: 'user', content: 'Why?' }], settings };

beforeEach(async () => {
  chain = await FakeChain.start();
  const reader = createContext(net, undefined, chain.fetch);
  const signer = await localSigner(net, reader.rest, Key.random(), 'guest');
  chain.fund(signer.address);
  ctx = createContext(net, directPayer(signer), chain.fetch);
});

const onBroadcast = (reply: (count: number) => ReturnType<Fault>): Fault => {
  let count = 0;
  return ({ method, path }) => (method === 'POST' && path.endsWith('/txs') ? reply(++count) : undefined);
};

describe('the first answer to a broadcast', () => {
  it.each([
    [500, 2],
    [500, 13],
    [502, 14],
    [503, 14],
    [504, 4],
    [429, 8],
  ])('from a gateway (HTTP %i, gRPC %i) is a lost answer: the same bytes go again', async (status, code) => {
    const body = { code, message: 'upstream connect error' };
    chain.faults = [onBroadcast((count) => (count === 1 ? { status, body } : undefined))];
    const pending: Pending[] = [];
    const { answer } = await ask(ctx, request, (event) => void (event.type === 'pending' && pending.push(event)));
    expect(answer.text).toBe(ANSWER);
    expect(pending).toHaveLength(1);
    expect(chain.posts).toBe(1);
  });

  it('is believed when the node has read the bytes and will not have them', async () => {
    const body = { code: 3, message: 'tx parse error' };
    chain.faults = [onBroadcast(() => ({ status: 400, body }))];
    await expect(ask(ctx, request, () => undefined)).rejects.toMatchObject({ code: 'tx_failed' });
    expect(chain.posts).toBe(0);
  });
});

describe('a transaction that is not seen', () => {
  it('is found though the index of the node lags behind its last block', async () => {
    let hidden = 9;
    chain.faults = [({ path }) => (path.includes('/txs/') && hidden-- > 0 ? notFound : undefined)];
    const pending: Pending[] = [];
    await ask(ctx, request, (event) => {
      if (event.type !== 'pending') return;
      pending.push(event);
      chain.height += 61;
    });
    expect(pending).toHaveLength(1);
    expect(chain.posts).toBe(1);
  });

  it('counts as never sent only three blocks after its last one, and after two more looks', async () => {
    const never = { hash: 'AB'.repeat(32), timeoutHeight: chain.height + 20 };
    await expect(resume(ctx, never, () => undefined)).rejects.toMatchObject({ code: 'timeout' });
    const looks = chain.calls.filter(({ path }) => path.includes('/txs/') || path.endsWith('/latest'));
    expect(looks.slice(-3).map(({ path }) => path.includes('/txs/'))).toEqual([false, true, true]);
    expect(chain.height).toBeGreaterThanOrEqual(never.timeoutHeight + 3);
  });
});

const notFound = { status: 404, body: { code: 5, message: 'tx not found' } };

const kept = (more: Partial<Ask> = {}): Ask =>
  ({ id: 'a', pending: null, task: null, answer: null, failure: null, ...more }) as Ask;
const pending = { hash: 'AB', timeoutHeight: 9 };
const failed = (code: string): Ask => kept({ pending, failure: { code, params: {} } });

describe('an ask whose transaction was written down', () => {
  it.each(['node_down', 'stopped', 'timeout', 'interrupted', 'something_new'])(
    'is neither dropped nor asked again after %s, only followed',
    (code) => {
      const ask = failed(code);
      expect(unresolved(ask)).toBe(true);
      expect(actionOf(code, true, unresolved(ask))).toBe('follow');
      const turn = withTake({ id: 't', asks: [ask], shown: 0 }, kept({ id: 'b' }));
      expect(turn.asks.map(({ id }) => id)).toEqual(['a', 'b']);
    },
  );

  it.each(['never_sent', 'no_funds', 'session_over', 'out_of_gas'])('is replaced after %s', (code) => {
    expect(unresolved(failed(code))).toBe(false);
    expect(actionOf(code, true, false)).not.toBe('follow');
    expect(withTake({ id: 't', asks: [failed(code)], shown: 0 }, kept({ id: 'b' })).asks).toHaveLength(1);
  });

  it('is resolved by its task', () => {
    expect(unresolved(kept({ pending, task: 3 }))).toBe(false);
    expect(unresolved(kept({ pending }))).toBe(true);
  });
});
