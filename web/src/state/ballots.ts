/**
 * Single ballots leave the contract's state when a task is settled; they stay in its transactions. The receipt collects
 * them from there, so a settled task can still show who said what.
 */
import type { AppealInfo, Ballot } from '../core/contract-types';
import type { TxOutcome } from '../core/rest';
import { membersOf } from '../core/rounds';
import type { Context, MemberView, TaskView } from '../core/types';
import { checkText, makeReceipt, type Receipt } from './receipts';
import { readTask } from './task';

export const isSettled = ({ status }: TaskView): boolean => status === 'final' || status === 'failed';

/** A task with every ballot that can be had. A node without the transactions costs the ballots, not the page. */
export async function readWhole(ctx: Context, id: number, stop?: AbortSignal): Promise<TaskView> {
  const read = remembered(ctx, await readTask(ctx, id, stop));
  if (!isSettled(read)) return read;
  const view = await withAppeals(ctx, read, stop).catch(() => read);
  try {
    const { receipt } = await checkText(await makeReceipt(ctx, id));
    return receipt ? withBallots(view, receipt) : view;
  } catch {
    return view;
  }
}

/** The last open state seen of each task: at its end the chain forgets at once what its index tells a moment later. */
const seen = new Map<string, TaskView>();
const MOST_SEEN = 20;

function remembered(ctx: Context, view: TaskView): TaskView {
  const key = `${ctx.net.rest} ${ctx.net.contract} ${view.id}`;
  if (!isSettled(view)) {
    if (seen.size >= MOST_SEEN) seen.clear();
    seen.set(key, view);
    return view;
  }
  const before = seen.get(key);
  return before && before.task.prompt === view.task.prompt ? filled(view, before) : view;
}

function filled(view: TaskView, before: TaskView): TaskView {
  const said = new Map<string, Ballot>();
  for (const { worker, round, ballot } of before.rounds.flatMap(membersOf)) {
    if (ballot) said.set(`${round}/${worker}`, ballot);
  }
  const whole = withSaid(view, said);
  const appealOf = (round: number) => before.rounds.find((one) => one.round === round)?.appeal ?? null;
  return { ...whole, rounds: whole.rounds.map((one) => ({ ...one, appeal: one.appeal ?? appealOf(one.round) })) };
}

/** Who opened the later rounds is in the contract's state while the task is open, and in its events for good. */
async function withAppeals(ctx: Context, view: TaskView, stop?: AbortSignal): Promise<TaskView> {
  if (view.rounds.length < 2) return view;
  const type = 'wasm-task_appealed';
  const found = appealsIn(await ctx.rest.search(`${type}.task='${view.id}'`, 1, stop), type, ctx.net.contract, view.id);
  const rounds = view.rounds.map((one) => ({ ...one, appeal: one.appeal ?? found.get(one.round) ?? null }));
  return { ...view, rounds };
}

/** Appeals against a task by the round each opened. */
export function appealsIn(txs: TxOutcome[], type: string, contract: string, task: number): Map<number, AppealInfo> {
  const found = new Map<number, AppealInfo>();
  for (const event of txs.flatMap(({ events }) => events).filter((one) => one.type === type)) {
    const told = new Map(event.attributes.map(({ key, value }) => [key, value]));
    const [by, bond, round] = [told.get('by'), told.get('bond'), Number(told.get('round') ?? NaN)];
    const own = told.get('_contract_address') === contract && told.get('task') === String(task);
    if (own && by && bond && /^\d+$/.test(bond) && Number.isSafeInteger(round)) found.set(round, { by, bond });
  }
  return found;
}

/** The view with the receipt's ballots in place of those that are missing. */
export function withBallots(view: TaskView, receipt: Receipt): TaskView {
  const said = new Map<string, Ballot>(
    receipt.rounds.flatMap(({ round, members }) =>
      members.flatMap(({ worker, ballot }) => (ballot ? [[`${round}/${worker}`, ballot] as const] : [])),
    ),
  );
  return withSaid(view, said);
}

function withSaid(view: TaskView, said: Map<string, Ballot>): TaskView {
  const fill = (member: MemberView): MemberView =>
    member.ballot ? member : { ...member, ballot: said.get(`${member.round}/${member.worker}`) ?? null };
  const rounds = view.rounds.map((one) => ({
    ...one,
    members: one.members.map(fill),
    replaced: one.replaced.map(fill),
  }));
  return { ...view, members: view.members.map(fill), rounds };
}
