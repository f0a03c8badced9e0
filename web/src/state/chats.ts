/** The conversations of this browser, shared between tabs. */
import { computed, signal } from '@preact/signals';
import type { Ask, Chat, Turn } from './chat-types';
import { shownAsk } from './chat-types';
import { allChats, clearChats, deleteChat, getChat, putChat } from './db';
import { net } from './network';

const ALL = 'all';
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('antiphon-chats');
const MOST_TITLE = 80;

export const chats = signal<Chat[]>([]);
export const loaded = signal(false);
export const newestFirst = computed(() => [...chats.value].sort((a, b) => b.updated - a.updated));

export async function startChats(): Promise<void> {
  channel?.addEventListener('message', (event: MessageEvent<string>) => void reread(event.data));
  chats.value = await allChats();
  loaded.value = true;
}

/** Takes a conversation as it is kept now: another tab may have changed it. */
export async function reread(id: string): Promise<void> {
  if (id === ALL) {
    chats.value = await allChats();
    return;
  }
  const chat = await getChat(id);
  chats.value = [...chats.value.filter((c) => c.id !== id), ...(chat ? [chat] : [])];
}

export const findChat = (id: string): Chat | undefined => chats.value.find((chat) => chat.id === id);

/** Keeps a conversation; resolves once it would survive a reload. */
export async function keep(chat: Chat): Promise<void> {
  chats.value = [...chats.value.filter((c) => c.id !== chat.id), chat];
  await putChat(chat);
  channel?.postMessage(chat.id);
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

/** Changes one ask of a conversation as it is now (another tab may have changed the rest), and keeps it. */
export async function updateAsk(chatId: string, askId: string, change: (ask: Ask) => Ask): Promise<void> {
  const chat = findChat(chatId);
  if (!chat) return;
  const turns = chat.turns.map((turn) => ({
    ...turn,
    asks: turn.asks.map((ask) => (ask.id === askId ? change(ask) : ask)),
  }));
  await keep({ ...chat, turns });
}

export async function updateTurn(chatId: string, turnId: string, change: (turn: Turn) => Turn): Promise<void> {
  const chat = findChat(chatId);
  if (!chat) return;
  await keep({ ...chat, turns: chat.turns.map((turn) => (turn.id === turnId ? change(turn) : turn)) });
}

export async function rename(id: string, title: string): Promise<void> {
  const chat = findChat(id);
  if (chat && title.trim() !== '') await keep({ ...chat, title: title.trim().slice(0, MOST_TITLE) });
}

export async function remove(id: string): Promise<void> {
  chats.value = chats.value.filter((chat) => chat.id !== id);
  await deleteChat(id);
  channel?.postMessage(id);
}

export async function removeAll(): Promise<void> {
  chats.value = [];
  await clearChats();
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
