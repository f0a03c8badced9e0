/** From "Enter" to an ask under way: who pays is settled first, then the ask is kept, then it is sent. */
import { signal } from '@preact/signals';
import { createContext } from '../core/context';
import { AntiphonError } from '../core/errors';
import type { Context } from '../core/types';
import { go, route } from '../router';
import { isOver, unresolved, type Ask, type Chat, type Turn } from './chat-types';
import { findChat, newChat, newId, updateChat } from './chats';
import { sendAsk } from './asks';
import { chosenModel, drafts, editing, options, sampling } from './composer';
import { modelNames, net, reader } from './network';
import { account, afterGrant, grantOpen, needsSession, panelOpen, payer } from './wallet';

/** The conversation a new question goes to, if it exists already. */
export function currentChat(): Chat | null {
  const { value } = route;
  return value.page === 'chat' && value.id !== null ? (findChat(value.id) ?? null) : null;
}

/** Something of this conversation is under way: its next question would not know the answer yet. */
export function isBusy(chat: Chat | null): boolean {
  return starting.value || (chat?.turns.some((turn) => turn.asks.some((ask) => !isOver(ask))) ?? false);
}

/** From Enter until the ask is kept: a second Enter must not make a second one. */
const starting = signal(false);

/** Why sending is not possible now; the composer says it. */
export const hurdle = signal<'connect' | 'session' | null>(null);

/** True if somebody can pay; otherwise opens what is missing and goes on afterwards. */
function ready(then: () => void): boolean {
  if (!account.value) {
    panelOpen.value = true;
    return false;
  }
  if (needsSession()) {
    afterGrant.value = then;
    grantOpen.value = true;
    return false;
  }
  return true;
}

/** Sends the words of the composer. */
export async function submit(text: string): Promise<void> {
  const model = chosenModel.value;
  if (text.trim() === '' || !net.value || !model) return;
  const chat = currentChat();
  if (isBusy(chat) || !ready(() => void submit(text))) return;
  const ask = draftAsk(text.trim(), model.model, modelNames.value[model.manifest] ?? '');
  const place = editing.value;
  const replaced = place && chat?.id === place.chat ? place.turn : null;
  if (chat?.turns.some((turn) => turn.id === replaced && turn.asks.some(unresolved))) return;
  const { [chat?.id ?? '']: _sent, ...rest } = drafts.value;
  await start(chat ?? newChat(text), ask, (now) => {
    editing.value = null;
    drafts.value = rest;
    return replaced === null ? append(now, ask) : replaceLast(now, replaced, ask);
  });
}

/** The same question again, as another take of the same turn; one that was never sent is replaced. */
export async function askAgain(chatId: string, turnId: string, from: Ask): Promise<void> {
  const chat = findChat(chatId);
  if (!chat || isBusy(chat) || unresolved(from) || !ready(() => void askAgain(chatId, turnId, from))) return;
  const ask: Ask = { ...blank(), ...pick(from) };
  await start(chat, ask, (now) => replaceLast(now, turnId, ask));
}

const pick = ({ prompt, model, modelName, committee, settings, carry }: Ask): Partial<Ask> => ({
  ...(carry ? { carry } : {}),
  prompt,
  model,
  modelName,
  committee,
  settings,
});

/** What was paid for, or may have been, is never dropped. */
export function withTake(turn: Turn, ask: Ask): Turn {
  const kept = turn.asks.filter((a) => a.task !== null || unresolved(a));
  return { ...turn, asks: [...kept, ask], shown: kept.length };
}

function replaceLast(chat: Chat, turnId: string, ask: Ask): Chat {
  return { ...chat, turns: chat.turns.map((turn) => (turn.id === turnId ? withTake(turn, ask) : turn)) };
}

function append(chat: Chat, ask: Ask): Chat {
  return { ...chat, turns: [...chat.turns, { id: newId(), asks: [ask], shown: 0 }] };
}

/** Puts the ask into its conversation as that is now, and sends it. */
async function start(chat: Chat, ask: Ask, place: (now: Chat) => Chat): Promise<void> {
  starting.value = true;
  const keep = async (): Promise<Chat> => {
    try {
      const kept = await updateChat(chat.id, (now) => ({ ...place(now ?? chat), updated: Date.now() }));
      if (currentChat()?.id !== chat.id) go({ page: 'chat', id: chat.id }, true);
      return kept ?? chat;
    } catch {
      // Shown, but not kept: it ends with its own failure before anything could be broadcast.
      return findChat(chat.id) ?? place(chat);
    } finally {
      starting.value = false;
    }
  };
  await sendAsk(ask, keep, paying);
}

/** Who pays, where somebody does; without an account an answer that is known is still read. */
async function paying(): Promise<Context> {
  const config = net.value;
  const by = await payer();
  const ctx = config && by ? createContext(config, by) : reader.value;
  if (!ctx) throw new AntiphonError('node_down', {}, 'no network is set');
  return ctx;
}

function draftAsk(prompt: string, model: number, modelName: string): Ask {
  const { committee, fresh } = options.value;
  return { ...blank(), prompt, model, modelName, committee, settings: sampling(), fresh };
}

function blank(): Ask {
  return {
    id: newId(),
    prompt: '',
    model: 0,
    modelName: '',
    committee: null,
    settings: sampling(),
    fresh: false,
    promptCid: null,
    created: Date.now(),
    stage: 'preparing',
    marks: {},
    pending: null,
    task: null,
    snapshot: null,
    answer: null,
    known: false,
    seconds: null,
    failure: null,
  };
}
