// What an account does besides asking: one message, the coins it lacks and no more, refused in amounts before a popup.
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { advance, appeal, appealTerms, rate, type AppealTerms } from '../src/core/act';
import { ask } from '../src/core/ask';
import { createContext } from '../src/core/context';
import { fromContract } from '../src/core/contract';
import { directPayer } from '../src/core/payer';
import { Key, localSigner } from '../src/core/signer';
import type { TaskResponse } from '../src/core/contract-types';
import type { AskRequest, Context, Signer } from '../src/core/types';
import { FakeChain, network } from './fake-chain';

vi.mock('../src/core/pace', () => ({
  sleep: () => Promise.resolve(),
  Pace: class {
    next = () => Promise.resolve();
  },
}));

const net = network();
let chain: FakeChain;
let ctx: Context;
let signer: Signer;

beforeEach(async () => {
  chain = await FakeChain.start();
  const reader = createContext(net, undefined, chain.fetch);
  signer = await localSigner(net, reader.rest, Key.random(), 'guest');
  chain.fund(signer.address, 10_000_000n);
  ctx = createContext(net, directPayer(signer), chain.fetch);
});

const sent = () => chain.taken.flatMap(({ msgs }) => msgs.map(({ msg, funds }) => ({ msg, funds })));

/** A task that has decided, on the chain and as it was read. */
function decided(more: object = {}): AppealTerms {
  const state = { task: 1, status: 'answered', round: 0, size: 5, full_fee: '100', lock: '3000', appeal_bond: '4100' };
  const task = { ...state, outcome: chain.agreed, deadline: chain.height + 40, ...more } as unknown as TaskResponse;
  chain.stuck = true;
  chain.tasks.push({ state: task, members: [], step: 0 });
  return appealTerms(task)!;
}

describe('an appeal', () => {
  it('brings the coins that the prepaid balance lacks, and only these', async () => {
    chain.prepaid.set(signer.address, 1_000n);
    await appeal(ctx, signer, 1, decided());
    const [one] = sent();
    expect(one?.msg).toEqual({ appeal: { task: 1, round: 0 } });
    expect(one?.funds.map(({ amount }) => amount)).toEqual(['3100']);
  });

  it('brings none where the prepaid balance covers the bond', async () => {
    chain.prepaid.set(signer.address, 5_000n);
    await appeal(ctx, signer, 1, decided());
    expect(sent()[0]?.funds).toEqual([]);
  });

  it('is refused in amounts before anything is signed where the account cannot put up the bond', async () => {
    const signed = vi.spyOn(signer, 'sign');
    await expect(appeal(ctx, signer, 1, decided({ appeal_bond: '20000000' }))).rejects.toMatchObject({
      code: 'no_bond',
      params: { have: '10000000', need: '20000000' },
    });
    expect(signed).not.toHaveBeenCalled();
    expect(sent()).toEqual([]);
  });

  it('is good for no block after its window', async () => {
    const shown = decided();
    await appeal(ctx, signer, 1, shown);
    expect(chain.taken[0]?.timeout).toBe(shown.deadline);
  });

  it.each([
    ['another outcome stands', { outcome: { invalid: {} } }],
    ['another bond is due', { appeal_bond: '8200' }],
    ['a later round was played', { round: 1 }],
    ['it was made by somebody else', { status: 'drawing', appeal_bond: null }],
  ])('is not signed where %s by then', async (_, moved) => {
    const signed = vi.spyOn(signer, 'sign');
    const shown = decided();
    Object.assign(chain.tasks[0]!.state, moved);
    await expect(appeal(ctx, signer, 1, shown)).rejects.toMatchObject({ code: 'appeal_over' });
    expect(signed).not.toHaveBeenCalled();
    expect(sent()).toEqual([]);
  });

  const late = ['E_NOT_ANSWERED', 'E_APPEAL_OVER', 'E_OUTCOME_CHANGED', 'E_NO_ROUND_LEFT'];
  it.each(late)('that comes too late (%s) has a sentence', (code) => {
    expect(fromContract(code, 'too late')?.code).toBe('appeal_over');
  });
});

describe('a rating and a step that is due', () => {
  it('cost a fee and nothing else', async () => {
    await rate(ctx, signer, 7, false);
    await advance(ctx, signer, 7);
    expect(sent()).toEqual([
      { msg: { rate: { task: 7, good: false } }, funds: [] },
      { msg: { advance: { tasks: [7] } }, funds: [] },
    ]);
  });

  it('are refused where not even the fee can be paid', async () => {
    chain.accounts.get(signer.address)!.coins = 1n;
    await expect(rate(ctx, signer, 7, true)).rejects.toMatchObject({ code: 'no_funds' });
  });

  it.each(['E_RATED', 'E_NOT_REQUESTER', 'E_NO_ANSWER'])('a rating refused with %s has a sentence', (code) => {
    expect(fromContract(code, 'no')?.code).toBe('rate_refused');
  });
});

describe('a question inside the transaction', () => {
  const request = (content: string): AskRequest => ({
    model: 1,
    messages: [{ role: 'user', content }],
    settings: { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] },
    carry: true,
  });

  it('is handed to nobody first, and carried whole', async () => {
    for (const worker of chain.workers) worker.mode = 'down';
    await ask(ctx, request('Why?'), () => undefined).catch(() => undefined);
    const { post_task } = sent()[0]?.msg as { post_task: { holders: string[]; block: string; prompt_bytes: number } };
    expect(post_task.holders).toEqual([]);
    expect(post_task.block).toHaveLength(2 * post_task.prompt_bytes);
    expect(Buffer.from(post_task.block, 'hex').toString()).toContain('Why?');
  });

  it('that is too long to be carried goes the ordinary way', async () => {
    await ask(ctx, request('Why? '.repeat(900)), () => undefined);
    const { post_task } = sent()[0]?.msg as { post_task: { holders: string[]; block?: string } };
    expect(post_task.holders.length).toBeGreaterThan(0);
    expect(post_task.block).toBeUndefined();
  });
});

describe('a committee that cannot be drawn', () => {
  it('is refused before anything is handed over or paid', async () => {
    chain.seats = 6;
    const request: AskRequest = {
      model: 1,
      messages: [{ role: 'user', content: 'Why?' }],
      settings: { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] },
      committee: 7,
    };
    await expect(ask(ctx, request, () => undefined)).rejects.toMatchObject({
      code: 'no_workers',
      params: { got: 6, want: 7 },
    });
    expect(chain.calls.some(({ method }) => method !== 'GET')).toBe(false);
  });
});
