// What a larger committee does to an answer that is on the screen already.
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../src/core/bytes';
import { cidOfRaw } from '../src/core/cid';
import { createContext } from '../src/core/context';
import { directPayer } from '../src/core/payer';
import { Key, localSigner } from '../src/core/signer';
import type { Context } from '../src/core/types';
import { sendAsk } from '../src/state/asks';
import type { Ask } from '../src/state/chat-types';
import { findChat, keep, removeAll } from '../src/state/chats';
import { mayChange, note } from '../src/state/later';
import { readTask } from '../src/state/task';
import { ANSWER, FakeChain, network } from './fake-chain';

vi.mock('../src/core/pace', () => ({
  sleep: () => Promise.resolve(),
  Pace: class {
    next = () => Promise.resolve();
  },
}));

const OTHER = 'Red.';
let chain: FakeChain;
let ctx: Context;

beforeEach(async () => {
  chain = await FakeChain.start();
  const net = network();
  const signer = await localSigner(net, createContext(net, undefined, chain.fetch).rest, Key.random(), 'guest');
  chain.fund(signer.address);
  ctx = createContext(net, directPayer(signer), chain.fetch);
  await asked();
});
afterEach(() => removeAll());

const kept = (): Ask => findChat('chat')?.turns[0]?.asks[0] as Ask;

async function asked(): Promise<void> {
  const settings = { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
  const ask: Ask = {
    ...{ id: 'ask', prompt: 'Why?', model: 1, modelName: 'm', committee: 5, settings, fresh: false, promptCid: null },
    ...{ created: 1, stage: 'preparing', marks: {}, pending: null, task: null, snapshot: null, answer: null },
    ...{ known: false, seconds: null, failure: null },
  };
  const chat = { id: 'chat', network: 'n', title: 't', created: 1, updated: 1 };
  const turns = [{ id: 'turn', asks: [ask], shown: 0 }];
  const put = async () => {
    await keep({ ...chat, turns });
    return findChat('chat')!;
  };
  await sendAsk(ask, put, async () => ctx);
}

/** The chain has decided for other words. */
async function overturned(served: string): Promise<void> {
  const cid = await cidOfRaw(utf8(OTHER));
  const state = chain.tasks[0]!.state;
  const before = state.outcome!;
  if (!('answer' in before)) throw new Error('there was no answer');
  state.outcome = { answer: { ...before.answer, cid } };
  for (const worker of chain.workers) worker.blocks.set(cid, utf8(served));
}

describe('an answer that is on the screen', () => {
  it('is looked after until its task is settled', async () => {
    expect(kept().answer?.text).toBe(ANSWER);
    expect(mayChange(kept())).toBe(true);
    chain.tasks[0]!.step = 6;
    await note(ctx, 'chat', kept(), await readTask(ctx, 1));
    expect(kept().later).toEqual({ contested: false, overturned: false, open: false, settled: true });
    expect(mayChange(kept())).toBe(false);
    expect(kept().answer?.text).toBe(ANSWER);
  });

  it('is replaced by the one that stands, read and hashed like any other', async () => {
    await overturned(OTHER);
    await note(ctx, 'chat', kept(), await readTask(ctx, 1));
    expect(kept().answer?.text).toBe(OTHER);
    expect(kept().answer?.sources).toHaveLength(2);
    expect(kept().later?.overturned).toBe(true);
  });

  it('is replaced again where what was overturned once is overturned back', async () => {
    const first = chain.tasks[0]!.state.outcome;
    // Its window stays open.
    chain.tasks[0]!.step = 7;
    await overturned(OTHER);
    await note(ctx, 'chat', kept(), await readTask(ctx, 1));
    expect(kept().answer?.text).toBe(OTHER);
    const said = kept().later;
    Object.assign(chain.tasks[0]!.state, { outcome: first });
    await note(ctx, 'chat', kept(), await readTask(ctx, 1));
    expect(kept().later).toEqual(said);
    expect(kept().answer?.text).toBe(ANSWER);
  });

  it('is gone where the one that stands cannot be had: what no longer stands is not shown', async () => {
    await overturned('not these bytes');
    await note(ctx, 'chat', kept(), await readTask(ctx, 1));
    expect(kept().answer).toBeNull();
    expect(kept().failure?.code).toBe('hash_mismatch');
  });

  it('is marked as contested, and stays', async () => {
    chain.tasks[0]!.state.contested = true;
    await note(ctx, 'chat', kept(), await readTask(ctx, 1));
    expect(kept().later?.contested).toBe(true);
    expect(kept().answer?.text).toBe(ANSWER);
  });

  it('is left alone where another network has a task of the same number', async () => {
    await overturned(OTHER);
    const view = await readTask(ctx, 1);
    await note(ctx, 'chat', kept(), { ...view, task: { ...view.task, prompt: 'another' } });
    expect(kept().answer?.text).toBe(ANSWER);
    expect(mayChange(kept())).toBe(false);
  });
});
