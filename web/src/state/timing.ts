/** Heights of the stages of the latest tasks, from the events of their transactions. */
import type { TaskResponse } from '../core/contract-types';
import type { TxOutcome } from '../core/rest';
import type { Context } from '../core/types';
import { stageMedians, type StageHeights, type StageName } from '../lib/timing';

export interface Timing {
  medians: Record<StageName, number | null>;
  tasks: number;
}

/** Three searches, whatever the number of tasks; `tasks` are settled ones, newest first. */
export async function timingOf(ctx: Context, tasks: TaskResponse[], stop?: AbortSignal): Promise<Timing | null> {
  const oldest = tasks.at(-1);
  if (!oldest) return null;
  const latest = await ctx.rest.latest(stop);
  const perBlock = (latest.time / 1000 - oldest.posted_time) / Math.max(1, latest.height - oldest.posted);
  const find = async (event: string): Promise<Map<number, number>> => {
    const type = `wasm-${event}`;
    const query = `${type}._contract_address='${ctx.net.contract}' AND tx.height>=${oldest.posted}`;
    return heightsByTask(await ctx.rest.search(query, 2, stop), type);
  };
  const [drawn, answered, settled] = await Promise.all([
    find('committee_drawn'),
    find('task_answered'),
    find('task_finalised'),
  ]);
  const heights = tasks.map(({ task, posted }): StageHeights => ({
    posted,
    drawn: drawn.get(task) ?? null,
    answered: answered.get(task) ?? null,
    settled: settled.get(task) ?? null,
  }));
  return { medians: stageMedians(heights, perBlock), tasks: tasks.length };
}

/** The first height at which each task had this event. */
function heightsByTask(txs: TxOutcome[], type: string): Map<number, number> {
  const out = new Map<number, number>();
  for (const { height, events } of txs) {
    for (const event of events.filter((e) => e.type === type)) {
      const task = Number(event.attributes.find((a) => a.key === 'task')?.value);
      if (Number.isSafeInteger(task) && !out.has(task)) out.set(task, height);
    }
  }
  return out;
}
