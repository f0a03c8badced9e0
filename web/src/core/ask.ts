// One question: a known answer free, else uploaded, paid for once, followed, verified here.
import { uploadPrompt } from './blocks';
import { hex } from './bytes';
import type { ModelResponse, TaskResponse } from './contract-types';
import { PAGE } from './contract';
import { AntiphonError } from './errors';
import { followWith } from './follow';
import { writePrompt, type PromptBlock } from './prompt';
import { attribute, submit, succeeded, waitFor } from './tx';
import type { AskRequest, AskResult, Context, OnEvent, Payer, Pending, Stage, StageMark, TxMsg } from './types';

export { follow, watch } from './follow';

/** Bytes of a prompt that a task may carry itself (protocol, section 7). */
export const MAX_CARRIED = 4_096;
/** Pages of open tasks that are looked through for the same question. */
const OPEN_PAGES = 3;

/** Asks. Throws with nothing paid, or with the task on chain and its id told by the events. */
export async function ask(ctx: Context, request: AskRequest, on: OnEvent, signal?: AbortSignal): Promise<AskResult> {
  const asked = new Question(ctx, request, on, signal);
  await asked.enter('preparing');
  const block = await writePrompt(request.messages, request.settings);
  const [model, before] = await Promise.all([
    modelFor(ctx, request, block, signal),
    request.fresh ? null : sameQuestion(ctx, request, block, signal),
  ]);
  if (before !== null) return asked.follow(before, true);
  const payer = ctx.payer ?? fail('wallet_missing');
  const task = await asked.pay(payer, model, block);
  return asked.follow(task, false);
}

/**
 * Picks a transaction up after a reload. Sends nothing, so nothing can be paid twice. Throws `timeout` if it never came
 * into a block: then nothing was paid, and the question may be asked again.
 */
export async function resume(ctx: Context, pending: Pending, on: OnEvent, signal?: AbortSignal): Promise<AskResult> {
  await on({ type: 'stage', stage: 'broadcast' });
  const outcome = succeeded(await waitFor(ctx, pending, signal));
  return followWith(ctx, taskIn(outcome), on, signal ? { signal } : {});
}

class Question {
  private readonly since = Date.now();
  private readonly stages: Partial<Record<Stage, StageMark>> = {};

  constructor(
    private readonly ctx: Context,
    private readonly request: AskRequest,
    private readonly on: OnEvent,
    private readonly signal?: AbortSignal,
  ) {}

  async enter(stage: Stage): Promise<void> {
    this.stages[stage] ??= { at: Date.now() };
    await this.on({ type: 'stage', stage });
  }

  follow(task: number, known: boolean): Promise<AskResult> {
    const { since, stages, signal } = this;
    return followWith(this.ctx, task, this.on, { since, stages, known, ...(signal ? { signal } : {}) });
  }

  /** Uploads, then pays: the task's id once it is in a block. */
  async pay(payer: Payer, model: ModelResponse, block: PromptBlock): Promise<number> {
    const { ctx, request, signal } = this;
    const limit = request.settings.max_output_tokens;
    const [{ escrow }, seats] = await Promise.all([
      ctx.contract.estimateFee(model.model, block.bytes.length, limit, request.committee, signal),
      ctx.contract.allSeats(model.model, signal),
    ]);
    const terms = await termsFor(ctx, payer, BigInt(escrow));
    await this.enter('uploading');
    // A prompt in the transaction itself needs nobody to take it first.
    const carried = request.carry === true && block.bytes.length <= MAX_CARRIED;
    const holders = carried ? [] : await uploadPrompt(ctx, seats, block, signal);
    const msg = postTask(request, block, holders, carried);
    const sent = await submit(ctx, payer.signer, messages(ctx, payer, msg, terms.funds), {
      onStage: (stage) => this.enter(stage),
      onPending: (pending) => this.on({ type: 'pending', ...pending }),
      checkFee: terms.checkFee,
      ...(payer.onBehalfOf ? { feeGranter: payer.onBehalfOf } : {}),
      ...(signal ? { signal } : {}),
    });
    this.stages.posted = { at: Date.now(), height: sent.height };
    return taskIn(sent);
  }
}

function taskIn(outcome: Parameters<typeof attribute>[0]): number {
  const id = Number(attribute(outcome, 'wasm-task_added', 'task') ?? NaN);
  if (!Number.isSafeInteger(id)) throw new AntiphonError('tx_failed', { hash: outcome.hash }, 'it posted no task');
  return id;
}

