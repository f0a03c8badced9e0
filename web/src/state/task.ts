/** Reading tasks for pages: one as it is now, and the newest of all. */
import type { TaskResponse } from '../core/contract-types';
import { PAGE } from '../core/contract';
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

/** Whether there is any task with a larger id. Lists never fail, so looking past the end is no error of the node's. */
async function anyAfter(ctx: Context, id: number, signal?: AbortSignal): Promise<boolean> {
  const look = async (filter: 'open' | 'done'): Promise<boolean> =>
    (await ctx.contract.query('tasks', { filter, start_after: id, limit: 1 }, signal)).tasks.length > 0;
  const [open, done] = await Promise.all([look('open'), look('done')]);
  return open || done;
}

/** The newest id, 0 if there is none: ids count up from 1, so it is found by doubling and halving. */
export async function newestTask(ctx: Context, from = 0, stop?: AbortSignal): Promise<number> {
  if (!(await anyAfter(ctx, from, stop))) return from;
  let low = from;
  let step = 1;
  while (await anyAfter(ctx, low + step, stop)) {
    low += step;
    step *= 2;
  }
  let high = low + step;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (await anyAfter(ctx, middle, stop)) low = middle;
    else high = middle;
  }
  return high;
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
