// What is kept of conversations: by two tabs at once, after a deletion, out of a stranger's file, and off the disk.
import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { utf8 } from '../src/core/bytes';
import { cidOfRaw } from '../src/core/cid';
import { createContext } from '../src/core/context';
import { AntiphonError } from '../src/core/errors';
import { directPayer } from '../src/core/payer';
import { writePrompt } from '../src/core/prompt';
import { Key, localSigner } from '../src/core/signer';
import type { Context } from '../src/core/types';
import { followAsk, isRunning, sendAsk } from '../src/state/asks';
import type { Ask, Chat } from '../src/state/chat-types';
import { chats, findChat, hashed, keep, remove, removeAll, reread, updateAsk } from '../src/state/chats';
import { changeChat } from '../src/state/db';
import { parseExport } from '../src/state/export-file';
import { ANSWER, FakeChain, network } from './fake-chain';

vi.mock('../src/core/pace', () => ({
  sleep: () => Promise.resolve(),
  Pace: class {
    next = () => Promise.resolve();
  },
}));

const settings = { max_output_tokens: 16, seed: '0', temperature_milli: 0, top_k: 0, top_p_milli: 1000, stop: [] };
const newAsk = (more: Partial<Ask> = {}): Ask => ({
  ...{ id: 'ask', prompt: 'Why?', model: 1, modelName: 'm', committee: 5, settings, fresh: false, promptCid: null },
  ...{ created: 1, stage: 'preparing', marks: {}, pending: null, task: null, snapshot: null, answer: null },
  ...{ known: false, seconds: null, failure: null },
  ...more,
});
const chatWith = (...asks: Ask[]): Chat => {
  const turns = asks.map((ask) => ({ id: `turn-${ask.id}`, asks: [ask], shown: 0 }));
  return { id: 'chat', network: 'n', title: 't', created: 1, updated: 1, turns };
};
const answer = (text: string, cid = 'bafkqaaa') => ({
  cid,
  text,
  sources: ['a', 'b'],
  liars: [],
  votes: 5,
  cut: false,
});
const kept = (id = 'ask'): Ask | undefined =>
  findChat('chat')
    ?.turns.flatMap(({ asks }) => asks)
    .find((ask) => ask.id === id);

let chain: FakeChain;
let ctx: Context;

beforeEach(async () => {
  chain = await FakeChain.start();
  const net = network();
  const signer = await localSigner(net, createContext(net, undefined, chain.fetch).rest, Key.random(), 'guest');
  chain.fund(signer.address);
  ctx = createContext(net, directPayer(signer), chain.fetch);
});
afterEach(() => removeAll());

const sending = (ask: Ask, context = () => Promise.resolve(ctx)) =>
  sendAsk(ask, () => keep(chatWith(ask)).then(() => chatWith(ask)), context);

describe('two tabs', () => {
  it('change one conversation without losing what the other has written', async () => {
    await keep(chatWith(newAsk({ id: 'one' }), newAsk({ id: 'two' })));
    // The other tab, which this one has not heard of yet.
    await changeChat('chat', (chat) => chat && { ...chat, title: 'renamed' });
    const pending = { hash: 'AB', timeoutHeight: 9 };
    await Promise.all([
      updateAsk('chat', 'one', (ask) => ({ ...ask, pending })),
      updateAsk('chat', 'two', (ask) => ({ ...ask, task: 7 })),
    ]);
    await reread('chat');
    expect([kept('one')?.pending, kept('two')?.task, findChat('chat')?.title]).toEqual([pending, 7, 'renamed']);
  });
});

describe('sending', () => {
  it('keeps the ask, and ends with the answer', async () => {
    await sending(newAsk());
    expect(kept()).toMatchObject({ task: 1, stage: 'verified', answer: { text: ANSWER }, failure: null });
  });

  it('ends the ask when nobody can be found to pay, instead of leaving it under way', async () => {
    await sending(newAsk(), () => Promise.reject(new AntiphonError('session_missing')));
    expect(kept()?.failure?.code).toBe('session_missing');
    expect(isRunning('ask')).toBe(false);
  });

  it('can be followed again from the moment its failure is seen', async () => {
    await sending(newAsk());
    await updateAsk('chat', 'ask', (ask) => ({ ...ask, answer: null, stage: 'revealing' }));
    const away = createContext(network(), undefined, () => Promise.reject(new TypeError('no network')));
    let again: Promise<void> | null = null;
    const unsubscribe = chats.subscribe(() => {
      const ask = kept();
      if (ask?.failure?.code === 'node_down') again ??= followAsk(ctx, 'chat', ask);
    });
    await followAsk(away, 'chat', kept()!);
    expect(again).not.toBeNull();
    await again;
    unsubscribe();
    expect(kept()).toMatchObject({ answer: { text: ANSWER }, failure: null });
    expect(isRunning('ask')).toBe(false);
  });

  it('broadcasts nothing once the conversation is deleted', async () => {
    await sending(newAsk(), async () => {
      await changeChat('chat', (chat) => chat && { ...chat, turns: [] });
      return ctx;
    });
    expect(chain.taken).toHaveLength(0);
  });

  it('is stopped by deleting the conversation', async () => {
    await sending(newAsk(), async () => {
      await remove('chat');
      return ctx;
    });
    expect(chain.calls.some(({ method }) => method === 'PUT')).toBe(false);
    expect(chats.value).toEqual([]);
  });

  it('broadcasts nothing that could not be written down, and ends all the same', async () => {
    const put = IDBObjectStore.prototype.put;
    await sending(newAsk(), async () => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError');
      };
      return ctx;
    }).finally(() => (IDBObjectStore.prototype.put = put));
    expect(chain.taken).toHaveLength(0);
    expect(isRunning('ask')).toBe(false);
    expect(kept()?.failure).not.toBeNull();
  });
});

