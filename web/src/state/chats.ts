/** The conversations of this browser, shared between tabs. */
import { computed, signal } from '@preact/signals';
import { utf8 } from '../core/bytes';
import { matches } from '../core/cid';
import type { Ask, Chat, Turn } from './chat-types';
import { shownAsk } from './chat-types';
import { allChats, changeChat, clearChats, deleteChat, getChat, type ChangeChat } from './db';
import { net } from './network';

const ALL = 'all';
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('antiphon-chats');
const MOST_TITLE = 80;

export const chats = signal<Chat[]>([]);
export const loaded = signal(false);
export const newestFirst = computed(() => [...chats.value].sort((a, b) => b.updated - a.updated));

/** Told of a conversation that is deleted, here or in another tab; null: of all of them. */
export const onGone = new Set<(id: string | null) => void>();

export async function startChats(): Promise<void> {
  channel?.addEventListener('message', (event: MessageEvent<string>) => void reread(event.data));
  chats.value = await readAll();
  loaded.value = true;
}

const readAll = async (): Promise<Chat[]> => Promise.all((await allChats()).map(hashed));

/** A kept text that is not what its CID names is forgotten, and can be fetched again. */
export async function hashed(chat: Chat): Promise<Chat> {
  const check = async (ask: Ask): Promise<Ask> => {
    if (!ask.answer || (await matches(ask.answer.cid, utf8(ask.answer.text)))) return ask;
    const failure = { code: ask.task === null ? 'imported' : 'stopped', params: {} };
    return { ...ask, answer: null, snapshot: null, failure };
  };
  const turns = chat.turns.map(async (turn) => ({ ...turn, asks: await Promise.all(turn.asks.map(check)) }));
  return { ...chat, turns: await Promise.all(turns) };
}

/** Takes a conversation as it is kept now: another tab may have changed it. */
export async function reread(id: string): Promise<void> {
  if (id === ALL) {
    chats.value = await readAll();
    if (chats.value.length === 0) tellGone(null);
    return;
  }
  const found = await getChat(id);
  const chat = found && (await hashed(found));
  if (!chat) tellGone(id);
  chats.value = [...chats.value.filter((c) => c.id !== id), ...(chat ? [chat] : [])];
}

export const findChat = (id: string): Chat | undefined => chats.value.find((chat) => chat.id === id);

function tellGone(id: string | null): void {
  for (const told of onGone) told(id);
}

function show(chat: Chat | null): void {
  if (chat) chats.value = [...chats.value.filter((c) => c.id !== chat.id), chat];
}

/**
 * Changes a conversation as it is kept now: another tab may have changed the rest. Resolves once it would survive a
 * reload, with null if nothing was changed; throws where nothing can be kept, though this tab then shows it.
 */
export async function updateChat(id: string, change: ChangeChat): Promise<Chat | null> {
  try {
    const next = await changeChat(id, change);
    show(next);
    if (next) channel?.postMessage(id);
    return next;
  } catch (thrown) {
    show(change(findChat(id) ?? null));
    throw thrown;
  }
}

/** Adds a conversation; resolves once it would survive a reload. */
export async function keep(chat: Chat): Promise<void> {
  await updateChat(chat.id, () => chat);
}

export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, '0')).join('');
}

export function newChat(firstQuestion: string): Chat {
  const at = Date.now();
  const title = firstQuestion.trim().split('\n')[0]?.slice(0, MOST_TITLE) ?? '';
  return { id: newId(), network: networkId(), title, created: at, updated: at, turns: [] };
}

export function networkId(): string {
  return `${net.value?.chain_id ?? ''}/${net.value?.contract ?? ''}`;
}

/** Changes one ask and keeps it; false if it is gone, with its conversation or without. */
export async function updateAsk(chatId: string, askId: string, change: (ask: Ask) => Ask): Promise<boolean> {
  const asks = (turn: Turn): Ask[] => turn.asks.map((ask) => (ask.id === askId ? change(ask) : ask));
  const has = (chat: Chat): boolean => chat.turns.some((turn) => turn.asks.some(({ id }) => id === askId));
  const kept = await updateChat(chatId, (chat) =>
    chat && has(chat) ? { ...chat, turns: chat.turns.map((turn) => ({ ...turn, asks: asks(turn) })) } : null,
  );
  return kept !== null;
}

export async function updateTurn(chatId: string, turnId: string, change: (turn: Turn) => Turn): Promise<void> {
  const turns = (chat: Chat): Turn[] => chat.turns.map((turn) => (turn.id === turnId ? change(turn) : turn));
  await updateChat(chatId, (chat) => chat && { ...chat, turns: turns(chat) });
}

export async function rename(id: string, title: string): Promise<void> {
  const name = title.trim().slice(0, MOST_TITLE);
  if (name !== '') await updateChat(id, (chat) => chat && { ...chat, title: name });
}

/** Deletes a conversation. What was under way in it is no longer followed, and what was not sent yet never is. */
export async function remove(id: string): Promise<void> {
  const without = (): Chat[] => chats.value.filter((chat) => chat.id !== id);
  chats.value = without();
  tellGone(id);
  await deleteChat(id);
  chats.value = without();
  channel?.postMessage(id);
}

export async function removeAll(): Promise<void> {
  chats.value = [];
  tellGone(null);
  await clearChats();
  chats.value = [];
  channel?.postMessage(ALL);
}

/** Conversations whose title or any text holds every word of the query. */
export function search(query: string): Chat[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return newestFirst.value;
  return newestFirst.value.filter((chat) => {
    const text = [
      chat.title,
      ...chat.turns.flatMap((turn) => turn.asks.map((a) => `${a.prompt} ${a.answer?.text ?? ''}`)),
    ]
      .join(' ')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The conversation so far as the model is told it: verified turns only, up to but not including `turnId`. */
export function history(chat: Chat, turnId: string | null): { role: 'user' | 'assistant'; content: string }[] {
  const end = turnId === null ? chat.turns.length : chat.turns.findIndex((turn) => turn.id === turnId);
  return chat.turns.slice(0, end).flatMap((turn) => {
    const ask = shownAsk(turn);
    if (!ask?.answer) return [];
    return [
      { role: 'user' as const, content: ask.prompt },
      { role: 'assistant' as const, content: ask.answer.text },
    ];
  });
}
