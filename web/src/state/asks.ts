/**
 * Questions under way. What a reload needs is written down before anything is broadcast, so a closed tab, a second tab
 * and another click all end at the same task: nothing is ever sent twice by itself.
 */
import { signal } from '@preact/signals';
import { AntiphonError, asAntiphonError, throwIfStopped } from '../core/errors';
import type { AskEvent, AskRequest, AskResult, Context, OnEvent, TaskView } from '../core/types';
import { t } from '../i18n';
import { announce } from '../ui/live';
import { failureWords, type Failure } from '../ui/error-card';
import { isOver, laterOf, type Ask, type Chat } from './chat-types';
import { chats, findChat, history, networkId, onGone, reread, updateAsk } from './chats';
import { reader } from './network';
import { snapshotOf } from './voices';

const running = new Map<string, { chat: string; stop: AbortController }>();

onGone.add((id) => {
  for (const { chat, stop } of running.values()) if (id === null || chat === id) stop.abort();
});

/** The following of tasks is a chunk of its own: reading the page needs none of it. */
const chain = () => import('../core/ask');

export const isRunning = (askId: string): boolean => running.has(askId);
export const runningCount = signal(0);

/**
 * Sends an ask. Resolves when it is over. `keep` puts it into its conversation: under its lock, so that a tab opened
 * meanwhile does not take it for one that was left behind. Whatever goes wrong after that, who pays included, ends it.
 */
export async function sendAsk(ask: Ask, keep: () => Promise<Chat>, context: () => Promise<Context>): Promise<void> {
  await underLock(ask.id, async () => {
    const chat = await keep();
    announce(t('live.sending'));
    await run(chat.id, ask.id, async (on, stop) => send(await context(), chat, ask, on, stop));
  });
}

async function send(ctx: Context, chat: Chat, ask: Ask, on: OnEvent, stop: AbortSignal): Promise<AskResult> {
  const turn = chat.turns.find((x) => x.asks.some((a) => a.id === ask.id));
  const messages = [...history(chat, turn?.id ?? null), { role: 'user' as const, content: ask.prompt }];
  const request: AskRequest = { model: ask.model, messages, settings: ask.settings, fresh: ask.fresh };
  if (ask.committee !== null) request.committee = ask.committee;
  if (ask.carry) request.carry = true;
  const [core, { writePrompt }] = await Promise.all([chain(), import('../core/prompt')]);
  const { cid } = await writePrompt(messages, ask.settings);
  await updateAsk(chat.id, ask.id, (a) => ({ ...a, promptCid: cid }));
  throwIfStopped(stop);
  return core.ask(ctx, request, on, stop);
}

/** Goes on following: after a reload, in a second tab, or after it was stopped. Sends nothing. */
export async function followAsk(ctx: Context, chatId: string, ask: Ask): Promise<void> {
  if (running.has(ask.id)) return;
  await updateAsk(chatId, ask.id, (a) => ({ ...a, failure: null }));
  await underLock(ask.id, () => followKept(ctx, chatId, ask));
}

async function followKept(ctx: Context, chatId: string, ask: Ask): Promise<void> {
  const { task, pending } = ask;
  if (task !== null) await run(chatId, ask.id, async (on, stop) => (await chain()).follow(ctx, task, on, stop));
  else if (pending) await run(chatId, ask.id, async (on, stop) => (await chain()).resume(ctx, pending, on, stop));
}

/** Stops following; the task on chain goes on. */
export function stopAsk(askId: string): void {
  running.get(askId)?.stop.abort();
}

type Start = (on: OnEvent, stop: AbortSignal) => Promise<AskResult>;

async function run(chatId: string, askId: string, start: Start): Promise<void> {
  const stop = new AbortController();
  running.set(askId, { chat: chatId, stop });
  runningCount.value = running.size;
  const end = () => {
    if (running.get(askId)?.stop === stop) running.delete(askId);
    runningCount.value = running.size;
  };
  // Changes are kept one after another, so that a late write never brings back an earlier stage.
  let writes: Promise<unknown> = Promise.resolve();
  const change: Change = (by) => {
    const written = writes.then(() => updateAsk(chatId, askId, by));
    writes = written.catch(() => undefined);
    return written;
  };
  try {
    const result = await start((event) => {
      if (event.type === 'view') checkSame(findAsk(chatId, askId), event.view);
      return onEvent(event, change);
    }, stop.signal);
    await change((ask) => withResult(ask, result)).catch(() => undefined);
    const { size } = result.task;
    announce(t('live.verified', { agree: votesOf(result), n: size, size }));
  } catch (thrown) {
    const { code, params, detail } = asAntiphonError(thrown);
    const other = thrown instanceof OtherNetwork;
    await writes;
    // Whoever sees the failure can act on it at once.
    end();
    await fail(change, { code: other ? 'other_network' : exactly(code, findAsk(chatId, askId)), params, detail });
  } finally {
    end();
    await writes;
  }
}