/** The model, if it takes this question. */
async function modelFor(
  ctx: Context,
  request: AskRequest,
  block: PromptBlock,
  signal?: AbortSignal,
): Promise<ModelResponse> {
  const model = await ctx.contract.model(request.model, signal);
  const { max_prompt_bytes, max_output_tokens } = model.limits;
  if (model.retired) fail('model_unknown', { model: request.model });
  if (block.bytes.length > max_prompt_bytes) {
    fail('prompt_too_long', { got: block.bytes.length, most: max_prompt_bytes });
  }
  if (request.settings.max_output_tokens > max_output_tokens) {
    fail('invalid_prompt', {
      reason: 'max_output_tokens',
      got: request.settings.max_output_tokens,
      most: max_output_tokens,
    });
  }
  // The contract refuses a committee that cannot be drawn; here before a fee is paid for hearing so.
  const wanted = Math.max(1, request.committee ?? 1);
  if (model.seats < wanted) fail('no_workers', { model: request.model, got: model.seats, want: wanted });
  return model;
}

/** The task that has answered the same question, or is about to, by a committee at least as large. */
async function sameQuestion(
  ctx: Context,
  { model, committee = 0 }: AskRequest,
  block: PromptBlock,
  signal?: AbortSignal,
): Promise<number | null> {
  const same = (task: TaskResponse): boolean =>
    task.model === model && task.prompt === block.cid && task.committee >= committee && isPromising(task);
  // In this order: a task that ends in between is then found among the answers.
  const open = await openTask(ctx, same, signal);
  const { answer } = await ctx.contract.answer(model, block.cid, signal);
  const known = answer && !answer.conflict && answer.committee >= committee && 'answer' in answer.ballot;
  return known ? answer.task : open;
}

/** Without a second round an open task can still fail, or its outcome be none to show: such a one is not waited for. */
const isPromising = (task: TaskResponse): boolean =>
  task.round === 0 && !task.undecided && (!task.outcome || 'answer' in task.outcome);

async function openTask(
  ctx: Context,
  wanted: (task: TaskResponse) => boolean,
  signal?: AbortSignal,
): Promise<number | null> {
  let after: number | undefined;
  for (let page = 0; page < OPEN_PAGES; page++) {
    const tasks = await ctx.contract.tasks('open', after, signal);
    const found = tasks.find(wanted);
    if (found) return found.task;
    if (tasks.length < PAGE) return null;
    after = tasks.at(-1)?.task;
  }
  return null;
}

interface Terms {
  /** Attached coins, in base units. */
  funds: bigint;
  checkFee: (fee: bigint) => void;
}

/** What must be attached; refused here, in amounts, if the account cannot pay. */
async function termsFor(ctx: Context, payer: Payer, escrow: bigint): Promise<Terms> {
  if (payer.onBehalfOf) {
    const { checkSession } = await import('./session');
    const { feeLeft } = await checkSession(ctx, payer.onBehalfOf, escrow);
    return { funds: 0n, checkFee: (fee) => void (fee > feeLeft && fail('session_over', { fee: fee.toString() })) };
  }
  const [prepaid, have] = await Promise.all([
    ctx.contract.balance(payer.requester),
    ctx.rest.bankBalance(payer.requester, ctx.net.denom),
  ]);
  const funds = escrow > prepaid ? escrow - prepaid : 0n;
  const check = (fee: bigint) => {
    const need = funds + fee;
    if (have < need) fail('no_funds', { have: have.toString(), need: need.toString() });
  };
  check(0n);
  return { funds, checkFee: check };
}

function postTask(request: AskRequest, block: PromptBlock, holders: string[], carried: boolean): object {
  const { model, committee, settings } = request;
  const task = {
    model,
    prompt: block.cid,
    prompt_bytes: block.bytes.length,
    max_output_tokens: settings.max_output_tokens,
    holders,
    ...(carried ? { block: hex(block.bytes) } : {}),
  };
  return { post_task: committee === undefined ? task : { ...task, committee } };
}

function messages(ctx: Context, payer: Payer, msg: object, funds: bigint): TxMsg[] {
  const { contract, denom } = ctx.net;
  const coins = funds > 0n ? [{ denom, amount: funds.toString() }] : [];
  const execute: TxMsg = { type: 'execute', sender: payer.requester, contract, msg, funds: coins };
  return payer.onBehalfOf ? [{ type: 'exec', grantee: payer.signer.address, msgs: [execute] }] : [execute];
}

function fail(code: AntiphonError['code'], params: AntiphonError['params'] = {}): never {
  throw new AntiphonError(code, params);
}
