// A task from its post to its end: a pure follower of chain state, so a reload, a second tab or another device that
// starts late sees the same.
import type { Helper } from './advance';
import { readAnswer, withGateway } from './blocks';
import type { TaskResponse } from './contract-types';
import { AntiphonError } from './errors';
import { Pace } from './pace';
import type { AskResult, Context, OnEvent, Stage, StageMark, TaskView, VerifiedAnswer } from './types';
import { membersOf } from './rounds';
import { mergeRound, sourcesOf, viewOf, type SeenRound } from './view';

/** Looks in a row that a node may miss. */
const MAX_SILENT = 45;
/** A task whose state did not change for so long is given up by this tab, not by the chain. */
const STALLED = 600_000;

export interface FollowOptions {
  /** When the question was sent, in milliseconds since 1970; else its post counts. */
  since?: number;
  /** Stages before the task was on chain. */
  stages?: Partial<Record<Stage, StageMark>>;
  known?: boolean;
  signal?: AbortSignal;
}

export class Follower {
  private state: TaskResponse | null = null;
  private readonly rounds = new Map<number, SeenRound>();
  private readonly stages: Partial<Record<Stage, StageMark>>;
  private shown = '';
  private stage: Stage | null = null;
  private changed = Date.now();
  private silent = 0;
  private helper: Helper | null = null;

  constructor(
    private readonly ctx: Context,
    readonly id: number,
    private readonly on: OnEvent,
    private readonly options: FollowOptions = {},
  ) {
    this.stages = { ...options.stages };
  }

  get task(): TaskResponse | null {
    return this.state;
  }

  get view(): TaskView {
    if (!this.state) throw new AntiphonError('node_down', {}, `task ${this.id} was not read yet`);
    return viewOf(this.state, this.seen(), this.stages);
  }

  /** Looks once, and tells what is new. */
  async look(): Promise<TaskView> {
    const { signal } = this.options;
    const task = await this.ctx.contract.task(this.id, signal);
    if (fingerprint(task) !== (this.state && fingerprint(this.state))) {
      await this.seeRounds(task);
      this.changed = Date.now();
    }
    this.state = task;
    this.mark('posted', { at: task.posted_time * 1000, height: task.posted });
    const view = this.view;
    if (view.stage !== 'verified') this.mark(view.stage, { at: Date.now(), height: task.entered });
    await this.tell();
    return this.view;
  }

  /** Looks until this holds. A node that is away is waited for. */
  async until(done: (task: TaskResponse) => boolean): Promise<TaskView> {
    const pace = new Pace(this.options.signal);
    for (;;) {
      const view = await this.patientLook();
      if (view && done(view.task)) return view;
      if (view?.task.due) await this.help(view.task);
      if (Date.now() - this.changed > STALLED) throw new AntiphonError('timeout', { task: this.id });
      // Its beacon round is a second away or more: looks are better spent on the votes.
      await pace.next(view?.status === 'drawing');
    }
  }

  /** The chunk that signs is loaded only by who may have to. */
  private async help(task: TaskResponse): Promise<void> {
    if (this.ctx.payer?.signer.kind !== 'guest') return;
    const { Helper } = await import('./advance');
    this.helper ??= new Helper(this.ctx);
    await this.helper.look(task).catch(() => undefined);
  }

  private async patientLook(): Promise<TaskView | null> {
    try {
      const view = await this.look();
      this.silent = 0;
      return view;
    } catch (thrown) {
      this.silent += 1;
      if (!(thrown instanceof AntiphonError) || thrown.code !== 'node_down' || this.silent > MAX_SILENT) throw thrown;
      return null;
    }
  }

  /** Reads the answer of the standing outcome from two workers; throws if there is none. */
  async verify(more: readonly string[] = []): Promise<VerifiedAnswer> {
    const outcome = this.state?.outcome;
    if (!this.state || !outcome || !('answer' in outcome)) throw this.noAnswer();
    const { cid } = outcome.answer;
    const sources = withGateway(this.ctx, [...new Set([...sourcesOf(this.state, this.seen(), cid), ...more])]);
    const answer = await readAnswer(this.ctx, cid, sources, this.options.signal);
    this.mark('verified', { at: Date.now() });
    await this.on({ type: 'answer', answer });
    await this.tell();
    return answer;
  }

