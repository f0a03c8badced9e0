// The course of a task, recomputed from its ballots: twin of packages/receipt/src/course.rs.
import type { Ballot, ConductInfo } from '../contract-types';
import { decide, judge, quorum, saidBy, type Act, type Ending, type Said } from '../rules';
import { sameAnswer } from '../view';
import type { Member, Round } from './document';

/** Rounds a task can have by any parameters. */
export const MAX_ROUNDS = 3;

/** A ballot that a quorum of a round revealed. */
export interface Standing {
  ballot: Ballot;
  /** The round that decided for it: the last one that decided at all. */
  round: number;
  votes: number;
  size: number;
}

export interface Course {
  standing: Standing | null;
  contested: boolean;
  /** The judgement on every member, by round and place in the list. */
  conduct: ConductInfo[][];
}

/** What a ballot is called when ballots are compared. */
type Name = (ballot: Ballot) => Promise<Said>;

/** A round comes to revealing by a quorum of commits, either way. */
function cameToRevealing({ members, size }: Round): boolean {
  return members.filter(({ commitment }) => commitment !== null).length >= quorum(size);
}

async function actOf(member: Member, reveals: boolean, name: Name): Promise<Act> {
  if (member.ballot) return { revealed: await name(member.ballot) };
  if (member.commitment === null) return 'silent';
  return reveals ? 'withheld' : 'committed';
}

async function actsOf(round: Round, name: Name): Promise<Act[]> {
  const reveals = cameToRevealing(round);
  return Promise.all(round.members.map((member) => actOf(member, reveals, name)));
}

async function decidedBy(round: Round, number: number, carried: boolean): Promise<Standing | null> {
  const acts = await actsOf(round, saidBy);
  const outcome = decide(acts, round.size, number, carried);
  if (outcome === null) return null;
  const equal = round.members.filter((_, at) => {
    const act = acts[at];
    return typeof act === 'object' && act.revealed === outcome;
  });
  const ballot = equal[0]?.ballot;
  return ballot ? { ballot, round: number, votes: equal.length, size: round.size } : null;
}

/** Recomputes the course of a task. Rounds count by their place in the list. */
export async function courseOf(rounds: readonly Round[], carried: boolean): Promise<Course> {
  const decided = await Promise.all(rounds.map((round, number) => decidedBy(round, number, carried)));
  const standing = decided.filter((one) => one !== null).at(-1) ?? null;
  const contested = standing !== null && rounds.length > standing.round + 1;
  const ending: Ending = standing && {
    outcome: await saidBy(standing.ballot),
    standing: standing.round,
    contested,
  };
  const judged = rounds.map(async (round, number) => {
    const name = await namesFor(number, standing, decided[number] ?? null);
    return (await actsOf(round, name)).map((act) => judge(act, number, ending));
  });
  return { standing, contested, conduct: await Promise.all(judged) };
}

/**
 * What a ballot counts as when rounds are compared. Traces are bound to their round, so the same answer has another
 * digest in each: in rounds before the standing one it is named by the standing ballot. Where such a round decided for
 * the answer itself, only the very ballot that decided it is meant, for another trace there is a wrong one.
 */
async function namesFor(round: number, standing: Standing | null, decided: Standing | null): Promise<Name> {
  if (!standing || round >= standing.round) return saidBy;
  const same = decided !== null && sameAnswer(decided.ballot, standing.ballot);
  const proven = same ? await saidBy(decided.ballot) : null;
  return async (ballot) => {
    const own = await saidBy(ballot);
    const meant = sameAnswer(ballot, standing.ballot) && (proven === null || proven === own);
    return meant ? saidBy(standing.ballot) : own;
  };
}
