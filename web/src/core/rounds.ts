// What each round of a task came to, for the ones that are not the deciding one too.
import type { Ballot } from './contract-types';
import { canDecide } from './rules';
import type { MemberView, RoundView, TallyView, TaskView } from './types';
import { sameAnswer, sameBallot } from './view';

/**
 * `agreed`: the first to decide; `confirmed` or `overturned`: it decided for what stood before it, or for something
 * else; `undecided`: no quorum; `closed`: over, and its ballots are not to be had.
 */
export type RoundKind = 'open' | 'agreed' | 'confirmed' | 'overturned' | 'undecided' | 'closed';

export interface RoundResult {
  round: number;
  kind: RoundKind;
  /** What a quorum of it said. */
  ballot: Ballot | null;
  votes: number;
}

/** Everybody who was drawn into a round, replaced ones included. */
export const membersOf = ({ members, replaced }: RoundView): MemberView[] => [...members, ...replaced];

/** Equal ballots and how many members said each, most first. */
export function tallyOf(round: RoundView): TallyView[] {
  if (round.tally.length > 0) return [...round.tally].sort(byVotes);
  const lines: TallyView[] = [];
  for (const { ballot } of membersOf(round)) {
    if (!ballot) continue;
    const line = lines.find((one) => sameBallot(one.ballot, ballot));
    if (line) line.votes += 1;
    else lines.push({ ballot, votes: 1 });
  }
  return lines.sort(byVotes);
}

const byVotes = (one: TallyView, other: TallyView): number => other.votes - one.votes;

/** Every round so far, in order. */
export function resultsOf(view: TaskView): RoundResult[] {
  // What stood before a round; `other`: something else than stands now, whose ballots are not to be had.
  let standing: Ballot | 'other' | null = null;
  return view.rounds.map((round): RoundResult => {
    const found = decided(view, round);
    const before = standing;
    if (!found) {
      const kind = withoutQuorum(view, round);
      if (kind === 'agreed') standing = 'other';
      return { round: round.round, kind, ballot: null, votes: 0 };
    }
    standing = found.ballot;
    if (before === null) return { round: round.round, kind: 'agreed', ...found };
    const same = before !== 'other' && sameAnswer(before, found.ballot);
    return { round: round.round, kind: same ? 'confirmed' : 'overturned', ...found };
  });
}

function decided({ task }: TaskView, round: RoundView): TallyView | null {
  if (task.outcome && task.outcome_round === round.round) {
    return { ballot: task.outcome, votes: task.outcome_votes ?? round.quorum };
  }
  const [first] = tallyOf(round).filter(
    ({ ballot, votes }) => votes >= round.quorum && canDecide(Object.keys(ballot)[0] ?? '', round.round, task.carried),
  );
  if (first) return { ...first };
  // Where the ballots are gone the judgement tells: whoever was right said what stands.
  const right = membersOf(round).filter(({ conduct }) => conduct === 'right').length;
  return task.outcome && right >= round.quorum ? { ballot: task.outcome, votes: right } : null;
}

function withoutQuorum(view: TaskView, round: RoundView): RoundKind {
  const { task } = view;
  const isOver = task.status === 'final' || task.status === 'failed' || task.status === 'answered';
  if (round.round === task.round && !isOver) return task.undecided ? 'undecided' : 'open';
  // A round after the one that stands, or of a task without an outcome, decided nothing; of an earlier one only its
  // ballots can tell.
  if (!task.outcome || round.round > (task.outcome_round ?? 0)) return 'undecided';
  const members = membersOf(round);
  // Only what was decided can be appealed.
  const appealed = view.rounds.some((next) => next.round === round.round + 1 && next.appeal !== null);
  if (appealed && members.every(({ ballot }) => !ballot)) return 'agreed';
  const told = members.some(({ ballot }) => ballot) || members.every(({ conduct }) => conduct === 'silent');
  return told ? 'undecided' : 'closed';
}

/** What became of an appeal, once its task is over: won if the final outcome is another one than it appealed. */
export function appealOutcome(view: TaskView, round: number): 'open' | 'won' | 'lost' | 'contested' {
  const { task } = view;
  if (task.status !== 'final' && task.status !== 'failed') return 'open';
  const results = resultsOf(view);
  const own = results.find((one) => one.round === round);
  if (task.contested && own && own.ballot === null && round > (task.outcome_round ?? 0)) return 'contested';
  const before = results.filter((one) => one.round < round && one.kind !== 'undecided').at(-1)?.ballot;
  return before && task.outcome && sameAnswer(before, task.outcome) ? 'lost' : 'won';
}
