/**
 * What becomes of answers that are shown already: until its task is settled, anybody may ask a larger committee. A tab
 * that shows a conversation looks now and then; an answer that was overturned is replaced by the one that stands.
 */
import { resultsOf } from '../core/rounds';
import type { Context, TaskView } from '../core/types';
import { followAsk, isRunning } from './asks';
import { laterOf, type Ask, type Later } from './chat-types';
import { findChat, updateAsk } from './chats';
import { reader } from './network';
import { readTask } from './task';

/** Milliseconds between looks: while a larger committee is at work, and while it is only possible. */
const PACE = { open: 2_500, quiet: 5_000 };

/** Whether the task of this ask may still change what is shown. */
export const mayChange = (ask: Ask): boolean =>
  ask.answer !== null && ask.task !== null && ask.later?.settled !== true && !isRunning(ask.id);

/** Looks after the answers of a conversation until it is stopped. */
export function lookAfter(chatId: string): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = new AbortController();
  const next = (open: boolean): void => {
    if (!stop.signal.aborted) timer = setTimeout(() => void look(), open ? PACE.open : PACE.quiet);
  };
  const look = async (): Promise<void> => {
    const asks = findChat(chatId)?.turns.flatMap((turn) => turn.asks.filter(mayChange)) ?? [];
    const ctx = reader.value;
    // Looked at again when the page is seen, or when a new answer is there.
    if (ctx && !document.hidden) for (const ask of asks) await lookAt(ctx, chatId, ask, stop.signal);
    next(asks.some((ask) => ask.later?.open === true));
  };
  void look();
  return () => {
    stop.abort();
    clearTimeout(timer);
  };
}

async function lookAt(ctx: Context, chatId: string, ask: Ask, stop: AbortSignal): Promise<void> {
  try {
    const view = await readTask(ctx, ask.task ?? 0, stop);
    if (!stop.aborted) await note(ctx, chatId, ask, view);
  } catch {
    // A node that is away: the next look tells.
  }
}

/** Takes a task as somebody has just seen it into its conversation. */
export async function note(ctx: Context, chatId: string, ask: Ask, view: TaskView): Promise<void> {
  if (!mayChange(ask)) return;
  try {
    const later = laterNow(ask, view);
    // Also where nothing else is to be said: the next one may overturn what was overturned before.
    const replaced = isReplaced(ask, view);
    if (!replaced && JSON.stringify(later) === JSON.stringify(ask.later)) return;
    await updateAsk(chatId, ask.id, (a) => ({ ...a, later, ...(replaced ? { answer: null, failure: null } : {}) }));
    if (replaced) await followAsk(ctx, chatId, { ...ask, later, answer: null });
  } catch {
    // The conversation is gone, or cannot be kept: nothing is to be marked.
  }
}

const isOther = (ask: Ask, view: TaskView): boolean => ask.promptCid !== null && view.task.prompt !== ask.promptCid;

/** What stands is not what is shown. */
const isReplaced = (ask: Ask, view: TaskView): boolean =>
  !isOther(ask, view) && ask.answer !== null && view.outcome !== null && answerCid(view) !== ask.answer.cid;

const answerCid = ({ outcome }: TaskView): string | null =>
  outcome && 'answer' in outcome ? outcome.answer.cid : null;

/** What is to be said beside the answer. A task of an earlier network under the same number says nothing of it. */
export function laterNow(ask: Ask, view: TaskView): Later {
  if (isOther(ask, view)) return { ...laterOf(ask), settled: true };
  const results = resultsOf(view);
  return {
    contested: view.contested,
    overturned: isReplaced(ask, view) || ask.later?.overturned === true,
    open: results.some(({ kind, round }) => kind === 'open' && round > 0) && view.outcome !== null,
    settled: view.status === 'final' || view.status === 'failed',
  };
}
