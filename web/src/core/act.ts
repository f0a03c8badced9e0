// What an account does with a task besides asking: appeal, rate, move it on. Always by the account itself: the key of a
// session may do nothing but ask.
import type { TaskResponse } from './contract-types';
import { AntiphonError } from './errors';
import type { TxOutcome } from './rest';
import { nextSize, quorum } from './rules';
import { submit } from './tx';
import type { Context, Signer, TxMsg } from './types';

/** Appeals against what a task has decided: a larger, fresh committee, at the price of a bond. */
export const appeal = (ctx: Context, signer: Signer, task: number, bond: bigint, signal?: AbortSignal) =>
  act(ctx, signer, { appeal: { task } }, bond, signal);

/** Says once whether the answer of a final task was good. */
export const rate = (ctx: Context, signer: Signer, task: number, good: boolean, signal?: AbortSignal) =>
  act(ctx, signer, { rate: { task, good } }, 0n, signal);

/** Makes any due transition of a task. Free to call for anybody; what it costs is the fee. */
export const advance = (ctx: Context, signer: Signer, task: number, signal?: AbortSignal) =>
  act(ctx, signer, { advance: { tasks: [task] } }, 0n, signal);

/** One message; of what it costs, the coins that the prepaid balance lacks come with it. */
async function act(ctx: Context, signer: Signer, msg: object, cost: bigint, signal?: AbortSignal): Promise<TxOutcome> {
  const { contract, denom } = ctx.net;
  const [prepaid, have] = await Promise.all([
    cost > 0n ? ctx.contract.balance(signer.address, signal) : 0n,
    ctx.rest.bankBalance(signer.address, denom, signal),
  ]);
  const missing = cost > prepaid ? cost - prepaid : 0n;
  const checkFee = (fee: bigint): void => {
    const need = missing + fee;
    if (have >= need) return;
    throw new AntiphonError(missing > 0n ? 'no_bond' : 'no_funds', { have: have.toString(), need: need.toString() });
  };
  checkFee(0n);
  const funds = missing > 0n ? [{ denom, amount: missing.toString() }] : [];
  const execute: TxMsg = { type: 'execute', sender: signer.address, contract, msg, funds };
  return submit(ctx, signer, [execute], { checkFee, ...(signal ? { signal } : {}) });
}

/** What an appeal would be, now. */
export interface AppealTerms {
  bond: bigint;
  /** Of the round it would open, counted from 0. */
  round: number;
  size: number;
  quorum: number;
  /** What each member of it earns at most. */
  fee: bigint;
  /** What a wrong member of the round before would lose. */
  lock: bigint;
}

/** None while nothing can be appealed. */
export function appealTerms(task: TaskResponse): AppealTerms | null {
  const size = nextSize(task.size);
  if (task.status !== 'answered' || !task.appeal_bond || size === null) return null;
  const { round, full_fee, lock } = task;
  return {
    bond: BigInt(task.appeal_bond),
    round: round + 1,
    size,
    quorum: quorum(size),
    fee: BigInt(full_fee),
    lock: BigInt(lock),
  };
}

/** What is left of a window: blocks, and about how many seconds by the pace of the chain since the task was posted. */
export function timeLeft(
  task: Pick<TaskResponse, 'deadline' | 'posted' | 'posted_time'>,
  now: { height: number; time: number },
): { blocks: number; seconds: number } {
  const blocks = Math.max(0, (task.deadline ?? 0) - now.height);
  const passed = Math.max(1, now.height - task.posted);
  const perBlock = Math.max(0, now.time / 1000 - task.posted_time) / passed;
  return { blocks, seconds: Math.round(blocks * perBlock) };
}