/** A network started anew counts its tasks from 1 again: another question then bears the number of this one. */
class OtherNetwork extends Error {}

function checkSame(ask: Ask | undefined, view: TaskView): void {
  const same = !ask?.promptCid || (ask.promptCid === view.task.prompt && ask.model === view.task.model);
  if (!same) throw new OtherNetwork(view.task.prompt);
}

/** What a code means for this ask: before it was sent, and for a transaction that can never enter a block any more. */
function exactly(code: string, ask: Ask | undefined): string {
  if (ask?.task != null) return code;
  if (code === 'timeout') return 'never_sent';
  return code === 'stopped' && ask?.pending == null ? 'stopped_early' : code;
}

/** Resolves once the change would survive a reload; false if the ask is gone. */
type Change = (by: (ask: Ask) => Ask) => Promise<boolean>;

async function fail(change: Change, failure: Failure): Promise<void> {
  const stage = (ask: Ask) => (failure.code.startsWith('stopped') ? ask.stage : 'failed');
  await change((ask) => ({ ...ask, failure, stage: stage(ask) })).catch(() => undefined);
  const { message } = failureWords(failure);
  announce(failure.code.startsWith('stopped') ? message : t('live.failed', { message }));
}

/**
 * What is returned for `pending` is awaited by the sender: nothing is broadcast that is not written down, or whose
 * conversation is gone. Anything else that cannot be kept is still shown, and told again by the chain.
 */
async function onEvent(event: AskEvent, change: Change): Promise<void> {
  if (event.type === 'pending') {
    const { hash, timeoutHeight } = event;
    const kept = await change((ask) => ({ ...ask, pending: { hash, timeoutHeight } }));
    if (!kept) throw new AntiphonError('stopped', {}, 'the conversation was deleted');
    return;
  }
  const at = Date.now();
  await change((ask) => afterEvent(ask, event, at)).catch(() => undefined);
}

function afterEvent(ask: Ask, event: Exclude<AskEvent, { type: 'pending' }>, at: number): Ask {
  switch (event.type) {
    case 'stage':
      return { ...ask, stage: event.stage, marks: { [event.stage]: at, ...ask.marks } };
    case 'task':
      return { ...ask, task: event.id };
    case 'view':
      return withView(ask, event.view);
    case 'answer':
      return { ...ask, stage: 'verified', marks: { verified: at, ...ask.marks } };
  }
}

function withView(ask: Ask, view: TaskView): Ask {
  const marks = { ...ask.marks };
  for (const [stage, mark] of Object.entries(view.stages)) marks[stage as keyof typeof marks] ??= mark.at;
  const later = { ...laterOf(ask), contested: view.contested, settled: isEnded(view) };
  return { ...ask, task: view.id, stage: view.stage, marks, snapshot: snapshotOf(view), later };
}

const isEnded = ({ status }: TaskView): boolean => status === 'final' || status === 'failed';

function withResult(ask: Ask, result: AskResult): Ask {
  const { cid, text, sources, liars } = result.answer;
  const { outcome } = result.task;
  const cut = outcome !== null && 'answer' in outcome && outcome.answer.finish === 'length';
  return {
    ...withView(ask, result.task),
    stage: 'verified',
    answer: { cid, text, sources, liars, votes: votesOf(result), cut },
    known: result.known,
    seconds: result.seconds,
    failure: null,
  };
}

function votesOf(result: AskResult): number {
  return result.task.task.outcome_votes ?? result.task.tally[0]?.votes ?? 0;
}

function findAsk(chatId: string, askId: string): Ask | undefined {
  return findChat(chatId)
    ?.turns.flatMap((turn) => turn.asks)
    .find((ask) => ask.id === askId);
}

/** One tab drives an ask; others mirror what it keeps, and the next takes over when it is closed. */
async function underLock(askId: string, work: () => Promise<void>): Promise<void> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  if (!locks) return work();
  await locks.request(`antiphon-ask-${askId}`, work);
}

/** Goes on with everything that was under way on this network when the page was closed, or is in another tab. */
export function pickUp(): void {
  const ctx = reader.value;
  if (!ctx) return;
  for (const chat of chats.value) {
    if (chat.network !== networkId()) continue;
    for (const ask of chat.turns.flatMap((turn) => turn.asks)) {
      if (!isOver(ask) && !running.has(ask.id)) void underLock(ask.id, () => pickUpAsk(ctx, chat.id, ask.id));
    }
  }
}

async function pickUpAsk(ctx: Context, chatId: string, askId: string): Promise<void> {
  await reread(chatId);
  const ask = findAsk(chatId, askId);
  if (!ask || isOver(ask)) return;
  if (ask.task !== null || ask.pending !== null) return followKept(ctx, chatId, ask);
  const failure: Failure = { code: 'interrupted', params: {} };
  await updateAsk(chatId, askId, (a) => ({ ...a, failure, stage: 'failed' }));
}
