/** From "Enter" to an ask under way: who pays is settled first, then the ask is kept, then it is sent. */
import { signal } from '@preact/signals';
import { createContext } from '../core/context';
import { go, route } from '../router';
import { isOver, unresolved, type Ask, type Chat, type Turn } from './chat-types';
import { findChat, keep, newChat, newId } from './chats';
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
  return chat?.turns.some((turn) => turn.asks.some((ask) => !isOver(ask))) ?? false;
}

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
  const next =
    place && chat?.id === place.chat ? replaceLast(chat, place.turn, ask) : append(chat ?? newChat(text), ask);
  editing.value = null;
  const { [chat?.id ?? '']: _sent, ...rest } = drafts.value;
  drafts.value = rest;
  await start(next, ask);
}

/** The same question again, as another take of the same turn; one that was never sent is replaced. */
export async function askAgain(chatId: string, turnId: string, from: Ask): Promise<void> {
  const chat = findChat(chatId);
  if (!chat || isBusy(chat) || unresolved(from) || !ready(() => void askAgain(chatId, turnId, from))) return;
  const ask: Ask = { ...blank(), ...pick(from) };
  const turns = chat.turns.map((turn) => (turn.id === turnId ? withTake(turn, ask) : turn));
  await start({ ...chat, turns }, ask);
}

const pick = ({ prompt, model, modelName, committee, settings }: Ask): Partial<Ask> => ({
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

async function start(chat: Chat, ask: Ask): Promise<void> {
  const updated = { ...chat, updated: Date.now() };
  await keep(updated);
  if (currentChat()?.id !== chat.id) go({ page: 'chat', id: chat.id }, true);
  const config = net.value;
  const by = await payer();
  const ctx = config && by ? createContext(config, by) : reader.value;
  if (ctx) await sendAsk(ctx, updated, ask);
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