  /** Why a task that is decided or over has no answer to show. */
  private noAnswer(): AntiphonError {
    const outcome = this.state?.outcome;
    const params = { task: this.id };
    if (outcome && 'invalid' in outcome) return new AntiphonError('voted_invalid', params);
    if (outcome && 'unavailable' in outcome) return new AntiphonError('prompt_unavailable', params);
    const { size, quorum, tally } = this.view;
    const best = Math.max(0, ...tally.map(({ votes }) => votes));
    return new AntiphonError('no_quorum', { ...params, size, quorum, best, ballots: tally.length });
  }

  private seen(): SeenRound[] {
    return [...this.rounds.values()].sort((a, b) => a.round - b.round);
  }

  /** The current round at each change; the others when they are new, and all at the end, with their judgement. */
  private async seeRounds(task: TaskResponse): Promise<void> {
    const over = isOver(task);
    const wanted = Array.from({ length: task.round + 1 }, (_, round) => round).filter(
      (round) => over || round === task.round || !this.rounds.has(round) || this.state?.round !== task.round,
    );
    const read = wanted.map((round) => this.ctx.contract.round(this.id, round, this.options.signal));
    for (const now of await Promise.all(read)) this.rounds.set(now.round, mergeRound(this.rounds.get(now.round), now));
  }

  private mark(stage: Stage, mark: StageMark): void {
    this.stages[stage] ??= mark;
  }

  private async tell(): Promise<void> {
    const view = this.view;
    const shown = fingerprint(view.task) + view.stage;
    if (shown === this.shown) return;
    this.shown = shown;
    if (view.stage !== this.stage) await this.on({ type: 'stage', stage: view.stage });
    this.stage = view.stage;
    await this.on({ type: 'view', view });
  }
}

/** What changes when anything about a task does. */
function fingerprint(task: TaskResponse): string {
  const { status, round, members, committed, revealed, entered, due, contested, outcome_round } = task;
  return [status, round, members, committed, revealed, entered, due, contested, outcome_round].join();
}

const isOver = ({ status }: TaskResponse): boolean => status === 'final' || status === 'failed';
const isDecided = (task: TaskResponse): boolean => task.status === 'answered' || isOver(task);

/** Follows a task until its answer is verified in this tab. */
export async function follow(ctx: Context, task: number, on: OnEvent, signal?: AbortSignal): Promise<AskResult> {
  return followWith(ctx, task, on, signal ? { signal } : {});
}

export async function followWith(ctx: Context, task: number, on: OnEvent, options: FollowOptions): Promise<AskResult> {
  await on({ type: 'task', id: task });
  const follower = new Follower(ctx, task, on, options);
  const decided = await follower.until(isDecided);
  const answer = await follower.verify(await moreSources(ctx, decided.task, follower, options.signal));
  const view = follower.view;
  const since = options.since ?? decided.task.posted_time * 1000;
  const seconds = Math.max(0, ((view.stages.verified?.at ?? Date.now()) - since) / 1000);
  return { task: view, answer, known: options.known ?? false, seconds };
}

/** Long after the end members may have left: then any worker of the model may have the block. */
async function moreSources(ctx: Context, task: TaskResponse, follower: Follower, signal?: AbortSignal) {
  if (!isOver(task)) return [];
  const seats = await ctx.contract.allSeats(task.model, signal).catch(() => []);
  const members = new Set(follower.view.rounds.flatMap(membersOf).map(({ endpoint }) => endpoint));
  return seats.flatMap(({ endpoint }) => (endpoint && !members.has(endpoint) ? [endpoint] : []));
}

/** Follows a task to its very end: final or failed, with every member's conduct and pay. */
export async function watch(ctx: Context, task: number, on: OnEvent, signal?: AbortSignal): Promise<TaskView> {
  return new Follower(ctx, task, on, signal ? { signal } : {}).until(isOver);
}
