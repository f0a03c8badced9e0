// What a task looks like, from what the chain says of it: pure functions.
import type { AppealInfo, Ballot, MemberInfo, RoundResponse, TaskResponse } from './contract-types';
import type { MemberView, RoundView, Stage, StageMark, TaskView } from './types';

/** A round with everything that was ever seen of it: ballots are readable while the task is open only. */
export interface SeenRound {
  round: number;
  size: number;
  quorum: number;
  opened: number;
  members: MemberInfo[];
  replaced: MemberInfo[];
  tally: { ballot: Ballot; votes: number }[];
  appeal: AppealInfo | null;
}

/** A round as it is now, with what was seen before. */
export function mergeRound(before: SeenRound | undefined, now: RoundResponse): SeenRound {
  const known = new Map(before && everybody(before).map((member) => [keyOf(member), member]));
  const merged = (member: MemberInfo): MemberInfo => {
    const seen = known.get(keyOf(member));
    return {
      ...member,
      ballot: member.ballot ?? seen?.ballot ?? null,
      commitment: member.commitment ?? seen?.commitment ?? null,
      endpoint: member.endpoint ?? seen?.endpoint ?? null,
    };
  };
  const { round, size, quorum, opened } = now;
  return {
    round,
    size,
    quorum,
    opened,
    members: now.members.map(merged),
    replaced: now.replaced.map(merged),
    tally: now.tally.length > 0 ? now.tally : (before?.tally ?? []),
    appeal: now.appeal ?? before?.appeal ?? null,
  };
}

const everybody = ({ members, replaced }: SeenRound): MemberInfo[] => [...members, ...replaced];

const keyOf = ({ worker, position }: MemberInfo): string => `${position}/${worker}`;

/** Whether two ballots of different rounds say the same: traces are bound to their round, so they differ there. */
export function sameAnswer(one: Ballot, other: Ballot): boolean {
  if (!('answer' in one) || !('answer' in other)) return Object.keys(one)[0] === Object.keys(other)[0];
  const [a, b] = [one.answer, other.answer];
  return (
    a.cid === b.cid &&
    a.finish === b.finish &&
    a.output_tokens === b.output_tokens &&
    a.prompt_tokens === b.prompt_tokens
  );
}

const traceOf = (ballot: Ballot): string | null => ('answer' in ballot ? ballot.answer.trace : null);

/** Whether two ballots of one round are equal. */
export const sameBallot = (one: Ballot, other: Ballot): boolean =>
  sameAnswer(one, other) && traceOf(one) === traceOf(other);

function stateOf(member: MemberInfo): MemberView['state'] {
  if (member.ballot) return 'revealed';
  switch (member.conduct) {
    case null:
    case undefined:
      return member.commitment ? 'committed' : 'drawn';
    case 'silent':
      return 'silent';
    case 'withheld':
    // In a round that never came to revealing; who did reveal has a ballot in the receipt.
    case 'neutral':
      return 'committed';
    default:
      return 'revealed';
  }
}

/** With the outcome; while there is none, with the ballot that leads its round. */
function agreesOf(member: MemberInfo, seen: SeenRound, task: TaskResponse): boolean | null {
  if (!member.ballot) return member.conduct === 'right' ? true : member.conduct === 'wrong' ? false : null;
  const sameRound = task.outcome_round === seen.round;
  if (task.outcome) return (sameRound ? sameBallot : sameAnswer)(member.ballot, task.outcome);
  const [leading] = [...seen.tally].sort((a, b) => b.votes - a.votes);
  return leading ? sameBallot(member.ballot, leading.ballot) : null;
}

/** After the end the chain keeps the judgement only; a right member of the deciding round said the outcome. */
function ballotOf(member: MemberInfo, seen: SeenRound, task: TaskResponse): Ballot | null {
  if (member.ballot) return member.ballot;
  const decided = member.conduct === 'right' && task.outcome_round === seen.round;
  return decided ? (task.outcome ?? null) : null;
}

function memberView(member: MemberInfo, seen: SeenRound, task: TaskResponse): MemberView {
  return {
    worker: member.worker,
    position: member.position,
    round: seen.round,
    state: stateOf(member),
    ballot: ballotOf(member, seen, task),
    agrees: agreesOf(member, seen, task),
    conduct: member.conduct ?? null,
    endpoint: member.endpoint ?? null,
    paid: BigInt(member.paid),
    forfeited: BigInt(member.forfeited),
  };
}

/** How far a task has come; `verified` is said by the tab that has hashed the answer. */
export function stageOf(task: TaskResponse, verified: boolean): Stage {
  switch (task.status) {
    case 'drawing':
      return 'posted';
    case 'committing':
      return task.committed > 0 ? 'committing' : 'drawn';
    case 'answered':
      return verified ? 'verified' : 'answered';
    default:
      return task.status;
  }
}

function roundView(seen: SeenRound, task: TaskResponse): RoundView {
  const { round, size, quorum, tally, appeal } = seen;
  const view = (member: MemberInfo): MemberView => memberView(member, seen, task);
  return {
    round,
    size,
    quorum,
    members: seen.members.map(view),
    replaced: seen.replaced.map(view),
    tally,
    appeal,
  };
}

/** The whole picture of a task. */
export function viewOf(
  task: TaskResponse,
  rounds: readonly SeenRound[],
  stages: Partial<Record<Stage, StageMark>>,
): TaskView {
  const views = rounds.map((seen) => roundView(seen, task));
  const seen = views.find(({ round }) => round === (task.outcome_round ?? task.round));
  return {
    id: task.task,
    status: task.status,
    stage: stageOf(task, stages.verified !== undefined),
    round: seen?.round ?? task.round,
    size: seen?.size ?? task.size,
    quorum: seen?.quorum ?? task.quorum,
    members: seen?.members ?? [],
    rounds: views,
    tally: seen?.tally ?? [],
    committed: task.committed,
    revealed: task.revealed,
    outcome: task.outcome ?? null,
    contested: task.contested,
    stages: { ...stages },
    task,
  };
}

/** Where a block of this task may be: members that revealed it first, those that hold the prompt last. */
export function sourcesOf(task: TaskResponse, rounds: readonly SeenRound[], cid: string): string[] {
  const rank = (member: MemberInfo): number => {
    const said = member.ballot && 'answer' in member.ballot && member.ballot.answer.cid === cid;
    const agreed = said || member.conduct === 'right';
    return (agreed ? 0 : 2) + (task.holders.includes(member.worker) ? 1 : 0);
  };
  const members = rounds.flatMap(everybody);
  const sorted = [...members].sort((a, b) => rank(a) - rank(b));
  return [...new Set(sorted.flatMap(({ endpoint }) => (endpoint ? [endpoint] : [])))];
}