describe('a file from elsewhere', () => {
  const file = (chat: unknown): string => JSON.stringify({ antiphon: 'conversations/1', conversations: [chat] });
  const forged = newAsk({ task: 1, answer: answer('The moon is cheese.'), stage: 'verified', known: true, seconds: 1 });

  it('is believed no answer: only its question and its task are kept', async () => {
    const snapshot = { voices: [], decided: true, size: 5, quorum: 4, committed: 5, revealed: 5 };
    const pending = { hash: 'AB', timeoutHeight: 9 };
    const [chat] = (await parseExport(file(chatWith({ ...forged, snapshot, pending, marks: { verified: 5 } }))))!;
    const { cid } = await writePrompt([{ role: 'user', content: 'Why?' }], settings);
    const bare = { task: 1, answer: null, snapshot: null, pending: null, marks: {}, promptCid: cid };
    expect(chat.turns[0].asks[0]).toMatchObject({ ...bare, failure: { code: 'stopped' }, known: false, seconds: null });
    expect(JSON.stringify(chat)).not.toContain('cheese');
  });

  it('shows what the chain and the workers say when it is followed', async () => {
    await sending(newAsk());
    await removeAll();
    const [chat] = (await parseExport(file(chatWith(forged))))!;
    await keep(chat);
    const [ask] = chat.turns[0].asks;
    await followAsk(ctx, 'chat', ask);
    expect(kept(ask.id)?.answer?.text).toBe(ANSWER);
    expect(chain.posts).toBe(1);
  });

  it.each([
    ['question', { prompt: 'Is the moon cheese?' }],
    ['model', { model: 2 }],
  ])('cannot hang the task of another %s on its own', async (_, more) => {
    await sending(newAsk());
    await removeAll();
    const [chat] = (await parseExport(file(chatWith({ ...forged, ...more }))))!;
    await keep(chat);
    const [ask] = chat.turns[0].asks;
    await followAsk(ctx, 'chat', ask);
    expect(kept(ask.id)).toMatchObject({ answer: null, failure: { code: 'other_network' } });
  });

  it('computes the prompt with the words before it', async () => {
    const second = newAsk({ id: 'second', prompt: 'And then?', task: 2 });
    const [chat] = (await parseExport(file(chatWith(newAsk({ task: 1, answer: answer('So.') }), second))))!;
    const messages = ['Why?', 'So.', 'And then?'].map((content, at) => ({
      role: at === 1 ? ('assistant' as const) : ('user' as const),
      content,
    }));
    expect(chat.turns[1].asks[0].promptCid).toBe((await writePrompt(messages, settings)).cid);
  });

  it('stays within its bounds: times, committee, take shown, ids', async () => {
    const odd = { ...forged, committee: 1e9, created: 9e15, id: 'ask' };
    const told = chatWith(odd as Ask);
    const shown = { ...told, updated: 9e15, turns: [{ ...told.turns[0], shown: 7 }] };
    const [chat] = (await parseExport(file(shown)))!;
    expect(chat.updated).toBeLessThanOrEqual(Date.now());
    expect(chat.turns[0].shown).toBe(0);
    expect(chat.turns[0].asks[0]).toMatchObject({ committee: null });
    expect(chat.turns[0].asks[0].id).not.toBe('ask');
  });

  it.each([
    ['a title without end', { title: 'x'.repeat(1_000) }],
    ['a path as its id', { id: '../x' }],
    ['a turn without a question', { turns: [{ id: 'x', shown: 0, asks: [] }] }],
    ['an updated time that is none', { updated: 'now' }],
    ['a task that is none', { turns: [{ id: 'x', shown: 0, asks: [{ ...forged, task: -1 }] }] }],
  ])('is refused with %s', async (_, more) => {
    expect(await parseExport(file({ ...chatWith(forged), ...more }))).toBeNull();
  });
});

describe('what is read from the disk', () => {
  it('is shown as verified only while it is what its CID names', async () => {
    const cid = await cidOfRaw(utf8(ANSWER));
    const right = newAsk({ task: 1, answer: answer(ANSWER, cid) });
    const changed = newAsk({ id: 'other', task: 2, answer: answer('Red.', cid) });
    const chat = await hashed(chatWith(right, changed));
    expect(chat.turns[0].asks[0].answer?.text).toBe(ANSWER);
    expect(chat.turns[1].asks[0]).toMatchObject({ answer: null, failure: { code: 'stopped' }, task: 2 });
  });
});
