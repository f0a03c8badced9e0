// What an account does with a task besides asking: appeal, rate, move it on. Always by the account itself: the key of a
// session may do nothing but ask.
import type { Ballot, TaskResponse } from './contract-types';
import { AntiphonError } from './errors';
import type { TxOutcome } from './rest';
import { nextSize, quorum } from './rules';
import { submit, type Submission } from './tx';
import type { Context, Signer, TxMsg } from './types';
import { sameBallot } from './view';

/**
 * Appeals against what a task has decided: a larger, fresh committee, at the price of a bond. The task is read again right
 * before signing and compared with the terms that were shown; the message names the round they were of, and is good for
 * no block after the window. So a signature that comes late appeals no other outcome.
 */
export function appeal(ctx: Context, signer: Signer, task: number, shown: AppealTerms, signal?: AbortSignal) {
  const onStage = async (stage: 'signing' | 'broadcast'): Promise<void> => {
    if (stage === 'broadcast') return;
    const now = appealTerms(await ctx.contract.task(task, signal));
    if (!now || !sameTerms(now, shown)) throw new AntiphonError('appeal_over', {}, `task ${task} has moved on`);
  };
  const msg = { appeal: { task, round: shown.round - 1 } };
  return act(ctx, signer, msg, shown.bond, { onStage, lastHeight: shown.deadline, ...(signal ? { signal } : {}) });
}

const sameTerms = (one: AppealTerms, two: AppealTerms): boolean =>
  one.round === two.round && one.bond === two.bond && sameBallot(one.outcome, two.outcome);

/** Says once whether the answer of a final task was good. */
export const rate = (ctx: Context, signer: Signer, task: number, good: boolean, signal?: AbortSignal) =>
  act(ctx, signer, { rate: { task, good } }, 0n, signal ? { signal } : {});

/** Makes any due transition of a task. Free to call for anybody; what it costs is the fee. */
export const advance = (ctx: Context, signer: Signer, task: number, signal?: AbortSignal) =>
  act(ctx, signer, { advance: { tasks: [task] } }, 0n, signal ? { signal } : {});

/** One message; of what it costs, the coins that the prepaid balance lacks come with it. */
async function act(ctx: Context, signer: Signer, msg: object, cost: bigint, how: Submission): Promise<TxOutcome> {
  const { signal } = how;
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
  return submit(ctx, signer, [execute], { ...how, checkFee });
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
  /** What it is against. */
  outcome: Ballot;
  /** Last height at which it is taken. */
  deadline: number;
}

/** None while nothing can be appealed. */
export function appealTerms(task: TaskResponse): AppealTerms | null {
  const size = nextSize(task.size);
  const { round, full_fee, lock, outcome, deadline } = task;
  if (task.status !== 'answered' || !task.appeal_bond || size === null || !outcome || !deadline) return null;
  return {
    bond: BigInt(task.appeal_bond),
    round: round + 1,
    size,
    quorum: quorum(size),
    fee: BigInt(full_fee),
    lock: BigInt(lock),
    outcome,
    deadline,
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
