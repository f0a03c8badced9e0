/**
 * Single ballots leave the contract's state when a task is settled; they stay in its transactions. The receipt collects
 * them from there, so a settled task can still show who said what.
 */
import type { Context, MemberView, TaskView } from '../core/types';
import { checkText, makeReceipt, type Receipt } from './receipts';
import { readTask } from './task';

export const isSettled = ({ status }: TaskView): boolean => status === 'final' || status === 'failed';

/** A task with every ballot that can be had. A node without the transactions costs the ballots, not the page. */
export async function readWhole(ctx: Context, id: number, stop?: AbortSignal): Promise<TaskView> {
  const view = await readTask(ctx, id, stop);
  if (!isSettled(view)) return view;
  try {
    const { receipt } = await checkText(await makeReceipt(ctx, id));
    return receipt ? withBallots(view, receipt) : view;
  } catch {
    return view;
  }
}

/** The view with the receipt's ballots in place of those that are missing. */
export function withBallots(view: TaskView, receipt: Receipt): TaskView {
  const said = new Map(
    receipt.rounds.flatMap(({ round, members }) =>
      members.flatMap(({ worker, ballot }) => (ballot ? [[`${round}/${worker}`, ballot] as const] : [])),
    ),
  );
  const fill = (member: MemberView): MemberView =>
    member.ballot ? member : { ...member, ballot: said.get(`${member.round}/${member.worker}`) ?? null };
  return { ...view, members: view.members.map(fill), rounds: view.rounds.map((members) => members.map(fill)) };
}
