/** The file of exported conversations, and reading one with suspicion. */
import { writePrompt } from '../core/prompt';
import { COMMITTEES } from '../core/rules';
import type { Sampling } from '../core/types';
import type { Ask, Chat, KeptAnswer, Turn } from './chat-types';
import { history, newId } from './chats';

export interface ExportFile {
  antiphon: 'conversations/1';
  exported: string;
  conversations: Chat[];
  /** Receipts by task id, as canonical text. */
  receipts: Record<string, string>;
}

/** More than this was not written by this page. */
const MOST = { chats: 10_000, turns: 2_000, takes: 200, title: 200, id: 64, network: 300, text: 131_072 };

class NotOurs extends Error {}

/**
 * Conversations of an export, shape by shape: a file is a stranger. Of its answers nothing is believed: an ask keeps
 * its question and the number of its task, and what the chain and the workers say of that is fetched and hashed when
 * it is followed. The CID of its prompt is computed here, so that a task with another question does not pass.
 */
export async function parseExport(text: string): Promise<Chat[] | null> {
  try {
    const file = record(JSON.parse(text));
    if (file.antiphon !== 'conversations/1') return null;
    const told = list(file.conversations, MOST.chats).map(chatOf);
    const chats: Chat[] = [];
    for (const chat of told) chats.push(await unproven(chat));
    return chats;
  } catch (thrown) {
    if (thrown instanceof NotOurs || thrown instanceof SyntaxError) return null;
    throw thrown;
  }
}

/** The conversation without anything that it cannot prove. */
async function unproven(told: Chat): Promise<Chat> {
  const turns = told.turns.map(async (turn) => {
    const before = history(told, turn.id);
    return { ...turn, asks: await Promise.all(turn.asks.map((ask) => toFollow(ask, before))) };
  });
  return { ...told, turns: await Promise.all(turns) };
}

async function toFollow(ask: Ask, before: ReturnType<typeof history>): Promise<Ask> {
  const messages = [...before, { role: 'user' as const, content: ask.prompt }];
  const promptCid = await writePrompt(messages, ask.settings).then(
    ({ cid }) => cid,
    () => null,
  );
  const task = promptCid === null ? null : ask.task;
  const failure = { code: task === null ? 'imported' : 'stopped', params: {} };
  return { ...ask, promptCid, task, answer: null, failure, stage: task === null ? 'failed' : 'posted' };
}

function chatOf(value: unknown): Chat {
  const { id, network, title, created, updated, turns } = record(value);
  return {
    id: matching(id, /^[\w-]+$/, MOST.id),
    network: string(network, MOST.network),
    title: string(title, MOST.title),
    created: time(created),
    updated: time(updated),
    turns: list(turns, MOST.turns).map(turnOf),
  };
}

function turnOf(value: unknown): Turn {
  const { shown, asks } = record(value);
  const takes = list(asks, MOST.takes).map(askOf);
  if (takes.length === 0) throw new NotOurs();
  return { id: newId(), asks: takes, shown: Math.min(whole(shown, MOST.takes), takes.length - 1) };
}

/** Its answer is only what later questions were asked after, until `unproven` takes it away. */
function askOf(value: unknown): Ask {
  const { prompt, model, committee, settings, created, task, answer } = record(value);
  return {
    id: newId(),
    prompt: string(prompt, MOST.text),
    model: whole(model),
    modelName: '',
    committee: [3, ...COMMITTEES].find((size) => size === committee) ?? null,
    settings: settingsOf(settings),
    fresh: false,
    promptCid: null,
    created: time(created),
    stage: 'failed',
    marks: {},
    pending: null,
    task: task === null || task === undefined ? null : whole(task),
    snapshot: null,
    answer: answer === null || answer === undefined ? null : answerOf(answer),
    known: false,
    seconds: null,
    failure: null,
  };
}

const answerOf = (value: unknown): KeptAnswer => ({
  cid: '',
  text: string(record(value).text, MOST.text),
  sources: [],
  liars: [],
  votes: 0,
  cut: false,
});

function settingsOf(value: unknown): Sampling {
  const { max_output_tokens, temperature_milli, top_k, top_p_milli, seed, stop } = record(value);
  return {
    max_output_tokens: whole(max_output_tokens),
    temperature_milli: whole(temperature_milli),
    top_k: whole(top_k),
    top_p_milli: whole(top_p_milli),
    seed: matching(seed, /^[0-9]+$/, 20),
    stop: list(stop, 16).map((one) => string(one, 256)),
  };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotOurs();
  return value as Record<string, unknown>;
}

function list(value: unknown, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new NotOurs();
  return value;
}

function string(value: unknown, most: number): string {
  if (typeof value !== 'string' || value.length > most) throw new NotOurs();
  return value;
}

function matching(value: unknown, pattern: RegExp, most: number): string {
  const text = string(value, most);
  if (!pattern.test(text)) throw new NotOurs();
  return text;
}

function whole(value: unknown, most = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > most) throw new NotOurs();
  return value;
}

/** Milliseconds since 1970, not in the future: a conversation cannot put itself on top for ever. */
function time(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) throw new NotOurs();
  return Math.min(Math.floor(value), Date.now());
}
