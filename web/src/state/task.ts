/** Reading tasks for pages: one as it is now, and the newest of all. */
import type { TaskResponse } from '../core/contract-types';
import { PAGE } from '../core/contract';
import { AntiphonError } from '../core/errors';
import { Follower } from '../core/follow';
import type { Context, TaskView } from '../core/types';

/** A task as the chain has it now, with the members of every round. */
export async function readTask(ctx: Context, id: number, stop?: AbortSignal): Promise<TaskView> {
  return new Follower(ctx, id, () => undefined, stop ? { signal: stop } : {}).look();
}

/** Whether the chain refused because there is no such task. */
export function isUnknownTask(detail: string | undefined): boolean {
  return detail !== undefined && /unknown_task|no (such )?task|not found/i.test(detail);
}

async function exists(ctx: Context, id: number, stop?: AbortSignal): Promise<boolean> {
  try {
    await ctx.contract.task(id, stop);
    return true;
  } catch (thrown) {
    if (thrown instanceof AntiphonError && isUnknownTask(thrown.detail)) return false;
    throw thrown;
  }
}

/** The newest id: ids count up, so it is found by doubling and halving. None: −1. */
export async function newestTask(ctx: Context, from = 0, stop?: AbortSignal): Promise<number> {
  let low = from > 0 ? from : -1;
  let step = 1;
  while (await exists(ctx, low + step, stop)) {
    low += step;
    step *= 2;
  }
  let high = low + step;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await exists(ctx, middle, stop)) low = middle;
    else high = middle;
  }
  return low;
}

export interface TaskPage {
  tasks: TaskResponse[];
  /** The lowest id looked at; older ones are asked for with it. */
  before: number;
}

/** Tasks below `before`, newest first. Lists of the chain go upwards, so a page is a window of ids. */
export async function tasksBefore(
  ctx: Context,
  filter: 'open' | 'done',
  before: number,
  stop?: AbortSignal,
): Promise<TaskPage> {
  const found: TaskResponse[] = [];
  let low = before;
  while (low > 0 && found.length < PAGE / 2) {
    const from = Math.max(0, low - PAGE);
    const page = await ctx.contract.tasks(filter, from > 0 ? from - 1 : undefined, stop);
    const [start, end] = [from, low];
    found.push(...page.filter((task) => task.task >= start && task.task < end).reverse());
    low = from;
  }
  return { tasks: found, before: low };
}
